// OPEN1: who may ask one more question. The places of those that are on their way to their cells are held in memory alone: lost with it,
// a few too many may pass in that half minute, and none is counted twice.
import { plusMs } from '../lib/brand.ts';
import type { UserCalls } from '../messages/calls.ts';
import { INBOX_MAX } from '../protocol/limits.ts';
import { type Problem, type ProblemCode, problem } from '../protocol/problems.ts';
import type { Step } from './workspace.ts';

/** By then a question is registered, or was never asked. */
const PLACE_MS = 30_000;

type Admit = UserCalls['admit'];

/** Takes a place, or says why there is none. One that is known, or has its place, is let through: it is a retry. */
export function admit({ state, now }: Step, { id, openMax }: Admit['ask']): Admit['reply'] {
  if (state.known.get(id)?.question !== undefined) return { t: 'admitted' };
  for (const [one, until] of state.places) if (until <= now) state.places.delete(one);
  if (state.places.has(id)) return { t: 'admitted' };
  if (state.inbox.size >= INBOX_MAX)
    return refused('inbox_full', `${state.inbox.size} events wait to be acknowledged`, 'inbox', INBOX_MAX);
  let open = state.places.size;
  for (const { question } of state.known.values()) if (question !== undefined && question.endedAt === undefined) open++;
  if (open >= openMax) return refused('too_many_questions', `${open} are open`, 'question.openMax', openMax);
  state.places.set(id, plusMs(now, PLACE_MS));
  return { t: 'admitted' };
}

const refused = (code: ProblemCode, detail: string, limit: string, most: number): Problem => ({
  ...problem(code, detail),
  more: { limit, most },
});
