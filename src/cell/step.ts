// The cell: one event in, effects out. Reads no clock, no storage, no network; `now` comes with the event and never runs back.

import type { Attachment, Effects } from '../engine/effects.ts';
import { unreachable } from '../lib/assert.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { Chance } from '../lib/chance.ts';
import { tellTime } from '../lib/clock.ts';
import type { CellEnvelope, CellReply, UserReply } from '../messages/calls.ts';
import type { MapReply } from '../messages/resharding.ts';
import type { UserId } from '../protocol/ids.ts';
import { applyMapRow } from './apply-map-row.ts';
import { catchUp } from './backpressure/coalesce.ts';
import { reportLoad } from './backpressure/load-report.ts';
import { count, noteAlarm } from './backpressure/meter.ts';
import { boot } from './boot.ts';
import { healClock } from './heal-clock.ts';
import { overdue } from './overdue.ts';
import { wakeFor } from './questions/arrival.ts';
import { deliver } from './questions/delivery.ts';
import { answerTo } from './replies.ts';
import { handle } from './requests.ts';
import { carryOn } from './resharding/carry-on.ts';
import { splitWhenHot } from './resharding/split.ts';
import { type AnyCell, isInitialised } from './state.ts';
import type { Token } from './tables/claims.ts';
import { whileUninitialised } from './uninitialised.ts';
import { type Connection, connected, disconnected, renewed } from './users/connections.ts';
import { answerWaiters, stopWaiting } from './users/custody.ts';
import { regrid } from './users/regrid.ts';
import { socketLost } from './users/sockets.ts';
import { begin, finish, reply, type Step } from './workspace.ts';

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
  /** A long poll has waited long enough. */
  | { readonly t: 'waited'; readonly token: Token }
  /** What is due is run, as before every event. */
  | { readonly t: 'tick' };

/** Changes `state` in place; the effects must be carried out in their fixed order, or the state thrown away. */
export function stepCell(state: AnyCell, event: CellEvent, at: EpochMs, chance: Chance): Effects {
  const { now, leadMs } = tellTime(state, at);
  const step = begin(state, now, chance);
  if (leadMs > 0) healClock(step, leadMs);
  if (event.t === 'request' && !initialise(step, event.envelope)) {
    reply(step, event.token, { t: 'uninitialised' });
    return step.effects;
  }
  if (!isInitialisedStep(step)) return whileUninitialised(step, event);
  if (event.t !== 'boot') {
    overdue(step);
    catchUp(step);
  }
  react(step, event);
  settle(step);
  if (event.t !== 'boot') {
    reportLoad(step);
    count(state.meter, now);
  }
  return finish(step, event.t === 'alarm');
}

function react(step: Step, event: CellEvent): void {
  switch (event.t) {
    case 'boot':
      boot(step, event.attachments, event.armedAt);
      return;
    case 'request':
      handle(step, event.envelope.request, { token: event.token, socket: event.socket === true });
      return;
    case 'reply':
      answerTo(step, event.call, event.reply);
      return;
    case 'alarm':
      noteAlarm(step.state.meter, step.state.armedAt, step.now);
      return;
    case 'socket_open':
      step.state.sockets.set(event.user, { session: event.session, outside: 0 });
      return;
    case 'socket_lost':
      socketLost(step, event.user);
      return;
    case 'connected':
      connected(step, event.connections);
      return;
    case 'disconnected':
      disconnected(step, event.user, event.id);
      return;
    case 'renewed':
      renewed(step, event.user, event.id, event.expiresAt);
      return;
    case 'waited':
      stopWaiting(step, event.token);
      return;
    case 'tick':
      return;
    default:
      unreachable(event, 'cell event');
  }
}

/** Takes in the row of the map that comes with a request, if it is newer; false when it must be asked for. */
function initialise(step: Step<AnyCell>, { request, mapRow: sent, version }: CellEnvelope): boolean {
  const { state } = step;
  const mapRow = sent ?? (request.t === 'init' || request.t === 'merge' ? request.mapRow : undefined);
  if (mapRow !== undefined && (state.mapRow === undefined || mapRow.version > state.mapRow.version)) {
    // A place that was given up begins anew when it is split or merged.
    const again = request.t === 'init' || request.t === 'merge';
    step.fresh = state.mapRow === undefined || (again && state.mapRow.draining === true);
    const grid = state.mapRow?.policy.gridLength ?? 0;
    applyMapRow(state, mapRow);
    if (isInitialisedStep(step)) regrid(step, grid);
    step.mapRowChanged = true;
  }
  if (state.mapRow === undefined) return false;
  return version === undefined || version <= state.mapRow.version || mapRow !== undefined;
}

const isInitialisedStep = (step: Step<AnyCell>): step is Step => isInitialised(step.state);

/** What follows from the event within the same step: arrivals are tried, and what is owed is sent. */
function settle(step: Step): void {
  // What is told to somebody here may free them, and who is free may be offered something.
  for (let rest = true; rest; ) {
    rest = false;
    for (const user of step.wakeCandidates.items()) {
      step.wakeCandidates.delete(user);
      const resident = step.state.users.get(user);
      if (resident !== undefined) wakeFor(step, resident);
      rest = true;
    }
    for (const id of step.owing.items()) {
      step.owing.delete(id);
      const question = step.state.questions.get(id);
      if (question !== undefined) deliver(step, question);
      rest = true;
    }
  }
  answerWaiters(step);
  splitWhenHot(step);
  carryOn(step);
}
