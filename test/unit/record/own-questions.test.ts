// A user's questions in pages: every one once, the newest first, whatever is asked or forgotten between two pages.
import { describe, expect, it } from 'vitest';
import { epochMs } from '../../../src/lib/brand.ts';
import type { QuestionId } from '../../../src/protocol/ids.ts';
import { emptyInbox, type Inbox } from '../../../src/record/inbox.ts';
import { ownQuestions } from '../../../src/record/own-questions.ts';
import { qid } from '../support/names.ts';

const asked = (inbox: Inbox, n: number, at: number): void => {
  inbox.known.set(qid(n), {
    incarnation: 1,
    n: 1,
    purgeAt: epochMs(at + 1),
    question: { state: 'cancelled', key: undefined, at: epochMs(at), endedAt: undefined },
  });
};

const all = (inbox: Inbox, limit: number, between: () => void = () => undefined): readonly QuestionId[] => {
  const seen: QuestionId[] = [];
  for (let page = ownQuestions(inbox, undefined, limit); ; page = ownQuestions(inbox, page.next, limit)) {
    expect(page.ids.length).toBeLessThanOrEqual(limit);
    seen.push(...page.ids);
    if (page.next === undefined) return seen;
    between();
  }
};

/** A time in the middle of those of `many`, as a cursor has it. */
const MIDDLE = (1020).toString(36);

describe('LIST1 a user’s questions', () => {
  const many = (): Inbox => {
    const inbox = emptyInbox();
    // Several of the same moment too.
    for (let n = 0; n < 120; n++) asked(inbox, n, 1000 + Math.floor(n / 3));
    return inbox;
  };

  it('come in pages, each once, the newest first', () => {
    const seen = all(many(), 50);
    expect(seen).toHaveLength(120);
    expect(new Set(seen).size).toBe(120);
    const at = seen.map((id) => many().known.get(id)?.question?.at ?? 0);
    expect(at).toEqual([...at].sort((a, b) => b - a));
    expect(ownQuestions(many(), undefined, 120).next).toBeUndefined();
    expect(ownQuestions(emptyInbox(), undefined, 50)).toEqual({ t: 'questions', ids: [] });
  });

  it('go on from where the page ended when its last question was forgotten, or others were asked', () => {
    const inbox = many();
    let n = 500;
    const seen = all(inbox, 7, () => {
      asked(inbox, n++, 5000);
      const last = [...inbox.known.keys()].at(60);
      if (last !== undefined) inbox.known.delete(last);
    });
    expect(new Set(seen).size).toBe(seen.length);
    for (const id of [...inbox.known.keys()].filter((id) => (inbox.known.get(id)?.question?.at ?? 0) < 5000))
      expect(seen).toContain(id);
  });

  it('of one moment come in one order, however they lie in memory, and none is left out at a page’s end', () => {
    const inbox = emptyInbox();
    for (const n of [3, 1, 5, 2, 4]) asked(inbox, n, 1000);
    for (const limit of [1, 2, 5]) expect(all(inbox, limit)).toEqual([1, 2, 3, 4, 5].map((n) => qid(n)));
  });

  it.each([
    ['nothing', ''],
    ['no time', `.${qid(110)}`],
    ['no id', `${MIDDLE}.`],
    ['an id of nobody', `${MIDDLE}.x`],
    ['no cursor', 'abc'],
  ])('begin at the beginning after what says %s', (_, cursor) => {
    expect(ownQuestions(many(), cursor, 50)).toEqual(ownQuestions(many(), undefined, 50));
  });

  it('tell nothing of questions of others', () => {
    const inbox = many();
    for (const [id, known] of inbox.known) inbox.known.set(id, { ...known, question: undefined });
    expect(ownQuestions(inbox, undefined, 50).ids).toEqual([]);
  });
});
