// The socket of a user here: what is kept with it, when it is to go elsewhere, and what remains when it is lost.

import { boundsContain } from '../../geo/bounds.ts';
import { minDistanceToBoundsM } from '../../geo/distance.ts';
import type { Ping } from '../../messages/records.ts';
import { eventFrame } from '../../protocol/frames.ts';
import type { UserId } from '../../protocol/ids.ts';
import { MARGIN_M, OUTSIDE_POINTS_MAX } from '../../protocol/limits.ts';
import type { UserEvent } from '../../protocol/views.ts';
import { acknowledgedUpTo } from '../../record/inbox.ts';
import type { AnyCell, CellSocket, CellState } from '../state.ts';
import { dueKey } from '../tables/indexes.ts';
import type { Resident } from '../tables/users.ts';
import type { Step } from '../workspace.ts';

/** Why a socket is told to reconnect, and after how long if not at once. */
type Away = { readonly reason: 'border' | 'elsewhere' | 'split' | 'removed'; readonly waitMs?: number };

/** The one that the ping came over; unknown if it is from before the object's last construction and had nothing attached yet. */
export function socketOf(state: CellState, user: UserId, sent: Ping): CellSocket {
  const known = state.sockets.get(user);
  if (known !== undefined) return known;
  const socket: CellSocket = { session: sent.session, outside: 0 };
  state.sockets.set(user, socket);
  return socket;
}

/** Near a border the holder decides: beyond the margin, or after three points outside, the socket is told to move. */
export function leaves(state: CellState, socket: CellSocket, sent: Ping): boolean {
  const { bounds } = state;
  if (boundsContain(bounds, sent.point)) {
    socket.outside = 0;
    return false;
  }
  socket.outside++;
  return socket.outside >= OUTSIDE_POINTS_MAX || minDistanceToBoundsM(sent.point, bounds) > MARGIN_M;
}

/** Soft state goes with the user's socket, if there is one here. */
export function attach(step: Step<AnyCell>, resident: Resident): void {
  const socket = step.state.sockets.get(resident.user);
  if (socket === undefined) return;
  const { user, epoch, session, seq, point, veil, pointAt, leaseUntil, inbox } = resident;
  const { outside } = socket;
  const { lat, lng } = point;
  step.effects.attachments.push({
    v: 1,
    user,
    epoch,
    session,
    seq,
    lat,
    lng,
    pointAt,
    leaseUntil,
    outside,
    ...(veil && { veil }),
    ...(inbox && inbox.lastSeq > 0 && { acked: acknowledgedUpTo(inbox) }),
  });
}

/** Events of the user's inbox, to their sockets here. */
export function pushEvents(step: Step<AnyCell>, user: UserId, events: Iterable<UserEvent>): void {
  if (!step.state.sockets.has(user)) return;
  for (const event of events) step.effects.frames.push({ user, frame: eventFrame(event), close: false });
}

/** The user's sockets here are told to reconnect. */
export function sendAway(step: Step<AnyCell>, user: UserId, away: Away): void {
  step.state.sockets.delete(user);
  step.state.connections.delete(user);
  step.state.agenda.set(dueKey('connection', user), undefined);
  step.effects.frames.push({ user, frame: { t: 'moved', ...away }, close: true });
}

/** A socket was lost: what it kept becomes durable, the lease runs on. */
export function socketLost(step: Step<AnyCell>, user: UserId): void {
  const { state } = step;
  state.sockets.delete(user);
  const resident = state.users.get(user);
  if (resident !== undefined && resident.phase !== 'frozen') step.users.add(user);
}
