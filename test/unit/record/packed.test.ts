// An inbox on the disk and on its way: the same wherever it is unpacked, on whatever clock.
import { describe, expect, it } from 'vitest';
import { type EpochMs, epochMs, plusMs } from '../../../src/lib/brand.ts';
import { emptyInbox } from '../../../src/record/inbox.ts';
import { inboxBy, packInbox, unpackInbox } from '../../../src/record/packed.ts';
import { inboxHarness, sorted } from '../support/inbox-harness.ts';
import { qid, START } from '../support/names.ts';
import { item, questionItem } from '../support/user-harness.ts';

const KEEP = { keepMs: 600_000 };

/** A question asked at START, and one asked and ended a second later. */
function full() {
  const inbox = inboxHarness();
  inbox.deliver([questionItem(1, 'open', 'k'), item(2)], qid(1), KEEP);
  inbox.advance(1000);
  inbox.deliver([questionItem(1, 'open', 'k2'), questionItem(2, 'answered'), item(3)], qid(2), KEEP);
  inbox.deliver([item(1)], qid(3), KEEP);
  inbox.ack(1);
  return inbox;
}

describe('an inbox', () => {
  it('KEEP2 in a row has its times as they are, and comes back as it was', () => {
    const { inbox } = full();
    const packed = packInbox(inbox());
    expect(packed).toMatchObject({
      seq: 3,
      events: [{ seq: 2 }, { seq: 3 }],
      known: [
        [qid(1), { n: 2, purgeAt: START + 600_000, question: { key: 'k', at: START } }],
        [qid(2), { n: 3, question: { key: 'k2', at: START + 1000, endedAt: START + 1000 } }],
        [qid(3), { n: 1 }],
      ],
    });
    expect(unpackInbox(JSON.parse(JSON.stringify(packed)))).toEqual(inbox());
  });

  it('AGE1 in a message has durations, which are counted from when it was made', () => {
    const { inbox, now } = full();
    expect(packInbox(inbox(), plusMs(now(), 5000)).known).toMatchObject([
      [qid(1), { purgeAt: 594_000, question: { at: -6000 } }],
      [qid(2), { purgeAt: 595_000, question: { at: -5000, endedAt: -5000 } }],
      [qid(3), { purgeAt: 595_000 }],
    ]);
  });

  it('KEEP2 ONCE1 arrives at another object as it was, by that one’s clock', () => {
    const moved = full();
    moved.travel(epochMs(1000));
    const { events, known, keys, lastSeq, purgeAt } = moved.inbox();
    expect([lastSeq, [...events.keys()], [...keys]]).toEqual([
      3,
      [2, 3],
      [
        ['k', qid(1)],
        ['k2', qid(2)],
      ],
    ]);
    expect(known.get(qid(1))).toMatchObject({ incarnation: 1, n: 2, question: { at: 0, state: 'open' } });
    expect(known.get(qid(2))?.question).toMatchObject({ at: 1000, endedAt: 1000 });
    expect(known.get(qid(3))?.question).toBeUndefined();
    expect(purgeAt).toBe(600_000);
    moved.travel(plusMs(START, 1000));
    expect(sorted(moved.inbox())).toEqual(sorted(full().inbox()));
  });

  it('that is empty is empty wherever it comes', () => {
    expect(unpackInbox(packInbox(emptyInbox(), START), epochMs(5))).toEqual(emptyInbox());
  });

  it('OPEN1 carries why there was no room for a question', () => {
    const inbox = inboxHarness();
    inbox.deliver([questionItem(1, 'open', undefined, 0)]);
    inbox.travel(epochMs(0));
    expect(inbox.inbox().known.get(qid())?.question).toMatchObject({ refused: 'too_many_questions' });
    expect(full().inbox().known.get(qid(1))?.question).not.toHaveProperty('refused');
  });

  it('TIME2 is moved to another clock whole: its times, who has a key, and when something may go', () => {
    const { inbox } = full();
    const back = (time: EpochMs) => plusMs(time, -1000);
    const moved = inboxBy(back, inbox());
    expect(moved.purgeAt).toBe(START + 599_000);
    expect(moved.known.get(qid(2))).toEqual({
      incarnation: 1,
      n: 3,
      purgeAt: START + 600_000,
      question: { state: 'answered', key: 'k2', at: START, endedAt: START },
    });
    expect(moved.keys).toEqual(inbox().keys);
    expect(moved.events).toEqual(inbox().events);
    expect([...inbox().known.values()].map(({ question }) => question?.at)).toEqual([START, START + 1000, undefined]);
  });
});
