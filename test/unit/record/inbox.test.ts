// The inbox: exactly once, in order for each question, numbered without gaps, kept until it is acknowledged.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plusMs } from '../../../src/lib/brand.ts';
import type { StreamItem } from '../../../src/messages/records.ts';
import { acknowledgedUpTo, emptyInbox, eventsAfter, type Inbox, purge, timesNoted } from '../../../src/record/inbox.ts';
import { packInbox, unpackInbox } from '../../../src/record/packed.ts';
import { inboxHarness } from '../support/inbox-harness.ts';
import { oid, qid, START } from '../support/names.ts';
import { item, offerItem, questionItem } from '../support/user-harness.ts';

const DAY_MS = 86_400_000;

/** How often somebody has begun to look through all that is known. */
function countLooks({ known }: Inbox): () => number {
  let looks = 0;
  const counted = <T>(of: () => T) => {
    return (): T => {
      looks++;
      return of();
    };
  };
  known.values = counted(known.values.bind(known));
  known[Symbol.iterator] = counted(known[Symbol.iterator].bind(known));
  return () => looks;
}
const many = (count: number, from = 1): readonly StreamItem[] =>
  Array.from({ length: count }, (_, i) => item(from + i));

describe('taking news', () => {
  it('KEEP2 takes what is new, ignores what is known, refuses what comes after a gap', () => {
    const inbox = inboxHarness();
    expect(inbox.deliver([item(1), item(2)])).toMatchObject({ upTo: 2, stored: 2 });
    expect(inbox.deliver([item(1), item(2)])).toMatchObject({ upTo: 2, stored: 0, events: [] });
    expect(inbox.deliver([item(2), item(3)])).toMatchObject({ upTo: 3, stored: 1, events: [{ seq: 3 }] });
    expect(inbox.deliver([item(5), item(6)])).toMatchObject({ upTo: 3, stored: 0 });
    expect(inbox.seqs()).toEqual([1, 2, 3]);
  });

  it('KEEP2 a stream that begins with a gap is not begun', () => {
    const inbox = inboxHarness();
    expect(inbox.deliver([item(2)])).toMatchObject({ upTo: 0, stored: 0 });
    expect(inbox.inbox()).toEqual(emptyInbox());
    expect(inbox.deliver([item(1), item(2)])).toMatchObject({ upTo: 2 });
  });

  it('numbers events alone: changes without an event take no number', () => {
    const inbox = inboxHarness();
    inbox.deliver([questionItem(1, 'open'), item(2), questionItem(3, 'answered'), item(4)]);
    expect(inbox.seqs()).toEqual([1, 2]);
  });

  it('tells what is new of events and offers, and nothing of what was known', () => {
    const inbox = inboxHarness();
    const made = { ...offerItem(1, 'pending'), ...item(1, 'offer.made') };
    const offers = [{ id: oid(1), state: 'pending' }];
    expect(inbox.deliver([made])).toMatchObject({ events: [{ seq: 1, type: 'offer.made' }], offers });
    const taken = inbox.deliver([made, offerItem(2, 'accepted')]);
    expect(taken).toMatchObject({ events: [], offers: [{ id: oid(1), state: 'accepted' }] });
    expect(taken.offers).toHaveLength(1);
    expect(inbox.deliver([item(3)])).toMatchObject({ events: [{ seq: 2 }], offers: [] });
  });

  it('KEEP2 each event of each question exactly once and in order, whatever is repeated, lost, moved and restarted', () => {
    const act = fc.oneof(
      fc.record({
        t: fc.constant('deliver' as const),
        q: fc.integer({ min: 1, max: 3 }),
        from: fc.integer({ min: 1, max: 9 }),
        count: fc.integer({ min: 0, max: 4 }),
      }),
      fc.record({ t: fc.constant('ack' as const), seq: fc.integer({ min: 0, max: 30 }) }),
      fc.record({ t: fc.constant('restart' as const) }),
      fc.record({ t: fc.constant('travel' as const), ms: fc.integer({ min: -9000, max: 9000 }) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const inbox = inboxHarness();
        const stored = new Map<number, number>();
        const read: number[] = [];
        let acked = 0;
        for (const one of acts) {
          if (one.t === 'restart') inbox.restart();
          else if (one.t === 'travel') inbox.travel(plusMs(inbox.now(), one.ms));
          else if (one.t === 'ack') {
            read.push(...inbox.seqs(acked).filter((seq) => seq <= one.seq));
            inbox.ack(one.seq);
            acked = Math.max(acked, ...read);
            expect(acknowledgedUpTo(inbox.inbox())).toBe(acked);
          } else {
            const before = stored.get(one.q) ?? 0;
            const upTo = one.from + one.count - 1;
            const after = one.from <= before + 1 ? Math.max(before, upTo) : before;
            expect(inbox.deliver(many(one.count, one.from), qid(one.q))).toMatchObject({ upTo: after });
            stored.set(one.q, after);
          }
        }
        read.push(...inbox.seqs(acked));
        const total = [...stored.values()].reduce((sum, n) => sum + n, 0);
        expect(read).toEqual(Array.from({ length: total }, (_, i) => i + 1));
      }),
      { numRuns: 80 },
    );
  });
});

