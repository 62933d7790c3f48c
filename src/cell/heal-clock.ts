// The clock was once far ahead, and every time that was noted then is too: leases, waits and limits would run for as long again.

import type { EpochMs } from '../lib/brand.ts';
import { movedBack } from '../lib/clock.ts';
import { inboxBy } from '../record/packed.ts';
import { meter } from './backpressure/meter.ts';
import { healWaiting, record } from './journal.ts';
import type { AnyCell } from './state.ts';
import { dueKey } from './tables/indexes.ts';
import { offerBy } from './tables/offers.ts';
import { phaseBy, type Question } from './tables/questions.ts';
import { attach } from './users/sockets.ts';
import type { Step } from './workspace.ts';

type Move = (time: EpochMs) => EpochMs;

/** Brings everything that this cell keeps back to the clock. Rare, and once: all rows are written anew. */
export function healClock(step: Step<AnyCell>, leadMs: number): void {
  const { state, now } = step;
  const move = movedBack(now, leadMs);
  const maybe = (time: EpochMs | undefined): EpochMs | undefined => (time === undefined ? undefined : move(time));
  for (const resident of state.users.values()) {
    resident.pointAt = move(resident.pointAt);
    resident.leaseUntil = move(resident.leaseUntil);
    resident.idleSince = move(resident.idleSince);
    resident.coolUntil = move(resident.coolUntil);
    if (resident.phase === 'lapsed') Object.assign(resident, { lapsedAt: move(resident.lapsedAt) });
    if (resident.phase === 'frozen') {
      resident.frozenAt = move(resident.frozenAt);
      if (resident.returnAt !== undefined) resident.returnAt = move(resident.returnAt);
    }
    for (const [id, hold] of resident.holds) {
      const asks = hold.askAt === undefined ? {} : { askAt: move(hold.askAt) };
      resident.holds.set(id, { ...hold, ...asks, until: move(hold.until) });
    }
    if (resident.inbox !== undefined) resident.inbox = inboxBy(move, resident.inbox);
    step.users.add(resident.user);
    attach(step, resident);
  }
  for (const pending of state.claims.values()) {
    pending.pingAt = move(pending.pingAt);
    pending.leaseUntil = move(pending.leaseUntil);
    pending.retryAt = maybe(pending.retryAt);
    step.claims.add(pending.user);
  }
  for (const transfer of state.transfers.values()) {
    transfer.retryAt = maybe(transfer.retryAt);
    step.transfers.add(transfer.user);
  }
  for (const question of [...state.questions.values()]) {
    state.questions.set(question.id, questionBack(question, now, move));
    step.questions.add(question.id);
  }
  for (const [id, beacon] of state.beacons) {
    state.beacons.set(id, { ...beacon, until: move(beacon.until) });
    step.beacons.add(id);
  }
  healVolatile(step, move);
  // Its row tells the time by which the clock is set after the next construction.
  healWaiting(state, move);
  step.gathers = true;
  record(step, { t: 'clock.healed', leadMs });
  step.effects.clockLeadMs = leadMs;
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
    phase: phaseBy(move, question.phase),
    offers: question.offers.map((offer) => offerBy(move, offer)),
  };
}

/** What a crash would lose may be lost here as well. */
function healVolatile(step: Step<AnyCell>, move: Move): void {
  const { state, now } = step;
  state.armedAt = undefined;
  state.searches.clear();
  Object.assign(state.meter, meter());
  state.lastReport.at = move(state.lastReport.at);
  for (const id of state.nudging.keys()) state.agenda.set(dueKey('nudge', id), now);
  for (const user of state.putOff.keys()) state.turns.set(user, now);
  const { change } = state;
  for (const lane of change.lanes.values()) if (lane.retryAt !== undefined) lane.retryAt = move(lane.retryAt);
  for (const [user, at] of change.told) change.told.set(user, move(at));
  if (change.tellAt !== undefined) change.tellAt = move(change.tellAt);
  change.needs = [];
  change.restUntil = move(change.restUntil);
}
