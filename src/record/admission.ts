// OPEN1: who may ask one more question. The custodian of the asker's record says so, in the step that registers the question.
import type { QuestionId } from '../protocol/ids.ts';
import { INBOX_MAX } from '../protocol/limits.ts';
import { type Problem, type ProblemCode, problem } from '../protocol/problems.ts';
import type { Inbox } from './inbox.ts';

/** Why the user may not ask this question, or `undefined`. One that is registered is let through: it is a retry. */
export function refuseOneMore({ known, events }: Inbox, id: QuestionId, openMax: number): Problem | undefined {
  if (known.get(id)?.question !== undefined) return undefined;
  if (events.size >= INBOX_MAX) return refused('inbox_full', `${events.size} events wait to be acknowledged`, openMax);
  let open = 0;
  for (const { question } of known.values())
    if (question !== undefined && question.endedAt === undefined && question.refused === undefined) open++;
  if (open >= openMax) return refused('too_many_questions', `${open} are open`, openMax);
  return undefined;
}

/** The limit that is reached, by its name, and what it is. */
export const refusalOf = (code: ProblemCode, openMax: number): { readonly limit: string; readonly most: number } =>
  code === 'inbox_full' ? { limit: 'inbox', most: INBOX_MAX } : { limit: 'question.openMax', most: openMax };

const refused = (code: ProblemCode, detail: string, openMax: number): Problem => ({
  ...problem(code, detail),
  more: refusalOf(code, openMax),
});
