// When each entity of a cell wants attention next: pure, so that the alarm can be checked against a table.
import { type EpochMs, epochMs, plusMs } from '../lib/brand.ts';
import { KEPT_AFTER_END_MS } from '../protocol/limits.ts';
import { isAtRest } from './change/life.ts';
import { hasEnded, isLive } from './questions/lifecycle.ts';
import type { Arriving, Beacon, CellState, Held, Hold, Question, Taking } from './state.ts';

/** A crash between a commit and its sends is repaired this long after it, should nothing else wake the object before. */
const UNSENT_GUARD_MS = 30_000;

/** The same for a change of the map, for which people wait. */
const CHANGE_GUARD_MS = 15_000;

/** A frozen row whose `forget` was lost asks after itself this often. */
const FROZEN_ASKS_MS = 60_000;

/** When the question of a hold is asked what became of it. */
export const dueHold = ({ until, askAt }: Hold): EpochMs => askAt ?? until;

/** The end of the lease while it runs, or the time of the first hold; a frozen row: when to ask whether it may go, or to send it home again. */
export function dueHeld(held: Held): EpochMs | undefined {
  if (held.phase === 'frozen') return held.returnAt ?? plusMs(held.frozenAt ?? held.leaseUntil, FROZEN_ASKS_MS);
  let due: number = held.phase === 'live' ? held.leaseUntil : Number.POSITIVE_INFINITY;
  for (const hold of held.holds.values()) due = Math.min(due, dueHold(hold));
  return Number.isFinite(due) ? epochMs(due) : undefined;
}

export function dueArriving(arriving: Arriving): EpochMs {
  const { leaseUntil, retryAt } = arriving;
  return retryAt === undefined || retryAt > leaseUntil ? leaseUntil : retryAt;
}

/** While the claim is on its way a crash may lose it: boot repeats it, and this does should that fail. */
export const dueTaking = ({ retryAt }: Taking, now: EpochMs): EpochMs => retryAt ?? plusMs(now, UNSENT_GUARD_MS);

export const dueBeacon = (beacon: Beacon): EpochMs => beacon.until;

/** The first time limit of the question, its offers or its unsent events. An open question always has one: its expiry. */
export function dueQuestion(question: Question, now: EpochMs): EpochMs {
  const { phase } = question;
  let due: number = hasEnded(phase) ? plusMs(phase.endedAt, KEPT_AFTER_END_MS) : question.expiresAt;
  if (phase.t === 'open' && phase.retryAt !== undefined) due = Math.min(due, phase.retryAt);
  if (phase.t === 'dormant') due = Math.min(due, phase.wakeAt);
  for (const offer of question.offers) if (isLive(offer)) due = Math.min(due, offer.until);
  for (const stream of question.streams.values()) {
    if (stream.items.length === 0) continue;
    due = Math.min(due, stream.retryAt ?? plusMs(now, UNSENT_GUARD_MS));
  }
  return epochMs(due);
}

/** When a cell whose life is changing wants to go on; `undefined`: there is nothing to go on with. */
export function dueLife({ life, change }: CellState, now: EpochMs): EpochMs | undefined {
  if (isAtRest(life)) return undefined;
  let due: number = plusMs(now, CHANGE_GUARD_MS);
  for (const { retryAt } of change.lanes.values()) if (retryAt !== undefined) due = Math.min(due, retryAt);
  if (change.tellAt !== undefined) due = Math.min(due, change.tellAt);
  return epochMs(due);
}
