// Users who ping this cell: refreshed when held, otherwise arriving until their UserObject has granted them.

import { boundsContain } from '../../geo/bounds.ts';
import { minDistanceToBoundsM } from '../../geo/distance.ts';
import { present } from '../../lib/assert.ts';
import { type EpochMs, plusMs } from '../../lib/brand.ts';
import type { UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS, MARGIN_M, OUTSIDE_POINTS_MAX } from '../../protocol/limits.ts';
import type { ClaimReply, Ping, UserRecord } from '../../protocol/messages.ts';
import { type Problem, problem } from '../../protocol/problems.ts';
import { held as heldOf } from '../codec.ts';
import { arrive } from '../questions/arrival.ts';
import { policyOf } from '../questions/need.ts';
import type { Arriving, CellSocket, CellState, Held, Waiting } from '../state.ts';
import { isTooSoon, putOff } from '../strain/coalesce.ts';
import { pingEveryS, refusePing } from '../strain/pressure.ts';
import { call, reply, type Tx } from '../tx.ts';
import { iso, viewPresence } from '../view.ts';
import { askAboutHolds, dropHolds } from './holds.ts';
import { sameProfile } from './profile.ts';
import { fieldsOf } from './record.ts';

const RETRY_FIRST_MS = 1000;

/** A sign of life. Over a socket it costs no row; over HTTP one when the point or profile changed or half of the lease has gone. */
export function ping(tx: Tx, user: UserId, sent: Ping, waiting: Waiting): void {
  const { state } = tx;
  const held = state.users.get(user);
  const socket = waiting.socket ? socketOf(state, user, sent) : undefined;
  if (socket !== undefined && leaves(state, socket, sent)) {
    tx.effects.frames.push({ user, frame: { t: 'moved', reason: 'border' }, close: true });
    state.sockets.delete(user);
    reply(tx, waiting.token, { t: 'moved', to: [] });
    return;
  }
  const refused = refusePing(state, user, sent, socket !== undefined && socket.heard !== true, tx.now);
  if (refused !== undefined) {
    reply(tx, waiting.token, refused);
    return;
  }
  if (socket !== undefined) socket.heard = true;
  if (held === undefined || held.phase === 'frozen') {
    welcome(tx, user, sent, waiting);
    return;
  }
  if (!isOlder(held, sent)) refresh(tx, held, sent, waiting.socket);
  reply(tx, waiting.token, { t: 'present', view: viewPresence(state, held, tx.now) });
}

/** The user leaves: unmatchable at once; the row goes with the last hold. */
export function leave(tx: Tx, user: UserId): void {
  const { state } = tx;
  dropArriving(tx, user, problem('no_presence'));
  const held = state.users.get(user);
  if (held?.phase !== 'live') return;
  held.leaseUntil = tx.now;
  lapse(tx, held);
}

/** The lease has ended: the questions of pending holds are told, and the row goes unless a hold keeps it. */
export function lapse(tx: Tx, held: Held): void {
  held.phase = 'lapsed';
  tx.state.roster.delete(held.user);
  tx.users.add(held.user);
  tx.journal.push({ t: 'user.left', who: held.pseudonym });
  if (held.holds.size === 0) tx.state.users.delete(held.user);
  else dropHolds(tx, held);
}

/** A socket was lost: its soft point becomes durable, the lease runs on. */
export function socketLost(tx: Tx, user: UserId): void {
  const { state } = tx;
  state.sockets.delete(user);
  const held = state.users.get(user);
  if (held !== undefined && held.phase === 'live') tx.users.add(user);
}

/** The UserObject's answer to a claim. */
export function claimed(
  tx: Tx,
  user: UserId,
  callId: number,
  answer: ClaimReply | Problem | { readonly t: 'failed' },
): void {
  const arriving = tx.state.arriving.get(user);
  if (arriving === undefined || arriving.call !== callId) return;
  arriving.call = undefined;
  // A newer ping may have come since the claim went out: the answer is not about that one.
  const isAbout = arriving.ping === arriving.claimed;
  if (isAbout && 'order' in answer) arriving.order = answer.order;
  switch (answer.t) {
    case 'granted':
      // A recall overtook this grant: the epoch is spent, the claim stays a claim.
      if (answer.epoch <= arriving.fence) claim(tx, arriving);
      else settle(tx, arriving, answer.epoch, answer.record);
      return;
    case 'refused':
      if (isAbout) dropArriving(tx, user, problem('stale_ping'));
      else claim(tx, arriving);
      return;
    case 'problem':
      dropArriving(tx, user, answer);
      return;
    case 'pending':
      acknowledge(tx, arriving);
      arriving.retryAt = plusMs(tx.now, answer.retryMs);
      tx.arriving.add(user);
      return;
    case 'failed':
      acknowledge(tx, arriving);
      arriving.retryAt = plusMs(tx.now, RETRY_FIRST_MS);
      tx.arriving.add(user);
  }
}

