// A family of cells under test: a parent, its 32 parts, and a map that answers.
import { expect } from 'vitest';
import type { Send } from '../../../src/engine/effects.ts';
import { children } from '../../../src/geo/geohash.ts';
import { type CellId, homeOf } from '../../../src/protocol/ids.ts';
import { type CellHarness, cellHarness } from './cell-harness.ts';
import { bob, CELL, cellId, newQuestion, qid } from './names.ts';

export const PARTS = children(CELL) as readonly CellId[];
export const PARENT = cellId(CELL.slice(0, -1));
/** Its number is above the version of the row that the cell was born by. */
export const OP = { by: cellId(CELL), n: 2 };
export const DONE = { t: 'done' } as const;
export const successorFor = (cell: CellHarness): CellId =>
  PARTS.find((part) => homeOf(qid()).startsWith(part)) ?? expect.fail(`no part of ${cell.mapRow.cell}`);

/** Answers what is open, one after the other, as long as somebody knows an answer. */
export function answerAll(
  cell: CellHarness,
  answer: (send: Send) => Parameters<CellHarness['answer']>[1] | undefined,
): void {
  for (let next = cell.open.find((send) => answer(send) !== undefined); next !== undefined; ) {
    cell.answer(next, answer(next) ?? DONE);
    next = cell.open.find((send) => answer(send) !== undefined);
  }
}

export const rowsAt = (state: string, version: number, op: string) =>
  ({ t: 'rows', rows: [{ cell: cellId(CELL), state, version, op }] }) as const;
/** A map in which the swap takes place. */
export const healthyMap = ({ request }: Send) =>
  request.t === 'init'
    ? DONE
    : request.t === 'rows'
      ? rowsAt('leaf', 3, 'rollout')
      : request.t === 'swap'
        ? rowsAt('split', 4, request.op)
        : undefined;

/** A cell with people and a sleeping question, that has just learnt that it is not a leaf. */
export function divided(before?: (cell: CellHarness) => void): CellHarness {
  const cell = cellHarness({ manual: ['init', 'rows', 'swap', 'adopt', 'take', 'filled', 'handed', 'claim'] });
  cell.ping(bob, { profile: { topics: ['food'] } });
  cell.answer('claim', { t: 'granted', epoch: 7, record: null });
  cell.request({ t: 'ask', question: newQuestion({ topic: 'bikes' }) });
  before?.(cell);
  cell.request({ t: 'split' });
  answerAll(cell, healthyMap);
  return cell;
}
