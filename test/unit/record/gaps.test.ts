// History that was lost with a disk: the news after it is taken, and the first event says that others were before it.
import { describe, expect, it } from 'vitest';
import { inboxHarness } from '../support/inbox-harness.ts';
import { qid } from '../support/names.ts';
import { item, offerItem, questionItem } from '../support/user-harness.ts';

const GAP = { gap: true };

describe('KEEP2 news after what was acknowledged and is not known here', () => {
  it('is taken, and its first event alone says that there were others', () => {
    const inbox = inboxHarness();
    const { upTo, events } = inbox.deliver([item(6), item(7)], qid(), { after: 5 });
    expect(upTo).toBe(7);
    expect(events).toMatchObject([{ seq: 1, ...GAP }, { seq: 2 }]);
    expect(events[1]).not.toHaveProperty('gap');
    inbox.restart();
    expect([...inbox.inbox().events.values()]).toMatchObject([{ seq: 1, ...GAP }, { seq: 2 }]);
  });

  it('marks the first event behind changes without one', () => {
    const inbox = inboxHarness();
    const { events } = inbox.deliver([offerItem(4, 'accepted'), item(5), item(6)], qid(), { after: 3 });
    expect(events.map(({ gap }) => gap)).toEqual([true, undefined]);
  });

  it('is nothing to remark on when it comes again, or goes on', () => {
    const inbox = inboxHarness();
    inbox.deliver([item(6)], qid(), { after: 5 });
    expect(inbox.deliver([item(6)], qid(), { after: 5 })).toMatchObject({ upTo: 6, events: [] });
    expect(inbox.deliver([item(7)], qid(), { after: 6 }).events[0]).not.toHaveProperty('gap');
  });

  it('marks what comes after a part of the history too, of that question alone', () => {
    const inbox = inboxHarness();
    inbox.deliver([item(1), item(2)]);
    expect(inbox.deliver([item(1)], qid(2), { after: 0 }).events[0]).not.toHaveProperty('gap');
    expect(inbox.deliver([item(5)], qid(), { after: 4 })).toMatchObject({ upTo: 5, events: [{ seq: 4, ...GAP }] });
  });

  it('is no gap where as much is known, or more: an acknowledgement may have been lost', () => {
    const inbox = inboxHarness();
    inbox.deliver([item(1), item(2), item(3)]);
    for (const after of [0, 2, 3])
      expect(inbox.deliver([item(3)], qid(), { after })).toMatchObject({ upTo: 3, stored: 0 });
    const { upTo, events } = inbox.deliver([item(3), item(4)], qid(), { after: 2 });
    expect(upTo).toBe(4);
    expect(events).toMatchObject([{ seq: 4 }]);
    expect(events[0]).not.toHaveProperty('gap');
  });

  it('still refuses what comes after a gap in the delivery itself', () => {
    const inbox = inboxHarness();
    expect(inbox.deliver([item(6), item(8)], qid(), { after: 5 })).toMatchObject({ upTo: 6, stored: 1 });
    expect(inbox.deliver([item(8)], qid(), { after: 6 })).toMatchObject({ upTo: 6, stored: 0 });
  });

  it('begins anew with a later question of the same id', () => {
    const inbox = inboxHarness();
    inbox.deliver([item(1), item(2)], qid(), { incarnation: 1 });
    expect(inbox.deliver([item(2)], qid(), { incarnation: 2, after: 1 })).toMatchObject({
      upTo: 2,
      events: [{ seq: 3, ...GAP }],
    });
  });

  it('OPEN1 registers a question of which nothing is known any more, without judging it again', () => {
    const inbox = inboxHarness();
    expect(inbox.deliver([questionItem(3, 'dormant')], qid(), { after: 2 })).toMatchObject({ refused: undefined });
    expect(inbox.inbox().known.get(qid())?.question).toMatchObject({ state: 'dormant', at: inbox.now() });
  });
});
