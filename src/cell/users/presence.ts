// Signs of life: a user who is held here is refreshed by each, or leaves; for anybody else it waits until they are.

import type { Point } from '../../geo/point.ts';
import { type EpochMs, plusMs } from '../../lib/brand.ts';
import type { Ping, Veil } from '../../messages/records.ts';
import type { UserId } from '../../protocol/ids.ts';
import { problem } from '../../protocol/problems.ts';
import { isTooSoon, putOff } from '../backpressure/coalesce.ts';
import { refusePing } from '../backpressure/pressure.ts';
import { recordUser } from '../journal.ts';
import { wakeFor } from '../questions/arrival.ts';
import { policyOf } from '../questions/need.ts';
import type { Waiting } from '../tables/claims.ts';
import { type LiveResident, lapsed, type Resident, revived, watchUser } from '../tables/users.ts';
import { viewPresence } from '../view.ts';
import { reply, type Step } from '../workspace.ts';
import { dropHolds } from './holds.ts';
import { endClaim, welcome } from './pending-claims.ts';
import { adjustedLease, answerPing, isOlder, leaseMs, sameProfile } from './ping-rules.ts';
import { keepOrReturn } from './returning.ts';
import { attach, leaves, sendAway, socketOf } from './sockets.ts';
import { isFound, newVeil, veiled } from './veil.ts';

/** A ping, and the raw point that it was snapped from: in memory, for this step. */
type Heard = { readonly ping: Ping; readonly at?: Point | undefined };

/** A sign of life. Over a socket it costs no row; over HTTP one when the point or profile changed or half of the lease has gone. */
export function ping(step: Step, user: UserId, { ping: sent, at }: Heard, waiting: Waiting): void {
  const { state } = step;
  const resident = state.users.get(user);
  const socket = waiting.socket ? socketOf(state, user, sent) : undefined;
  if (socket !== undefined && leaves(state, socket, sent)) {
    sendAway(step, user, { reason: 'border' });
    reply(step, waiting.token, { t: 'moved', to: [] });
    return;
  }
  const refused = refusePing(state, user, sent, socket !== undefined && socket.heard !== true, step.now);
  if (refused !== undefined) {
    reply(step, waiting.token, refused);
    return;
  }
  if (socket !== undefined) socket.heard = true;
  const told = { ...waiting, adjusted: adjustedLease(state, sent) };
  if (resident === undefined || resident.phase === 'frozen') {
    welcome(step, user, sent, told);
    return;
  }
  if (isOlder(resident, sent)) {
    // What is passed over is not answered as if it had been done.
    answerPing(step, told, problem('stale_ping'));
    return;
  }
  refresh(step, resident, { ping: sent, at }, waiting.socket);
  answerPing(step, told, { t: 'present', view: viewPresence(state, resident, step.now) });
}

/** The lease has ended: the questions of pending holds are told, and the record stays here until it is wanted elsewhere. */
export function lapse(step: Step, live: LiveResident): void {
  const resident = lapsed(live, step.now);
  step.state.roster.delete(resident.user);
  step.users.add(resident.user);
  recordUser(step, resident, 'user.left');
  dropHolds(step, resident);
  keepOrReturn(step, resident);
}

/** The user was granted by another claim, and their pings here wait for one: they are for the row as it stands, holds and all. */
export function joined(step: Step, resident: Resident): void {
  const sent = step.state.claims.get(resident.user)?.ping;
  if (sent === undefined) return;
  refresh(step, resident, { ping: sent }, false);
  endClaim(step, resident.user, { t: 'present', view: viewPresence(step.state, resident, step.now) });
}

/** A delay that has begun, or is over, outlasts the object: over HTTP it may be gone by the next ping. */
const waitsOtherwise = (before: Veil | undefined, after: Veil | undefined): boolean =>
  before?.lat.since !== after?.lat.since || before?.lng.since !== after?.lng.since;

/** What others see from now on. Without a raw point, or beyond where they would be looked for, it is the point's own square. */
function seen(
  { state, now, chance }: Step,
  resident: Resident,
  at: Point | undefined,
  snapped: Point,
): Pick<Resident, 'veil'> & { shown: Point } {
  const veil = resident.veil ?? newVeil(chance);
  const last = { square: snapped, leapt: false };
  if (at === undefined) return { veil: { ...veil, last }, shown: snapped };
  const step = { at, snapped, now, gapMs: Math.max(0, now - resident.pointAt) };
  const next = veiled({ veil, shown: resident.point }, step, policyOf(state).gridLength, chance);
  return isFound(state, next.shown) ? next : { veil: next.veil, shown: snapped };
}

function refresh(step: Step, resident: Resident, { ping: sent, at }: Heard, soft: boolean): void {
  const { state, now } = step;
  const wasAskable =
    resident.phase === 'live' && resident.leaseUntil > now && resident.pointAt + policyOf(state).pointAgeMaxMs > now;
  const returns = resident.phase === 'lapsed';
  const { veil, shown } = seen(step, resident, returns ? undefined : at, sent.point);
  const moved = resident.point.lat !== shown.lat || resident.point.lng !== shown.lng;
  const profile = sameProfile(resident.profile, sent.profile)
    ? resident.profile
    : { ...resident.profile, ...sent.profile };
  const changed = profile !== resident.profile;
  const turned = waitsOtherwise(resident.veil, veil);
  // How long a lease lasts was said of one that has ended.
  const ttlMs = leaseMs(state, sent, returns ? undefined : resident.ttlMs);
  resident.session = sent.session;
  resident.seq = sent.seq;
  resident.profile = profile;
  resident.point = shown;
  resident.veil = veil;
  resident.pointAt = now;
  if (resident.phase === 'lapsed') {
    revived(resident);
    recordUser(step, resident, 'user.entered');
  }
  if (moved || returns) state.roster.set(resident.user, resident.point);
  const halfGone = resident.leaseUntil - now < ttlMs / 2;
  // The length of the lease belongs to the profile: a socket's attachment does not carry it.
  const due = changed || returns || ttlMs !== resident.ttlMs || (!soft && halfGone);
  const keeps = moved || (turned && !soft);
  const waits = keeps && !due && wasAskable && isTooSoon(step, resident.user);
  const write = due || (!soft && keeps && !waits);
  // Over HTTP the promise must be on disk: what is not written is not promised.
  if (soft || write) {
    const isShorter = now + ttlMs < resident.leaseUntil;
    resident.leaseUntil = plusMs(now, ttlMs) as EpochMs;
    resident.ttlMs = ttlMs;
    // A lease that is renewed is found to be so when its time has come; one that ends sooner must be watched sooner.
    if (isShorter) watchUser(state, resident.user, resident);
  }
  if (write) step.users.add(resident.user);
  if (soft) attach(step, resident);
  if (waits) putOff(state, resident.user, { arrival: moved, row: !soft });
  else if (moved || changed || !wasAskable) wakeFor(step, resident);
}
