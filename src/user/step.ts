// The UserObject: one event in, effects out; like the cell, it reads nothing but its state and the event.

import type { Effects } from '../engine/effects.ts';
import { unreachable } from '../lib/assert.ts';
import type { EpochMs } from '../lib/brand.ts';
import { tellTime } from '../lib/clock.ts';
import type { CellReply, UserReply, UserRequest } from '../messages/calls.ts';
import { unknownCall } from '../protocol/problems.ts';
import { admit } from './admission.ts';
import { healClock } from './heal-clock.ts';
import { claim } from './holder.ts';
import { acknowledge, deliver, events, purge, push, pushAgain, pushed, stopWaiting } from './inbox.ts';
import { leave } from './leaving.ts';
import { ownQuestions } from './own-questions.ts';
import { recalled, returned, sendRecall } from './recalls.ts';
import type { UserState } from './state.ts';
import { begin, finish, reply, type Step } from './workspace.ts';

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
  purge(step);
  push(step);
  react(step, event);
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
      pushAgain(step);
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
      reply(step, token, deliver(step, request));
      return;
    case 'admit':
      reply(step, token, admit(step, request));
      return;
    case 'events':
      events(step, request, token);
      return;
    case 'ack':
      reply(step, token, acknowledge(step, request.seq));
      return;
    case 'where': {
      // A frozen holder asks it: whoever claimed may have gone while the recall's answer was lost, and nobody else repeats it.
      sendRecall(step);
      reply(step, token, where(state));
      return;
    }
    case 'questions':
      reply(step, token, ownQuestions(state, request.after, request.limit));
      return;
    case 'offers': {
      const live = [...state.known.values()].flatMap(({ offer }) =>
        offer?.state === 'pending' || offer?.state === 'accepted' ? [offer.view] : [],
      );
      reply(step, token, { t: 'offers', items: live });
      return;
    }
    default:
      reply(step, token, unknownCall(request));
  }
}

function where({ meta }: UserState): UserReply<'where'> {
  const { holding = { t: 'free' } as const, epoch = 0 } = meta ?? {};
  if (holding.t !== 'free') return { t: 'where', cell: holding.cell, epoch };
  return { t: 'where', cell: holding.last ?? null, epoch, free: true };
}

function answerTo(step: Step, callId: number, answer: CellReply | UserReply | { readonly t: 'failed' }): void {
  const { calls, recallCall, push: out } = step.state;
  calls.delete(callId);
  // Nobody waits for what comes of a `forget`, nor of a recall that the record has crossed.
  if (callId === recallCall) recalled(step, answer);
  else if (callId === out.call) pushed(step, answer.t === 'done');
}
