// Answers of other objects to this cell's calls, each handed to the room that asked. State read before the wait is not trusted.
import { unreachable } from '../lib/assert.ts';
import type { CellReply, ClaimReply, StateReply, UserReply } from '../messages/calls.ts';
import type { MapReply } from '../messages/resharding.ts';
import type { UserId } from '../protocol/ids.ts';
import { afterNudge } from './questions/arrival.ts';
import { type Delivered, delivered } from './questions/delivery.ts';
import { reserved, scouted } from './questions/searches.ts';
import { errandDone } from './resharding/carry-on.ts';
import { taken } from './resharding/takeover.ts';
import { stateOfHold } from './users/holds.ts';
import { claimed } from './users/pending-claims.ts';
import { forget, sentHome, thaw } from './users/recall.ts';
import type { Step } from './workspace.ts';

type Failed = { readonly t: 'failed' };

export function answerTo(step: Step, callId: number, answer: CellReply | UserReply | MapReply | Failed): void {
  const { state } = step;
  const what = state.calls.get(callId);
  // Of an earlier life of this object, or answered already.
  if (what === undefined) return;
  state.calls.delete(callId);
  switch (what.t) {
    case 'claim':
      claimed(
        step,
        what.user,
        callId,
        narrowed<ClaimReply>(answer, ['granted', 'pending', 'refused', 'stranger', 'problem']),
      );
      return;
    case 'scout': {
      const question = state.questions.get(what.question);
      if (question !== undefined)
        scouted(step, question, what.search, what.cell, narrowed<CellReply<'scout'>>(answer, ['scouted', 'moved']));
      return;
    }
    case 'reserve':
      reserved(step, what.offer, what.cell, narrowed<CellReply<'reserve'>>(answer, ['held', 'refused']));
      return;
    case 'deliver': {
      const question = state.questions.get(what.question);
      if (question === undefined) return;
      const heard = ['stored', 'elsewhere', 'pending', 'not_here', 'problem'];
      delivered(step, question, what.user, callId, narrowed<Delivered>(answer, heard));
      return;
    }
    case 'nudge':
      afterNudge(
        step,
        what.question,
        what.user,
        narrowed<CellReply<'nudge'>>(answer, ['tried', 'known', 'full', 'gone']),
      );
      return;
    case 'hold': {
      const state = narrowed<StateReply>(answer, ['state']);
      if (state.t === 'state') stateOfHold(step, what.user, what.offer, state);
      return;
    }
    case 'where':
      foundOut(step, what.user, narrowed<UserReply<'where'>>(answer, ['where']));
      return;
    case 'return':
      sentHome(step, what.user, what.epoch, narrowed<UserReply<'returnRecord'>>(answer, ['returned']).t === 'returned');
      return;
    case 'release':
    case 'dropBeacon':
    case 'missing':
      return;
    case 'take':
      taken(step, what.user, callId, narrowed<ClaimReply>(answer, ['granted', 'pending', 'refused', 'problem']));
      return;
    case 'task':
      errandDone(step, callId, what.lane, what.task, answer);
      return;
    default:
      unreachable(what, 'pending call');
  }
}

/** Where somebody is whose row is frozen here. */
function foundOut(step: Step, user: UserId, where: UserReply<'where'> | Failed): void {
  const resident = step.state.users.get(user);
  if (resident?.phase !== 'frozen' || where.t !== 'where') return;
  // At a later epoch somebody else holds the user, or has held them. At the same one nobody does: the record is at home.
  const isHome = where.free === true;
  if (where.epoch > resident.epoch || (isHome && where.epoch === resident.epoch))
    forget(step, user, resident.epoch, isHome);
  else if (where.epoch === resident.epoch && where.held === true) thaw(step, resident);
}

/** Whatever else came back (a busy object, an uninitialised one) is a failure of the call. */
function narrowed<T extends { readonly t: string }>(
  answer: CellReply | UserReply | MapReply | Failed,
  expected: readonly string[],
): T | Failed {
  return expected.includes(answer.t) ? (answer as unknown as T) : { t: 'failed' };
}
