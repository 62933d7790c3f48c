// The cell as a machine: what runs it needs to know no more.
import type { Machine } from '../engine/machine.ts';
import type { CellReply } from '../messages/calls.ts';
import { loadCell, noteLost, shelveEnded } from './restore.ts';
import type { AnyCell } from './state.ts';
import { type CellEvent, stepCell } from './step.ts';
import { CELL_TABLES } from './tables/all.ts';

export const cellMachine: Machine<AnyCell, CellEvent> = {
  kind: 'cell',
  tables: CELL_TABLES,
  load: loadCell,
  bind: (state, store) => {
    noteLost(state, store.aside());
    shelveEnded(state, store.get);
  },
  step: stepCell,
  onReply: (call, reply) => ({ t: 'reply', call, reply: reply as CellReply }),
};
