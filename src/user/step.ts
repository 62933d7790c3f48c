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
import { begin, finish, reply, type Tx } from './tx.ts';

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
  const tx = begin(state, now);
  if (leadMs > 0) healClock(tx, leadMs);
  if (event.t !== 'boot') {
    purge(tx);
    push(tx);
  }
  react(tx, event);
  return finish(tx, event.t === 'alarm');
}

function react(tx: Tx, event: UserEventIn): void {
  const { state } = tx;
  switch (event.t) {
    case 'boot':
      state.pseudonym = event.pseudonym;
      state.armedAt = event.armedAt !== undefined && event.armedAt > tx.now ? event.armedAt : undefined;
      // A recall that was under way when the object died goes on.
      sendRecall(tx);
      pushAgain(tx);
      return;
    case 'request':
      handle(tx, event.request, event.token);
      return;
    case 'reply':
      answerTo(tx, event.call, event.reply);
      return;
    case 'alarm':
      return;
    case 'waited':
      stopWaiting(tx, event.token);
      return;
    default:
      unreachable(event, 'user event');
  }
}

function handle(tx: Tx, request: UserRequest, token: number): void {
  const { state } = tx;
  switch (request.t) {
    case 'claim':
      claim(tx, request, token);
      return;
    case 'leave':
      leave(tx, request, token);
      return;
    case 'returnRecord':
      reply(tx, token, returned(tx, request));
      return;
    case 'deliver':
      reply(tx, token, deliver(tx, request));
      return;
    case 'admit':
      reply(tx, token, admit(tx, request));
      return;
    case 'events':
      events(tx, request, token);
      return;
    case 'ack':
      reply(tx, token, acknowledge(tx, request.seq));
      return;
    case 'where': {
      // A frozen holder asks it: whoever claimed may have gone while the recall's answer was lost, and nobody else repeats it.
      sendRecall(tx);
      reply(tx, token, where(state));
      return;
    }
    case 'questions':
      reply(tx, token, ownQuestions(state, request.after, request.limit));
      return;
    case 'offers': {
      const live = [...state.known.values()].flatMap(({ offer }) =>
        offer?.state === 'pending' || offer?.state === 'accepted' ? [offer.view] : [],
      );
      reply(tx, token, { t: 'offers', items: live });
      return;
    }
    default:
      reply(tx, token, unknownCall(request));
  }
}

function where({ meta }: UserState): UserReply<'where'> {
  const { holding = { t: 'free' } as const, epoch = 0 } = meta ?? {};
  if (holding.t !== 'free') return { t: 'where', cell: holding.cell, epoch };
  return { t: 'where', cell: holding.last ?? null, epoch, free: true };
}

function answerTo(tx: Tx, callId: number, answer: CellReply | UserReply | { readonly t: 'failed' }): void {
  const what = tx.state.calls.get(callId);
  if (what === undefined) return;
  tx.state.calls.delete(callId);
  if (what.t === 'recall') recalled(tx, callId, isRecall(answer) ? answer : { t: 'failed' });
  else if (what.t === 'push') pushed(tx, callId, answer.t === 'done');
}

function isRecall(answer: { readonly t: string }): answer is CellReply<'recall'> {
  return answer.t === 'record' || answer.t === 'no_row' || answer.t === 'kept';
}
