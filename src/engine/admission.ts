// OPEN1: what becomes of an ask by what the asker's object says of one more question. Pure: the edge waits over promises, simulated people
// over their timeline.
import type { UserReply } from '../messages/calls.ts';
import { isProblem, type Problem } from '../protocol/problems.ts';

export type AfterAdmit =
  | { readonly t: 'again'; readonly waitMs: number }
  /** `refused`: a new one is not asked; what was asked before under its key is answered all the same. */
  | { readonly t: 'ask'; readonly refused?: Problem }
  | { readonly t: 'refused'; readonly problem: Problem };

const TRIES_MAX = 3;
const AGAIN_MS = 150;

/** @param tries how often the object was asked, this time included */
export function afterAdmit(reply: UserReply<'admit'>, tries: number, isKeyed: boolean): AfterAdmit {
  if (!isProblem(reply)) return { t: 'ask' };
  // That one has just ended may not have come to their object yet.
  if (reply.code === 'too_many_questions' && tries < TRIES_MAX) return { t: 'again', waitMs: AGAIN_MS };
  return isKeyed ? { t: 'ask', refused: reply } : { t: 'refused', problem: reply };
}
