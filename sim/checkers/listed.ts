// WAKE1: a lost alarm is made up for. Every cell with an open question, one that owes news, or a change of the map to carry on is on the
// sweep's list, unless the hint that it sent was lost.
import { isPaid } from '../../src/cell/questions/lifecycle.ts';
import { isAtRest } from '../../src/cell/resharding/phases.ts';
import type { AnyCell } from '../../src/cell/state.ts';
import { hasEnded } from '../../src/cell/tables/questions.ts';
import type { MakeChecker } from './checker.ts';

export const listedChecker: MakeChecker = ({ world, report }) => ({
  healed: () => {
    for (const { id, state } of world.cells.values()) {
      const why = state === undefined ? undefined : work(state);
      if (why !== undefined && !world.sweep.isListed(id)) report('WAKE1', `${id} is not on the sweep's list: ${why}`);
    }
  },
});

function work(state: AnyCell): string | undefined {
  if (!isAtRest(state.role)) return `it is ${state.role.phase.t}`;
  for (const question of state.questions.present())
    if (!hasEnded(question.phase) || !isPaid(question)) return `${question.id} is ${question.phase.t}`;
  return undefined;
}
