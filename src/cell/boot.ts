// What a cell does first after its object was constructed: take up what its rows and sockets say was under way.

import type { Attachment } from '../engine/effects.ts';
import type { Point } from '../geo/point.ts';
import { snap } from '../geo/snap.ts';
import { type EpochMs, epochMs, plusMs } from '../lib/brand.ts';
import { arrive } from './questions/arrival.ts';
import { countTries } from './questions/sleep.ts';
import { claimTaken } from './resharding/takeover.ts';
import type { CellState } from './state.ts';
import { watchUser } from './tables/users.ts';
import type { Tx } from './tx.ts';
import { claim } from './users/arriving.ts';
import { sendAway } from './users/sockets.ts';

/** WAKE1: no try is later than that. */
const LATE_MS = 60_000;

/** @param armedAt the alarm that is armed on disk; one that is overdue, missing or too late is armed anew. */
export function boot(tx: Tx, attachments: readonly Attachment[], armedAt: EpochMs | undefined): void {
  const { state } = tx;
  state.armedAt = armedAt !== undefined && armedAt > tx.now ? armedAt : undefined;
  for (const attachment of attachments) restore(tx, attachment);
  if (state.birth === undefined) return;
  for (const arriving of state.arriving.values()) claim(tx, arriving);
  for (const taking of state.taking.values()) claimTaken(tx, taking);
  const tried = triedUpTo(tx, armedAt);
  for (const question of state.questions.present()) {
    tx.owing.add(question.id);
    countTries(tx, question, tried);
  }
  // A nudge that was under way is lost: whoever is here is held against the beacons once more.
  if (state.beacons.size > 0) for (const held of state.users.values()) arrive(tx, held);
}

/**
 * The alarm on the disk is for the earliest of what is due, so that all before it was done, but for a try that was under way: its guard
 * is not later than WAKE1 allows. An alarm that is past was lost, with all that has been due since. Where none is armed, it fires just
 * now.
 */
function triedUpTo({ now, state }: Tx, armedAt: EpochMs | undefined): EpochMs {
  if (armedAt !== undefined && state.armedAt === undefined) return epochMs(0);
  return plusMs(armedAt ?? now, -LATE_MS);
}

/** A socket's soft state counts only beside a row of its epoch; otherwise the socket is sent away. */
function restore(tx: Tx, soft: Attachment): void {
  const { state } = tx;
  const held = state.users.get(soft.user);
  if (held === undefined || held.epoch !== soft.epoch || held.phase === 'frozen') {
    sendAway(tx, soft.user, { reason: 'elsewhere' });
    return;
  }
  state.sockets.set(soft.user, { session: soft.session, outside: soft.outside ?? 0 });
  if (soft.pointAt < held.pointAt) return;
  held.session = soft.session;
  held.seq = soft.seq;
  held.veil = soft.veil ?? held.veil;
  held.point = onGrid(state, { lat: soft.lat, lng: soft.lng });
  // It may be from when the clock was ahead.
  held.pointAt = epochMs(Math.min(soft.pointAt, tx.now));
  held.leaseUntil = epochMs(Math.min(soft.leaseUntil, tx.now + held.ttlMs));
  if (held.phase === 'live') state.roster.set(held.user, held.point);
  watchUser(state, held.user, held);
}

/** What a socket carries may be from before the grid became coarser. */
function onGrid({ birth }: CellState, point: Point): Point {
  return birth === undefined ? point : snap(point, birth.policy.gridLength);
}