describe('acknowledging', () => {
  it('KEEP2 removes everything up to the number, and nothing else ever does', () => {
    const inbox = inboxHarness();
    inbox.deliver(many(3));
    expect(inbox.ack(2)).toBe(2);
    inbox.restart();
    inbox.advance(30 * DAY_MS);
    expect(inbox.seqs()).toEqual([3]);
    expect(inbox.ack(1)).toBe(1);
    expect(inbox.seqs()).toEqual([3]);
  });

  it('KEEP2 cannot reach ahead of what was given', () => {
    const inbox = inboxHarness();
    inbox.deliver([item(1)]);
    expect(inbox.ack(99)).toBe(1);
    inbox.deliver([item(2)]);
    expect(inbox.seqs()).toEqual([2]);
  });

  it('is told by the last number up to which all are gone', () => {
    const inbox = inboxHarness();
    const upTo = () => acknowledgedUpTo(inbox.inbox());
    expect(upTo()).toBe(0);
    inbox.deliver(many(12));
    expect(upTo()).toBe(0);
    inbox.ack(7);
    expect(upTo()).toBe(7);
    inbox.restart();
    expect(upTo()).toBe(7);
    inbox.ack(12);
    expect(upTo()).toBe(12);
  });

  it('KEEP2 numbers go on after everything was acknowledged, forgotten and restarted', () => {
    const inbox = inboxHarness();
    inbox.deliver(many(2), qid(), { keepMs: 1000 });
    inbox.ack(2);
    inbox.restart();
    inbox.deliver([item(1)], qid(2), { keepMs: 1000 });
    expect(inbox.seqs()).toEqual([3]);
    inbox.ack(3);
    inbox.advance(2000);
    expect(inbox.inbox().known.size, 'both streams are forgotten').toBe(0);
    inbox.restart();
    inbox.deliver([item(1)], qid(3));
    expect(inbox.seqs()).toEqual([4]);
  });
});

describe('a page', () => {
  const PAGE_BYTES = 64 * 1024;
  const told = (n: number, bytes: number): StreamItem => ({
    n,
    event: { type: 'question.dormant', at: '', data: { question: { text: '€'.repeat(bytes / 3) } as never } },
  });

  it('goes on after a number, with as many as are asked for, and removes nothing', () => {
    const inbox = inboxHarness();
    inbox.deliver(many(5));
    expect(eventsAfter(inbox.inbox(), 1, 2)).toMatchObject({ items: [{ seq: 2 }, { seq: 3 }], next: 3 });
    expect(eventsAfter(inbox.inbox(), 5, 200)).toEqual({ t: 'events', items: [], next: 5 });
    expect(inbox.seqs()).toHaveLength(5);
  });

  it('KEEP2 has events in their order, however they lie', () => {
    const inbox = inboxHarness();
    inbox.deliver(many(12));
    const packed = packInbox(inbox.inbox());
    const shuffled = unpackInbox({ ...packed, events: packed.events.toReversed() });
    expect(eventsAfter(shuffled, 7, 3).items.map(({ seq }) => seq)).toEqual([8, 9, 10]);
  });

  it('STREAM3 after a number that was never given is the first, and says so', () => {
    const inbox = inboxHarness();
    expect(eventsAfter(inbox.inbox(), 5, 10)).toEqual({ t: 'events', items: [], next: 0, reset: true });
    inbox.deliver(many(2));
    inbox.restart();
    expect(eventsAfter(inbox.inbox(), 3, 10)).toMatchObject({ items: [{ seq: 1 }, { seq: 2 }], next: 2, reset: true });
    expect(eventsAfter(inbox.inbox(), 2, 10)).toEqual({ t: 'events', items: [], next: 2 });
  });

  it('INBOX2 ends at 100 events, or at 64 KiB of them, and goes on behind its last', () => {
    const inbox = inboxHarness();
    inbox.deliver(many(120));
    const first = eventsAfter(inbox.inbox(), 0, 1000);
    expect(first).toMatchObject({ next: 100 });
    expect(inbox.seqs(first.next)).toEqual(Array.from({ length: 20 }, (_, i) => 101 + i));
    inbox.deliver(Array.from({ length: 20 }, (_, i) => told(i + 121, 12_000)));
    let after = 120;
    for (let pages = 0; after < 140; pages++) {
      const page = eventsAfter(inbox.inbox(), after, 1000);
      expect(page.items.length).toBeGreaterThan(0);
      expect(new TextEncoder().encode(JSON.stringify(page.items)).length).toBeLessThanOrEqual(PAGE_BYTES);
      expect(pages).toBeLessThan(5);
      after = page.next;
    }
  });

  it('INBOX2 has one event at least', () => {
    const inbox = inboxHarness();
    inbox.deliver([told(1, 90_000), told(2, 90_000)]);
    expect(inbox.seqs()).toEqual([1]);
  });
});

