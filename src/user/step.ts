// The UserObject: one event in, effects out; like the cell, it reads nothing but its state and the event.

import type { Effects } from '../engine/effects.ts';
import { unreachable } from '../lib/assert.ts';
import type { EpochMs } from '../lib/brand.ts';
import { tellTime } from '../lib/clock.ts';
import type { CellReply, UserReply, UserRequest } from '../messages/calls.ts';
import { unknownCall } from '../protocol/problems.ts';
import { purge } from '../record/inbox.ts';
import { healClock } from './heal-clock.ts';
import { claim } from './holder.ts';
import { answerWaiters, serve, stopWaiting } from './home.ts';
import { leave } from './leaving.ts';
import { probe, probed, recalled, returned, sendRecall } from './recalls.ts';
import type { UserState } from './state.ts';
import { begin, finish, isHome, reply, type Step } from './workspace.ts';

export type UserEventIn =
  /** The object was constructed; `pseudonym` is for a user who has none yet, `armedAt` the alarm on disk. */
  | { readonly t: 'boot'; readonly pseudonym: string; readonly armedAt: EpochMs | undefined }
  | { readonly t: 'request'; readonly request: UserRequest; readonly token: number }
  | { readonly t: 'reply'; readonly call: number; readonly reply: CellReply | UserReply | { readonly t: 'failed' } }
  | { readonly t: 'alarm' }
  /** A long poll has waited long enough. */
  | { readonly t: 'waited'; readonly token: number };

/** Changes `state` in place; the effects must be carried out in their fixed order, or the state thrown away. */
export function stepUser(state: UserState, event: UserEventIn, at: EpochMs): Effects {
  const { now, leadMs } = tellTime(state, at);
  const step = begin(state, now);
  if (leadMs > 0) healClock(step, leadMs);
  if (isHome(state) && state.meta !== undefined && purge(state.inbox, now)) step.meta = true;
  react(step, event);
  answerWaiters(step);
  return finish(step, event.t === 'alarm');
}

function react(step: Step, event: UserEventIn): void {
  const { state } = step;
  switch (event.t) {
    case 'boot':
      state.pseudonym = event.pseudonym;
      state.armedAt = event.armedAt;
      // A recall that was under way when the object died goes on.
      sendRecall(step);
      return;
    case 'request':
      handle(step, event.request, event.token);
      return;
    case 'reply':
      answerTo(step, event.call, event.reply);
      return;
    case 'alarm':
      return;
    case 'waited':
      stopWaiting(step, event.token);
      return;
    default:
      unreachable(event, 'user event');
  }
}

function handle(step: Step, request: UserRequest, token: number): void {
  const { state } = step;
  switch (request.t) {
    case 'claim':
      claim(step, request, token);
      return;
    case 'leave':
      leave(step, request, token);
      return;
    case 'returnRecord':
      reply(step, token, returned(step, request));
      return;
    case 'deliver':
    case 'events':
    case 'ack':
    case 'questions':
    case 'offers':
      serve(step, request, token);
      return;
    case 'missing':
      probe(step, request);
      reply(step, token, { t: 'done' });
      return;
    case 'where': {
      // A frozen holder asks it: whoever claimed may have gone while the recall's answer was lost, and nobody else repeats it.
      sendRecall(step);
      const at = where(state);
      // On that word a row is thawed: an older instance, which has not heard of a later epoch, must not give it.
      if (at.t === 'where' && at.held === true) step.meta = true;
      reply(step, token, at);
      return;
    }
    default:
      reply(step, token, unknownCall(request));
  }
}

function where({ meta }: UserState): UserReply<'where'> {
  const { holding = { t: 'free' } as const, epoch = 0 } = meta ?? {};
  if (holding.t !== 'free')
    return { t: 'where', cell: holding.cell, epoch, ...(holding.t === 'held' ? { held: true } : {}) };
  return { t: 'where', cell: holding.last ?? null, epoch, free: true };
}

function answerTo(step: Step, callId: number, answer: CellReply | UserReply | { readonly t: 'failed' }): void {
  const { calls, recallCall, probe: asked } = step.state;
  calls.delete(callId);
  // Nobody waits for what comes of a `forget` or a `push`, nor of a recall that the record has crossed.
  if (callId === recallCall) recalled(step, answer);
  else if (callId === asked?.call) probed(step, answer);
}
