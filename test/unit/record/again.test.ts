// A question whose id comes again: a key that is used once more after its question was forgotten, at the same place.
import { describe, expect, it } from 'vitest';
import { inboxHarness } from '../support/inbox-harness.ts';
import { qid } from '../support/names.ts';
import { item, questionItem } from '../support/user-harness.ts';

const DAY_MS = 24 * 3_600_000;
const as = (incarnation: number) => ({ keepMs: 3 * DAY_MS, incarnation });
const opened = questionItem(1, 'open', 'k');

describe('a question of an id that was there before', () => {
  it('KEEP2 begins its stream anew, and nothing of it is taken for known', () => {
    const inbox = inboxHarness();
    inbox.deliver([opened, item(2), item(3)], qid(), as(1));
    expect(inbox.deliver([opened, item(2)], qid(), as(2))).toMatchObject({ upTo: 2, duplicateOf: undefined });
    expect(inbox.seqs()).toEqual([1, 2, 3]);
    inbox.restart();
    expect(inbox.deliver([item(2), item(3)], qid(), as(2))).toMatchObject({ upTo: 3, stored: 1 });
    expect(inbox.seqs()).toEqual([1, 2, 3, 4]);
  });

  it('KEEP2 leaves late news of the one before to nobody', () => {
    const inbox = inboxHarness();
    inbox.deliver([opened], qid(), as(2));
    expect(inbox.deliver([item(7)], qid(), as(1))).toMatchObject({ upTo: 7, stored: 0 });
    expect(inbox.seqs()).toEqual([]);
    expect(inbox.deliver([], qid(), as(1)), 'none').toMatchObject({ upTo: 0 });
  });

  it('ONCE1 a key is free a day after the end of its question, and not before', () => {
    const inbox = inboxHarness();
    inbox.deliver([opened, questionItem(2, 'answered')], qid(1), as(1));
    inbox.advance(DAY_MS - 1000);
    expect(inbox.deliver([opened], qid(2), as(2))).toMatchObject({ duplicateOf: qid(1) });
    inbox.advance(1000);
    expect(inbox.deliver([opened], qid(3), as(3))).toMatchObject({ upTo: 1, duplicateOf: undefined });
    inbox.restart();
    expect(inbox.deliver([item(2)], qid(3), as(3))).toMatchObject({ upTo: 2, duplicateOf: undefined });
  });
});
