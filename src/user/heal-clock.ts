// The clock was once far ahead: the dwell, ages and what is kept for a time would last for as long again.
import { movedBack } from '../lib/clock.ts';
import { inboxBy } from '../record/packed.ts';
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
  state.inbox = inboxBy(move, state.inbox);
  state.armedAt = undefined;
  step.effects.clockLeadMs = leadMs;
}