/** The user was granted by another claim, and their pings here wait for one: they are for the row as it stands, holds and all. */
export function joined(tx: Tx, held: Held): void {
  const arriving = tx.state.arriving.get(held.user);
  if (arriving === undefined) return;
  remove(tx, arriving);
  refresh(tx, held, arriving.ping, false);
  for (const { token } of arriving.tokens)
    reply(tx, token, { t: 'present', view: viewPresence(tx.state, held, tx.now) });
}

/** Asks the UserObject for the user. The claim is repeated by the agenda until it is answered or the ping's lease ends. */
export function claim(tx: Tx, arriving: Arriving): void {
  const { user, ping: sent } = arriving;
  arriving.retryAt = undefined;
  arriving.claimed = sent;
  arriving.call = call(
    tx,
    { t: 'claim', user },
    { to: 'user', user },
    {
      t: 'claim',
      user,
      cell: present(tx.state.birth, 'birth').cell,
      session: sent.session,
      ...(sent.seq === undefined ? {} : { seq: sent.seq }),
      ...(arriving.order === undefined ? {} : { order: arriving.order }),
    },
    CALL_TIMEOUT_MS,
  );
  tx.arriving.add(user);
}

export function dropArriving(tx: Tx, user: UserId, why: Problem): void {
  const arriving = tx.state.arriving.get(user);
  if (arriving === undefined) return;
  for (const { token } of arriving.tokens) reply(tx, token, why);
  remove(tx, arriving);
}

function remove(tx: Tx, { user, stored }: Arriving): void {
  tx.state.arriving.delete(user);
  tx.arriving.add(user);
  if (stored) tx.arrived.add(user);
}

/** Keeps the newest ping of somebody who is not held here, and claims them. */
function welcome(tx: Tx, user: UserId, sent: Ping, waiting: Waiting): void {
  const { state, now } = tx;
  const known = state.arriving.get(user);
  const ttlMs = leaseMs(state, sent, undefined);
  if (known === undefined) {
    const arriving: Arriving = {
      user,
      ping: sent,
      pingAt: now,
      leaseUntil: plusMs(now, ttlMs),
      stored: false,
      retryAt: undefined,
      order: undefined,
      call: undefined,
      claimed: undefined,
      fence: 0,
      tokens: [waiting],
    };
    state.arriving.set(user, arriving);
    claim(tx, arriving);
    return;
  }
  known.tokens.push(waiting);
  if (!isOlder({ session: known.ping.session, seq: known.ping.seq }, sent)) {
    known.ping = { ...sent, profile: { ...known.ping.profile, ...sent.profile } };
    known.pingAt = now;
    known.order = undefined;
    known.leaseUntil = plusMs(now, ttlMs);
  }
  if (known.call === undefined) claim(tx, known);
}

/** Granted: from this step on the user is matchable here. */
function settle(tx: Tx, arriving: Arriving, epoch: number, record: UserRecord | null): void {
  const { state, now } = tx;
  const { user, ping: sent } = arriving;
  const old = state.users.get(user);
  const fields = fieldsOf(record, policyOf(state), now);
  const held = heldOf({
    ...fields,
    user,
    epoch,
    phase: 'live',
    frozenAt: undefined,
    session: sent.session,
    seq: sent.seq,
    profile: { ...fields.profile, ...sent.profile },
    point: sent.point,
    pointAt: arriving.pingAt,
    leaseUntil: arriving.leaseUntil,
    ttlMs: arriving.leaseUntil - arriving.pingAt,
  });
  if (old !== undefined) state.roster.delete(user);
  state.users.set(user, held);
  state.roster.set(user, held.point);
  remove(tx, arriving);
  tx.users.add(user);
  tx.journal.push({ t: 'user.entered', who: held.pseudonym });
  attach(tx, held);
  askAboutHolds(tx, held);
  arrive(tx, held);
  for (const { token } of arriving.tokens) reply(tx, token, { t: 'present', view: viewPresence(state, held, now) });
}

