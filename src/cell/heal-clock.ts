// The clock was once far ahead, and every time that was noted then is too: leases, waits and limits would run for as long again.

import type { EpochMs } from '../lib/brand.ts';
import { movedBack } from '../lib/clock.ts';
import { meter } from './backpressure/meter.ts';
import { dueKey } from './tables/indexes.ts';
import type { Phase, Question } from './tables/questions.ts';
import type { Tx } from './tx.ts';
import { attach } from './users/sockets.ts';

type Move = (time: EpochMs) => EpochMs;

/** Brings everything that this cell keeps back to the clock. Rare, and once: all rows are written anew. */
export function healClock(tx: Tx, leadMs: number): void {
  const { state, now } = tx;
  const move = movedBack(now, leadMs);
  const maybe = (time: EpochMs | undefined): EpochMs | undefined => (time === undefined ? undefined : move(time));
  for (const held of state.users.values()) {
    held.pointAt = move(held.pointAt);
    held.leaseUntil = move(held.leaseUntil);
    held.idleSince = move(held.idleSince);
    held.coolUntil = move(held.coolUntil);
    held.frozenAt = maybe(held.frozenAt);
    if (held.returnAt !== undefined) held.returnAt = move(held.returnAt);
    for (const [id, hold] of held.holds) {
      const asks = hold.askAt === undefined ? {} : { askAt: move(hold.askAt) };
      held.holds.set(id, { ...hold, ...asks, until: move(hold.until) });
    }
    tx.users.add(held.user);
    attach(tx, held);
  }
  for (const arriving of state.arriving.values()) {
    arriving.pingAt = move(arriving.pingAt);
    arriving.leaseUntil = move(arriving.leaseUntil);
    arriving.retryAt = maybe(arriving.retryAt);
    tx.arriving.add(arriving.user);
  }
  for (const taking of state.taking.values()) {
    taking.retryAt = maybe(taking.retryAt);
    tx.taking.add(taking.user);
  }
  for (const question of [...state.questions.values()]) {
    state.questions.set(question.id, questionBack(question, now, move));
    tx.questions.add(question.id);
  }
  for (const [id, beacon] of state.beacons) {
    state.beacons.set(id, { ...beacon, until: move(beacon.until) });
    tx.beacons.add(id);
  }
  healVolatile(tx, move);
  // Also the newest time on disk, by which the clock is set after the next construction.
  tx.journal.push({ t: 'clock.healed', leadMs });
  tx.effects.clockLeadMs = leadMs;
}

/** A question from before keeps its expiry: that was told by a right clock. */
function questionBack(question: Question, now: EpochMs, move: Move): Question {
  const maybe = (time: EpochMs | undefined): EpochMs | undefined => (time === undefined ? undefined : move(time));
  const isFromThen = question.createdAt > now;
  for (const stream of question.streams.values()) stream.retryAt = maybe(stream.retryAt);
  return {
    ...question,
    createdAt: move(question.createdAt),
    expiresAt: isFromThen ? move(question.expiresAt) : question.expiresAt,
    phase: phaseBack(question.phase, move),
    offers: question.offers.map((offer) => ({
      ...offer,
      triedAt: move(offer.triedAt),
      madeAt: maybe(offer.madeAt),
      until: move(offer.until),
    })),
  };
}

function phaseBack(phase: Phase, move: Move): Phase {
  switch (phase.t) {
    case 'open':
      return { t: 'open', retryAt: phase.retryAt === undefined ? undefined : move(phase.retryAt) };
    case 'dormant':
      return { t: 'dormant', wakeAt: move(phase.wakeAt) };
    case 'matched':
      return phase;
    default:
      return { t: phase.t, endedAt: move(phase.endedAt) };
  }
}

/** What a crash would lose may be lost here as well. */
function healVolatile(tx: Tx, move: Move): void {
  const { state, now } = tx;
  state.armedAt = undefined;
  state.rounds.clear();
  Object.assign(state.meter, meter());
  state.told.at = move(state.told.at);
  for (const id of state.nudging.keys()) state.agenda.set(dueKey('nudge', id), now);
  for (const user of state.putOff.keys()) state.turns.set(user, now);
  const { change } = state;
  for (const lane of change.lanes.values()) if (lane.retryAt !== undefined) lane.retryAt = move(lane.retryAt);
  for (const [user, at] of change.told) change.told.set(user, move(at));
  if (change.tellAt !== undefined) change.tellAt = move(change.tellAt);
  change.needs = [];
  change.restUntil = move(change.restUntil);
}
