// The user's own questions in pages, the newest first. A page names where the next one begins, whatever has been forgotten meanwhile.
import { type EpochMs, epochMs } from '../lib/brand.ts';
import type { RecordCalls } from '../messages/calls.ts';
import { isQuestionId, type QuestionId } from '../protocol/ids.ts';
import type { Inbox } from './inbox.ts';

type Own = { readonly id: QuestionId; readonly at: EpochMs };

/** One is not after itself: a page goes on behind its cursor. */
const byNewest = (a: Own, b: Own): number => b.at - a.at || (a.id > b.id ? 1 : -1);

/** @param after `next` of the page before. */
export function ownQuestions(
  { known }: Inbox,
  after: string | undefined,
  limit: number,
): RecordCalls['questions']['reply'] {
  const from = after === undefined ? undefined : cursorOf(after);
  const own = [...known].flatMap(([id, { question }]): readonly Own[] =>
    question === undefined ? [] : [{ id, at: question.at }],
  );
  const rest = own.filter((one) => from === undefined || byNewest(one, from) > 0).sort(byNewest);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    t: 'questions',
    ids: page.map(({ id }) => id),
    ...(last === undefined || rest.length <= limit ? {} : { next: `${last.at.toString(36)}.${last.id}` }),
  };
}

/** What is no cursor of ours begins at the beginning: the edge has looked at its form. */
function cursorOf(text: string): Own | undefined {
  const at = Number.parseInt(text, 36);
  const id = text.slice(text.indexOf('.') + 1);
  return Number.isFinite(at) && isQuestionId(id) ? { id, at: epochMs(at) } : undefined;
}
