// The cell: one event in, effects out. Reads no clock, no storage, no network; `now` comes with the event and never runs back.

import type { Attachment, Effects } from '../engine/effects.ts';
import { unreachable } from '../lib/assert.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { Chance } from '../lib/chance.ts';
import { tellTime } from '../lib/clock.ts';
import type { CellEnvelope, CellReply, UserReply } from '../messages/calls.ts';
import type { MapReply } from '../messages/resharding.ts';
import type { UserId } from '../protocol/ids.ts';
import { catchUp } from './backpressure/coalesce.ts';
import { tellLoad } from './backpressure/load-report.ts';
import { count, noteAlarm } from './backpressure/meter.ts';
import { boot } from './boot.ts';
import { healClock } from './heal-clock.ts';
import { setBirth } from './map-row.ts';
import { overdue } from './overdue.ts';
import { arrive } from './questions/arrival.ts';
import { deliver } from './questions/streams.ts';
import { answerTo } from './replies.ts';
import { handle } from './requests.ts';
import { carryOn } from './resharding/carry-on.ts';
import { splitWhenHot } from './resharding/split.ts';
import type { CellState } from './state.ts';
import type { Token } from './tables/claims.ts';
import { begin, finish, reply, type Tx } from './tx.ts';
import { type Connection, connected, disconnected, renewed } from './users/connections.ts';
import { regrid } from './users/regrid.ts';
import { socketLost } from './users/sockets.ts';

export type CellEvent =
  /** The object was constructed: what its sockets carry, and the alarm that is armed. */
  | { readonly t: 'boot'; readonly attachments: readonly Attachment[]; readonly armedAt: EpochMs | undefined }
  | {
      readonly t: 'request';
      readonly envelope: CellEnvelope;
      readonly token: Token;
      /** It came over the user's socket here. */
      readonly socket?: boolean;
    }
  | {
      readonly t: 'reply';
      readonly call: number;
      readonly reply: CellReply | UserReply | MapReply | { readonly t: 'failed' };
    }
  | { readonly t: 'alarm' }
  | { readonly t: 'socket_open'; readonly user: UserId; readonly session: string }
  | { readonly t: 'socket_lost'; readonly user: UserId }
  | { readonly t: 'connected'; readonly connections: readonly Connection[] }
  | { readonly t: 'disconnected'; readonly user: UserId; readonly id: string }
  | { readonly t: 'renewed'; readonly user: UserId; readonly id: string; readonly expiresAt: EpochMs | undefined }
  /** What is due is run, as before every event. */
  | { readonly t: 'tick' };

/** Changes `state` in place; the effects must be carried out in their fixed order, or the state thrown away. */
export function stepCell(state: CellState, event: CellEvent, at: EpochMs, chance: Chance): Effects {
  const { now, leadMs } = tellTime(state, at);
  const tx = begin(state, now, chance);
  if (leadMs > 0) healClock(tx, leadMs);
  if (event.t === 'request' && !bear(tx, event.envelope)) {
    reply(tx, event.token, { t: 'unborn' });
    return tx.effects;
  }
  if (state.birth !== undefined && event.t !== 'boot') {
    overdue(tx);
    catchUp(tx);
  }
  react(tx, event);
  settle(tx);
  if (event.t !== 'boot') {
    tellLoad(tx);
    count(state.meter, now);
  }
  return finish(tx, event.t === 'alarm');
}

function react(tx: Tx, event: CellEvent): void {
  switch (event.t) {
    case 'boot':
      boot(tx, event.attachments, event.armedAt);
      return;
    case 'request':
      handle(tx, event.envelope.request, { token: event.token, socket: event.socket === true });
      return;
    case 'reply':
      answerTo(tx, event.call, event.reply);
      return;
    case 'alarm':
      noteAlarm(tx.state.meter, tx.state.armedAt, tx.now);
      return;
    case 'socket_open':
      tx.state.sockets.set(event.user, { session: event.session, outside: 0 });
      return;
    case 'socket_lost':
      socketLost(tx, event.user);
      return;
    case 'connected':
      connected(tx, event.connections);
      return;
    case 'disconnected':
      disconnected(tx, event.user, event.id);
      return;
    case 'renewed':
      renewed(tx, event.user, event.id, event.expiresAt);
      return;
    case 'tick':
      return;
    default:
      unreachable(event, 'cell event');
  }
}

/** Born by a map row, brought up to date by a newer one; false when it must be asked for. */
function bear(tx: Tx, envelope: CellEnvelope): boolean {
  const { state } = tx;
  const { request } = envelope;
  const birth = envelope.birth ?? (request.t === 'init' || request.t === 'merge' ? request.birth : undefined);
  if (birth !== undefined && (state.birth === undefined || birth.version > state.birth.version)) {
    // Ground that was given up begins anew when it is split or merged.
    const again = request.t === 'init' || request.t === 'merge';
    tx.fresh = state.birth === undefined || (again && state.birth.draining === true);
    const grid = state.birth?.policy.gridLength ?? 0;
    setBirth(state, birth);
    regrid(tx, grid);
    tx.born = true;
  }
  if (state.birth === undefined) return false;
  return envelope.version === undefined || envelope.version <= state.birth.version || birth !== undefined;
}

/** What follows from the event within the same step: arrivals are tried, and what is owed is sent. */
function settle(tx: Tx): void {
  for (const user of tx.arrivals.items()) {
    tx.arrivals.delete(user);
    const held = tx.state.users.get(user);
    if (held !== undefined) arrive(tx, held);
  }
  for (const id of tx.owing.items()) {
    const question = tx.state.questions.get(id);
    if (question !== undefined) deliver(tx, question);
  }
  if (tx.state.birth === undefined) return;
  splitWhenHot(tx);
  carryOn(tx);
}
