// Signs of life: a user who is held here is refreshed by each, or leaves; for anybody else it waits until they are.

import type { Point } from '../../geo/point.ts';
import { type EpochMs, plusMs } from '../../lib/brand.ts';
import type { Ping, Veil } from '../../messages/records.ts';
import type { UserId } from '../../protocol/ids.ts';
import { problem } from '../../protocol/problems.ts';
import { isTooSoon, putOff } from '../backpressure/coalesce.ts';
import { refusePing } from '../backpressure/pressure.ts';
import { arrive } from '../questions/arrival.ts';
import { policyOf } from '../questions/need.ts';
import type { Waiting } from '../tables/claims.ts';
import { type Held, watchUser } from '../tables/users.ts';
import { reply, type Tx } from '../tx.ts';
import { viewPresence } from '../view.ts';
import { endArriving, welcome } from './arriving.ts';
import { dropHolds } from './holds.ts';
import { adjustedLease, answerPing, isOlder, leaseMs, sameProfile } from './ping-rules.ts';
import { returnHome } from './returning.ts';
import { attach, leaves, sendAway, socketOf } from './sockets.ts';
import { isFound, newVeil, veiled } from './veil.ts';

/** A ping, and the raw point that it was snapped from: in memory, for this step. */
type Heard = { readonly ping: Ping; readonly at?: Point | undefined };

/** A sign of life. Over a socket it costs no row; over HTTP one when the point or profile changed or half of the lease has gone. */
export function ping(tx: Tx, user: UserId, { ping: sent, at }: Heard, waiting: Waiting): void {
  const { state } = tx;
  const held = state.users.get(user);
  const socket = waiting.socket ? socketOf(state, user, sent) : undefined;
  if (socket !== undefined && leaves(state, socket, sent)) {
    sendAway(tx, user, { reason: 'border' });
    reply(tx, waiting.token, { t: 'moved', to: [] });
    return;
  }
  const refused = refusePing(state, user, sent, socket !== undefined && socket.heard !== true, tx.now);
  if (refused !== undefined) {
    reply(tx, waiting.token, refused);
    return;
  }
  if (socket !== undefined) socket.heard = true;
  const told = { ...waiting, adjusted: adjustedLease(state, sent) };
  if (held === undefined || held.phase === 'frozen') {
    welcome(tx, user, sent, told);
    return;
  }
  if (isOlder(held, sent)) {
    // What is passed over is not answered as if it had been done.
    answerPing(tx, told, problem('stale_ping'));
    return;
  }
  refresh(tx, held, { ping: sent, at }, waiting.socket);
  answerPing(tx, told, { t: 'present', view: viewPresence(state, held, tx.now) });
}

/** The lease has ended: the questions of pending holds are told, and the record goes home unless a hold keeps it. */
export function lapse(tx: Tx, held: Held): void {
  held.phase = 'lapsed';
  tx.state.roster.delete(held.user);
  tx.users.add(held.user);
  tx.journal.push({ t: 'user.left', who: held.pseudonym });
  if (held.holds.size === 0) returnHome(tx, held);
  else dropHolds(tx, held);
}

/** The user was granted by another claim, and their pings here wait for one: they are for the row as it stands, holds and all. */
export function joined(tx: Tx, held: Held): void {
  const sent = tx.state.arriving.get(held.user)?.ping;
  if (sent === undefined) return;
  refresh(tx, held, { ping: sent }, false);
  endArriving(tx, held.user, { t: 'present', view: viewPresence(tx.state, held, tx.now) });
}

/** A delay that has begun, or is over, outlasts the object: over HTTP it may be gone by the next ping. */
const waitsOtherwise = (before: Veil | undefined, after: Veil | undefined): boolean =>
  before?.lat.since !== after?.lat.since || before?.lng.since !== after?.lng.since;

/** What others see from now on. Without a raw point, or beyond where they would be looked for, it is the point's own square. */
function seen(
  { state, now, chance }: Tx,
  held: Held,
  at: Point | undefined,
  snapped: Point,
): Pick<Held, 'veil'> & { shown: Point } {
  const veil = held.veil ?? newVeil(chance);
  const last = { square: snapped, leapt: false };
  if (at === undefined) return { veil: { ...veil, last }, shown: snapped };
  const step = { at, snapped, now, gapMs: Math.max(0, now - held.pointAt) };
  const next = veiled({ veil, shown: held.point }, step, policyOf(state).gridLength, chance);
  return isFound(state, next.shown) ? next : { veil: next.veil, shown: snapped };
}

function refresh(tx: Tx, held: Held, { ping: sent, at }: Heard, soft: boolean): void {
  const { state, now } = tx;
  const wasAskable =
    held.phase === 'live' && held.leaseUntil > now && held.pointAt + policyOf(state).pointAgeMaxMs > now;
  const revived = held.phase === 'lapsed';
  const { veil, shown } = seen(tx, held, revived ? undefined : at, sent.point);
  const moved = held.point.lat !== shown.lat || held.point.lng !== shown.lng;
  const profile = sameProfile(held.profile, sent.profile) ? held.profile : { ...held.profile, ...sent.profile };
  const changed = profile !== held.profile;
  const turned = waitsOtherwise(held.veil, veil);
  const ttlMs = leaseMs(state, sent, held.ttlMs);
  held.session = sent.session;
  held.seq = sent.seq;
  held.profile = profile;
  held.point = shown;
  held.veil = veil;
  held.pointAt = now;
  if (revived) {
    held.phase = 'live';
    tx.journal.push({ t: 'user.entered', who: held.pseudonym });
  }
  if (moved || revived) state.roster.set(held.user, held.point);
  const halfGone = held.leaseUntil - now < ttlMs / 2;
  // The length of the lease belongs to the profile: a socket's attachment does not carry it.
  const due = changed || revived || ttlMs !== held.ttlMs || (!soft && halfGone);
  const keeps = moved || (turned && !soft);
  const waits = keeps && !due && wasAskable && isTooSoon(tx, held.user);
  const write = due || (!soft && keeps && !waits);
  // Over HTTP the promise must be on disk: what is not written is not promised.
  if (soft || write) {
    const isShorter = now + ttlMs < held.leaseUntil;
    held.leaseUntil = plusMs(now, ttlMs) as EpochMs;
    held.ttlMs = ttlMs;
    // A lease that is renewed is found to be so when its time has come; one that ends sooner must be watched sooner.
    if (isShorter) watchUser(state, held.user, held);
  }
  if (write) tx.users.add(held.user);
  if (soft) attach(tx, held);
  if (waits) putOff(state, held.user, { arrival: moved, row: !soft });
  else if (moved || changed || !wasAskable) arrive(tx, held);
}
