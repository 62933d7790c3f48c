// The clock was once far ahead: the dwell, ages and what is kept for a time would last for as long again.
import { movedBack } from '../lib/clock.ts';
import { earliestPurge } from './purge.ts';
import type { Step } from './workspace.ts';

/** Brings everything that this object keeps back to the clock. */
export function healClock(step: Step, leadMs: number): void {
  const { state, now } = step;
  const { meta } = state;
  const move = movedBack(now, leadMs);
  if (meta !== undefined) {
    const { holding } = meta;
    if (holding.t === 'held') meta.holding = { ...holding, since: move(holding.since) };
    if (holding.t === 'recalling' && holding.claimant.pingAt !== undefined)
      meta.holding = { ...holding, claimant: { ...holding.claimant, pingAt: move(holding.claimant.pingAt) } };
    if (meta.recordAt !== undefined) meta.recordAt = move(meta.recordAt);
    if (meta.left !== undefined) meta.left = { ...meta.left, at: move(meta.left.at) };
    step.meta = true;
  }
  for (const [id, known] of state.known) {
    known.purgeAt = move(known.purgeAt);
    const own = known.question;
    if (own !== undefined)
      known.question = { ...own, at: move(own.at), endedAt: own.endedAt === undefined ? undefined : move(own.endedAt) };
    if (known.offer?.endedAt !== undefined) known.offer = { ...known.offer, endedAt: move(known.offer.endedAt) };
    step.known.add(id);
  }
  for (const [id, until] of state.places) state.places.set(id, move(until));
  state.purgeAt = earliestPurge(state.known.values());
  if (state.push.retryAt !== undefined) state.push.retryAt = move(state.push.retryAt);
  state.armedAt = undefined;
  step.effects.clockLeadMs = leadMs;
}
