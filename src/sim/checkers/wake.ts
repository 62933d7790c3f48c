// WAKE1: a sleeper is tried within a minute of its time. WAKE2: nobody suitable stands beside a sleeper, in its cell or where its
// beacon lies, who was suitable when it fell asleep or arrived since. Both once faults have stopped.

import { isShort } from '../../cell/lifecycle.ts';
import { needOf, policyOf } from '../../cell/need.ts';
import type { CellState, Question } from '../../cell/state.ts';
import type { EpochMs } from '../../lib/brand.ts';
import { refuse } from '../../matching/filter.ts';
import type { Need } from '../../protocol/messages.ts';
import type { CellNode } from '../node.ts';
import type { MakeChecker } from './checker.ts';

const LATE_MS = 60_000;
/** A nudge, a reserve and their replies take this long at most when nothing fails. */
const GRACE_MS = 14_000;
/** Samples are 5 s apart. */
const RESTED_MS = 6000;

export const wakeChecker: MakeChecker = ({ world, report }) => {
  /** Since when a pair has stood beside each other, on the world's clock. */
  const beside = new Map<string, number>();
  const look = (node: CellNode, state: CellState, need: Need, seen: Set<string>): void => {
    const now = (world.now + node.skewMs) as EpochMs;
    for (const held of state.users.values()) {
      if (held.phase !== 'live' || typeof refuse(need, policyOf(state), held, now) !== 'number') continue;
      const pair = `${held.user} in ${node.id} beside ${need.questionId}`;
      seen.add(pair);
      // Suitable because a rest has just ended: that is no arrival, and waits for the sleeper's own time.
      const since = beside.get(pair) ?? (held.coolUntil > now - RESTED_MS ? Number.POSITIVE_INFINITY : world.now);
      beside.set(pair, since);
      if (world.now - since > GRACE_MS) report('WAKE2', `${pair} for ${world.now - since} ms`);
    }
  };
  return {
    healed: () => {
      const seen = new Set<string>();
      for (const node of world.cells.values()) {
        const { state } = node;
        if (state?.birth === undefined) continue;
        const now = world.now + node.skewMs;
        for (const question of state.questions.values()) {
          const due = wakeOf(question);
          if (due !== undefined && due < now - LATE_MS)
            report('WAKE1', `${question.id} should have been tried ${now - due} ms ago`);
          const made = question.offers.filter(({ madeAt }) => madeAt !== undefined).length;
          if (!isShort(question) || state.rounds.has(question.id) || made >= policyOf(state).offers.max) continue;
          if (question.offers.some((offer) => offer.state === 'reserving')) continue;
          look(node, state, needOf(state, question), seen);
        }
        for (const [id, beacon] of state.beacons) {
          const home = [...world.cells.values()].find((cell) => cell.state?.questions.has(id));
          const question = home?.state?.questions.get(id);
          if (question === undefined || home?.state === undefined || !isShort(question) || beacon.until <= now)
            continue;
          if (question.offers.some((offer) => offer.state === 'reserving') || home.state.rounds.has(id)) continue;
          const need = needOf(home.state, question);
          // The beacon speaks of the place and circle in which it was left.
          look(node, state, { ...beacon.need, excluded: need.excluded }, seen);
        }
      }
      for (const pair of beside.keys()) if (!seen.has(pair)) beside.delete(pair);
    },
  };
};

function wakeOf(question: Question): number | undefined {
  if (question.phase.t === 'dormant') return question.phase.wakeAt;
  return question.phase.t === 'open' ? question.phase.retryAt : undefined;
}
