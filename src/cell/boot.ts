// What a cell does first after its object was constructed: take up what its rows and sockets say was under way.

import type { Attachment } from '../engine/effects.ts';
import type { Point } from '../geo/point.ts';
import { snap } from '../geo/snap.ts';
import { type EpochMs, epochMs, plusMs } from '../lib/brand.ts';
import { acknowledge } from '../record/inbox.ts';
import { wakeFor } from './questions/arrival.ts';
import { countTries } from './questions/sleep.ts';
import { claimTaken } from './resharding/takeover.ts';
import type { AnyCell } from './state.ts';
import { watchUser } from './tables/users.ts';
import { claimInboxes } from './users/inherit.ts';
import { claim } from './users/pending-claims.ts';
import { sendAway } from './users/sockets.ts';
import type { Step } from './workspace.ts';

/** WAKE1: no try is later than that. */
const LATE_MS = 60_000;

/** @param armedAt the alarm that is armed on disk; one that is overdue, missing or too late is armed anew. */
export function boot(step: Step, attachments: readonly Attachment[], armedAt: EpochMs | undefined): void {
  const { state } = step;
  restoreSockets(step, attachments, armedAt);
  for (const pending of state.claims.values()) claim(step, pending);
  for (const transfer of state.transfers.values()) claimTaken(step, transfer);
  for (const transfer of claimInboxes(step)) claimTaken(step, transfer);
  const tried = triedUpTo(step, armedAt);
  for (const question of state.questions.present()) {
    step.owing.add(question.id);
    countTries(step, question, tried);
  }
  // A nudge that was under way is lost: whoever is here is held against the beacons once more.
  if (state.beacons.size > 0) for (const resident of state.users.values()) wakeFor(step, resident);
}

/** What every cell does, whether or not it knows its row of the map. */
export function restoreSockets(
  step: Step<AnyCell>,
  attachments: readonly Attachment[],
  armedAt: EpochMs | undefined,
): void {
  step.state.armedAt = armedAt !== undefined && armedAt > step.now ? armedAt : undefined;
  for (const attachment of attachments) restore(step, attachment);
}

/**
 * The alarm on the disk is for the earliest of what is due, so that all before it was done, but for a try that was under way: its guard
 * is not later than WAKE1 allows. An alarm that is past was lost, with all that has been due since. Where none is armed, it fires just
 * now.
 */
function triedUpTo({ now, state }: Step, armedAt: EpochMs | undefined): EpochMs {
  if (armedAt !== undefined && state.armedAt === undefined) return epochMs(0);
  return plusMs(armedAt ?? now, -LATE_MS);
}

/** A socket's soft state counts only beside a row of its epoch; otherwise the socket is sent away. */
function restore(step: Step<AnyCell>, soft: Attachment): void {
  const { state } = step;
  const resident = state.users.get(soft.user);
  if (resident === undefined || resident.epoch !== soft.epoch || resident.phase === 'frozen') {
    sendAway(step, soft.user, { reason: 'elsewhere' });
    return;
  }
  state.sockets.set(soft.user, { session: soft.session, outside: soft.outside ?? 0 });
  if (soft.acked !== undefined && resident.inbox !== undefined) acknowledge(resident.inbox, soft.acked);
  // The point goes with the lease.
  if (resident.phase === 'lapsed' || soft.pointAt < resident.pointAt) return;
  resident.session = soft.session;
  resident.seq = soft.seq;
  resident.veil = soft.veil ?? resident.veil;
  resident.point = onGrid(state, { lat: soft.lat, lng: soft.lng });
  // It may be from when the clock was ahead.
  resident.pointAt = epochMs(Math.min(soft.pointAt, step.now));
  resident.leaseUntil = epochMs(Math.min(soft.leaseUntil, step.now + resident.ttlMs));
  if (resident.phase === 'live') state.roster.set(resident.user, resident.point);
  watchUser(state, resident.user, resident);
}

/** What a socket carries may be from before the grid became coarser. */
function onGrid({ mapRow }: AnyCell, point: Point): Point {
  return mapRow === undefined ? point : snap(point, mapRow.policy.gridLength);
}