describe('what is known of questions', () => {
  const known = (inbox: ReturnType<typeof inboxHarness>) => [...inbox.inbox().known.keys()];

  it('is let go when its question is long gone, and not before', () => {
    const inbox = inboxHarness();
    inbox.deliver([item(1)], qid(2), { keepMs: 9000 });
    inbox.deliver([item(1)], qid(1), { keepMs: 5000 });
    inbox.advance(4999);
    expect(known(inbox)).toEqual([qid(2), qid(1)]);
    inbox.advance(1);
    expect(known(inbox)).toEqual([qid(2)]);
    expect(purge(inbox.inbox(), plusMs(inbox.now(), 3999))).toBe(false);
    expect(purge(inbox.inbox(), plusMs(inbox.now(), 4000))).toBe(true);
    expect(purge(inbox.inbox(), plusMs(inbox.now(), 9000)), 'there is none').toBe(false);
  });

  it('is let go one after the other, in whatever order it came, over a restart too', () => {
    const inbox = inboxHarness();
    for (const [n, keepMs] of [4000, 1000, 3000, 2000].entries()) inbox.deliver([item(1)], qid(n), { keepMs });
    inbox.restart();
    for (const left of [3, 2, 1, 0]) {
      inbox.advance(1000);
      expect(known(inbox)).toHaveLength(left);
    }
  });

  it('looks through what it knows only when something may go', () => {
    const inbox = inboxHarness();
    for (let n = 1; n <= 20; n++) inbox.deliver([item(1)], qid(n), { keepMs: n * DAY_MS });
    inbox.restart();
    const looked = countLooks(inbox.inbox());
    const looksOf = (act: () => unknown): number => {
      const before = looked();
      act();
      return looked() - before;
    };
    const now = inbox.now();
    expect(looksOf(() => purge(inbox.inbox(), now))).toBe(0);
    // The check of the harness looks through it once.
    expect(looksOf(() => inbox.deliver([item(2)], qid(20), { keepMs: 99 * DAY_MS }))).toBe(1);
    expect(looksOf(() => inbox.deliver([item(1)], qid(21), { keepMs: 99 * DAY_MS }))).toBe(1);
    expect(looksOf(() => purge(inbox.inbox(), plusMs(now, DAY_MS)))).toBeGreaterThan(0);
    expect(inbox.inbox().purgeAt).toBe(now + 2 * DAY_MS);
  });

  it('waits no longer for a question whose id another one has taken', () => {
    const inbox = inboxHarness();
    inbox.deliver([item(1)], qid(), { keepMs: 1000 });
    inbox.deliver([item(1)], qid(), { keepMs: DAY_MS, incarnation: 2 });
    expect(inbox.inbox().purgeAt).toBe(START + DAY_MS);
    inbox.restart();
    inbox.advance(DAY_MS);
    expect(known(inbox)).toEqual([]);
  });

  it('TIME1 has the times at which questions were asked and ended', () => {
    const inbox = inboxHarness();
    inbox.deliver([questionItem(1, 'open')], qid(1));
    inbox.advance(5);
    inbox.deliver([questionItem(2, 'answered')], qid(1));
    inbox.deliver([item(1)], qid(2));
    expect([...timesNoted(inbox.inbox())]).toEqual([START, START + 5, undefined, undefined]);
  });
});