/** Acknowledges a ping before its claim was granted: from here on a row keeps it. */
function acknowledge(tx: Tx, arriving: Arriving): void {
  const { cell, city } = present(tx.state.birth, 'birth');
  arriving.stored = true;
  const view = {
    cell,
    city,
    expiresAt: iso(arriving.leaseUntil),
    offers: [],
    pingEveryS: pingEveryS(tx.state, arriving.leaseUntil - arriving.pingAt, tx.now),
  };
  for (const { token } of arriving.tokens) reply(tx, token, { t: 'present', view });
  arriving.tokens = [];
  tx.arriving.add(arriving.user);
}

function refresh(tx: Tx, held: Held, sent: Ping, soft: boolean): void {
  const { state, now } = tx;
  const wasAskable =
    held.phase === 'live' && held.leaseUntil > now && held.pointAt + policyOf(state).pointAgeMaxMs > now;
  const moved = held.point.lat !== sent.point.lat || held.point.lng !== sent.point.lng;
  const profile = sameProfile(held.profile, sent.profile) ? held.profile : { ...held.profile, ...sent.profile };
  const changed = profile !== held.profile;
  const ttlMs = leaseMs(state, sent, held.ttlMs);
  const revived = held.phase === 'lapsed';
  held.session = sent.session;
  held.seq = sent.seq;
  held.profile = profile;
  held.point = sent.point;
  held.pointAt = now;
  if (revived) {
    held.phase = 'live';
    tx.journal.push({ t: 'user.entered', who: held.pseudonym });
  }
  if (moved || revived) state.roster.set(held.user, held.point);
  const halfGone = held.leaseUntil - now < ttlMs / 2;
  // The length of the lease belongs to the profile: a socket's attachment does not carry it.
  const due = changed || revived || ttlMs !== held.ttlMs || (!soft && halfGone);
  const waits = moved && !due && wasAskable && isTooSoon(tx, held.user);
  const write = due || (!soft && moved && !waits);
  // Over HTTP the promise must be on disk: what is not written is not promised.
  if (soft || write) {
    held.leaseUntil = plusMs(now, ttlMs) as EpochMs;
    held.ttlMs = ttlMs;
  }
  if (write) tx.users.add(held.user);
  if (soft) attach(tx, held);
  if (waits) putOff(state, held.user, { arrival: true, row: !soft });
  else if (moved || changed || !wasAskable) arrive(tx, held);
}

function attach(tx: Tx, held: Held): void {
  const socket = tx.state.sockets.get(held.user);
  if (socket === undefined) return;
  const { user, epoch, session, seq, point, pointAt, leaseUntil } = held;
  const { outside } = socket;
  const { lat, lng } = point;
  tx.effects.attachments.push({ v: 1, user, epoch, session, seq, lat, lng, pointAt, leaseUntil, outside });
}

/** The one that the ping came over; unknown if it is from before the object's last construction and had nothing attached yet. */
function socketOf(state: CellState, user: UserId, sent: Ping): CellSocket {
  const known = state.sockets.get(user);
  if (known !== undefined) return known;
  const socket: CellSocket = { session: sent.session, outside: 0 };
  state.sockets.set(user, socket);
  return socket;
}

/** Near a border the holder decides: beyond the margin, or after three points outside, the socket is told to move. */
function leaves(state: CellState, socket: CellSocket, sent: Ping): boolean {
  const bounds = present(state.bounds, 'bounds');
  if (boundsContain(bounds, sent.point)) {
    socket.outside = 0;
    return false;
  }
  socket.outside++;
  return socket.outside >= OUTSIDE_POINTS_MAX || minDistanceToBoundsM(sent.point, bounds) > MARGIN_M;
}

/** Within a session a lower `seq` is older; a ping without one, or of another session, counts as newer. */
function isOlder(known: { readonly session: string; readonly seq: number | undefined }, sent: Ping): boolean {
  if (known.session !== sent.session || known.seq === undefined || sent.seq === undefined) return false;
  return sent.seq < known.seq;
}

function leaseMs(state: CellState, sent: Ping, before: number | undefined): number {
  const { ttlDefaultMs, ttlMaxMs } = policyOf(state).presence;
  return Math.min(sent.ttlMs ?? before ?? ttlDefaultMs, ttlMaxMs);
}
