// The inbox: exactly once, in order for each question, numbered without gaps, kept until it is acknowledged.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '../../../src/lib/assert.ts';
import type { StreamItem } from '../../../src/messages/records.ts';
import type { OfferState } from '../../../src/protocol/views.ts';
import type { UserState } from '../../../src/user/state.ts';
import { stepUser } from '../../../src/user/step.ts';
import { ana, CELL, oid, qid } from '../support/names.ts';
import { item, offerItem, questionItem, userHarness } from '../support/user-harness.ts';

const DAY_MS = 86_400_000;
/** How often somebody has begun to look through all that is known. */
function countLooks({ known }: UserState): () => number {
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
const seqs = (page: { items: readonly { seq: number }[] }) => page.items.map(({ seq }) => seq);

describe('delivering', () => {
  it('KEEP2 stores what is new, ignores what is known, refuses what comes after a gap', () => {
    const user = userHarness();
    expect(user.deliver([item(1), item(2)])).toEqual({ t: 'stored', upTo: 2 });
    expect(user.deliver([item(1), item(2)])).toEqual({ t: 'stored', upTo: 2 });
    expect(user.deliver([item(2), item(3)])).toEqual({ t: 'stored', upTo: 3 });
    expect(user.deliver([item(5), item(6)])).toEqual({ t: 'stored', upTo: 3 });
    expect(seqs(user.events())).toEqual([1, 2, 3]);
  });

  it('KEEP2 a stream that begins with a gap is not begun', () => {
    const user = userHarness();
    expect(user.deliver([item(2)])).toEqual({ t: 'stored', upTo: 0 });
    expect(user.events().items).toEqual([]);
    expect(user.deliver([item(1), item(2)])).toEqual({ t: 'stored', upTo: 2 });
  });

  it('KEEP2 is stored before it is acknowledged: in the step of the answer', () => {
    const user = userHarness();
    const request = {
      t: 'deliver',
      user: ana,
      questionId: qid(),
      incarnation: 1,
      keepMs: 1000,
      items: [item(1)],
    } as const;
    const effects = user.step({ t: 'request', request, token: 50 });
    expect(effects.replies).toEqual([{ token: 50, value: { t: 'stored', upTo: 1 } }]);
    expect(effects.rows.map(({ table, key }) => `${table}/${key}`)).toEqual(
      expect.arrayContaining(['inbox/1', `known/${qid()}`]),
    );
  });

  it('numbers events alone: changes without an event take no number', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open'), item(2), questionItem(3, 'answered'), item(4)]);
    expect(seqs(user.events())).toEqual([1, 2]);
  });

  it('KEEP2 each event of each question exactly once and in order, whatever is repeated, lost and restarted', () => {
    const act = fc.oneof(
      fc.record({
        t: fc.constant('deliver' as const),
        q: fc.integer({ min: 1, max: 3 }),
        from: fc.integer({ min: 1, max: 9 }),
        count: fc.integer({ min: 0, max: 4 }),
      }),
      fc.record({ t: fc.constant('ack' as const), seq: fc.integer({ min: 0, max: 30 }) }),
      fc.record({ t: fc.constant('restart' as const) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const user = userHarness();
        const stored = new Map<number, number>();
        const read: number[] = [];
        let acked = 0;
        for (const one of acts) {
          if (one.t === 'restart') user.restart();
          else if (one.t === 'ack') {
            read.push(...seqs(user.events(acked)).filter((seq) => seq <= one.seq));
            user.request({ t: 'ack', user: ana, seq: one.seq });
            acked = Math.max(acked, ...read, acked);
          } else {
            const before = stored.get(one.q) ?? 0;
            const upTo = one.from + one.count - 1;
            const after = one.from <= before + 1 ? Math.max(before, upTo) : before;
            const items = Array.from({ length: one.count }, (_, i) => item(one.from + i));
            expect(user.deliver(items, qid(one.q))).toMatchObject({ upTo: after });
            stored.set(one.q, after);
          }
        }
        read.push(...seqs(user.events(acked)));
        const total = [...stored.values()].reduce((sum, n) => sum + n, 0);
        expect(read).toEqual(Array.from({ length: total }, (_, i) => i + 1));
      }),
      { numRuns: 80 },
    );
  });
});

describe('reading', () => {
  it('pages after a number, as many as are asked for', () => {
    const user = userHarness();
    user.deliver([1, 2, 3, 4, 5].map((n) => item(n)));
    const page = user.events(1, 2);
    expect(seqs(page)).toEqual([2, 3]);
    expect(page.next).toBe(3);
    expect(user.events(5)).toEqual({ t: 'events', items: [], next: 5 });
    expect(seqs(user.events(0)), 'reading removes nothing').toHaveLength(5);
  });

  it('a long poll waits for the next event, and every one that waits gets it', () => {
    const user = userHarness();
    const poll = (after = 0) => user.ask({ t: 'events', user: ana, after, limit: 10, waitMs: 20_000 });
    const tokens = [poll(), poll()];
    expect(tokens.map((token) => user.replies.get(token))).toEqual([undefined, undefined]);
    user.deliver([item(1)]);
    const later = poll(1);
    for (const token of tokens) expect(user.replies.get(token)).toMatchObject({ items: [{ seq: 1 }], next: 1 });
    expect(user.replies.get(later), 'nothing after 1 yet').toBeUndefined();
    user.deliver([item(2)]);
    expect(user.replies.get(later)).toMatchObject({ items: [{ seq: 2 }] });
  });

  it('a long poll is answered empty when its time is up, once', () => {
    const user = userHarness();
    const token = user.ask({ t: 'events', user: ana, after: 0, limit: 10, waitMs: 20_000 });
    user.step({ t: 'waited', token });
    expect(user.replies.get(token)).toEqual({ t: 'events', items: [], next: 0 });
    user.step({ t: 'waited', token });
    user.deliver([item(1)]);
  });

  it('STREAM3 an `after` that was never given is answered with the first page, at once, over a restart too', () => {
    const user = userHarness();
    expect(user.events(5)).toEqual({ t: 'events', items: [], next: 0, reset: true });
    user.deliver([item(1), item(2)]);
    user.restart();
    const token = user.ask({ t: 'events', user: ana, after: 3, limit: 10, waitMs: 20_000 });
    expect(user.replies.get(token)).toMatchObject({ items: [{ seq: 1 }, { seq: 2 }], next: 2, reset: true });
    expect(user.events(2)).toEqual({ t: 'events', items: [], next: 2 });
  });

  it('a long poll goes on waiting when another’s time is up, when nobody’s is, and when what comes is no event', () => {
    const user = userHarness();
    const poll = () => user.ask({ t: 'events', user: ana, after: 0, limit: 10, waitMs: 20_000 });
    const [first, second, third] = [poll(), poll(), poll()];
    user.step({ t: 'waited', token: second });
    user.step({ t: 'waited', token: 999 });
    user.deliver([questionItem(1, 'open')]);
    expect([first, second, third].map((token) => user.replies.has(token))).toEqual([false, true, false]);
    expect(user.replies.get(second)).toEqual({ t: 'events', items: [], next: 0 });
    user.deliver([item(2)]);
    for (const token of [first, third]) expect(user.replies.get(token)).toMatchObject({ items: [{ seq: 1 }] });
  });

  it('KEEP2 is in order over a restart, beyond nine events too', () => {
    const user = userHarness();
    user.deliver(Array.from({ length: 12 }, (_, i) => item(i + 1)));
    user.restart();
    expect(seqs(user.events(7))).toEqual([8, 9, 10, 11, 12]);
  });

  it('a long poll with news is answered at once', () => {
    const user = userHarness();
    user.deliver([item(1)]);
    const token = user.ask({ t: 'events', user: ana, after: 0, limit: 10, waitMs: 20_000 });
    expect(user.replies.get(token)).toMatchObject({ items: [{ seq: 1 }] });
  });
});

describe('acknowledging', () => {
  it('KEEP2 removes everything up to the number, durably, and nothing else ever does', () => {
    const user = userHarness();
    user.deliver([1, 2, 3].map((n) => item(n)));
    expect(user.request({ t: 'ack', user: ana, seq: 2 })).toEqual({ t: 'acked', seq: 2 });
    user.restart();
    expect(seqs(user.events())).toEqual([3]);
    user.advance(30 * DAY_MS);
    user.restart();
    expect(seqs(user.events())).toEqual([3]);
    expect(user.request({ t: 'ack', user: ana, seq: 1 })).toEqual({ t: 'acked', seq: 1 });
  });

  it('looks through what it knows only when something may go', () => {
    const user = userHarness();
    for (let n = 1; n <= 20; n++) user.deliver([item(1)], qid(n), n * DAY_MS);
    user.restart();
    const { state } = user;
    const looked = countLooks(state());
    const step = () => stepUser(state(), { t: 'request', request: { t: 'where', user: ana }, token: 0 }, user.now());
    step();
    const deliver = { t: 'deliver', user: ana, incarnation: 1, keepMs: 99 * DAY_MS } as const;
    for (const [id, n] of [
      [qid(20), 2],
      [qid(21), 1],
    ] as const)
      stepUser(
        state(),
        { t: 'request', request: { ...deliver, questionId: id, items: [item(n)] }, token: 0 },
        user.now(),
      );
    expect(looked()).toBe(0);
    user.setNow(user.now() + DAY_MS);
    expect(step().rows).toMatchObject([{ table: 'meta' }, { table: 'known', key: qid(1), value: null }]);
    expect(looked()).toBeGreaterThan(0);
    expect(state().purgeAt).toBe(user.now() + DAY_MS);
    user.setNow(user.now() + DAY_MS);
    expect(step().rows, 'the last number is known').toMatchObject([{ table: 'known', key: qid(2), value: null }]);
  });

  it('waits no longer for a question whose id another one has taken', () => {
    const user = userHarness();
    user.deliver([item(1)], qid(), 1000, 1);
    user.deliver([item(1)], qid(), DAY_MS, 2);
    expect(user.state().purgeAt).toBe(user.now() + DAY_MS);
    user.restart();
    user.advance(DAY_MS);
    expect(user.state().known.size).toBe(0);
  });

  it('KEEP2 cannot reach ahead of what was given', () => {
    const user = userHarness();
    user.deliver([item(1)]);
    expect(user.request({ t: 'ack', user: ana, seq: 99 })).toEqual({ t: 'acked', seq: 1 });
    user.deliver([item(2)]);
    expect(seqs(user.events())).toEqual([2]);
  });

  it('KEEP2 numbers go on after everything was acknowledged, forgotten and restarted', () => {
    const user = userHarness();
    user.deliver([item(1), item(2)], qid(), 1000);
    user.request({ t: 'ack', user: ana, seq: 2 });
    user.restart();
    user.deliver([item(1)], qid(2), 1000);
    expect(seqs(user.events())).toEqual([3]);
    user.request({ t: 'ack', user: ana, seq: 3 });
    user.advance(2000);
    expect(user.state().known.size, 'both streams are forgotten').toBe(0);
    user.restart();
    user.deliver([item(1)], qid(3));
    expect(seqs(user.events())).toEqual([4]);
  });
});

describe('what is known of questions', () => {
  it('ALARM1 is let go when its question is long gone, by an alarm, and not before', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open')], qid(2), 9000);
    user.deliver([questionItem(1, 'open')], qid(1), 5000);
    user.advance(4999);
    expect(user.request({ t: 'questions', user: ana, limit: 50 })).toEqual({ t: 'questions', ids: [qid(1), qid(2)] });
    user.advance(1);
    expect(user.request({ t: 'questions', user: ana, limit: 50 })).toEqual({ t: 'questions', ids: [qid(2)] });
    user.advance(4000);
    expect([...user.store.load()].filter(({ table }) => table === 'known')).toEqual([]);
    expect(user.store.alarm()).toBeNull();
  });

  it('ALARM2 after a lost alarm the next event of any kind runs it, and arms the next', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open')], qid(1), 5000);
    user.deliver([questionItem(1, 'open')], qid(2), 90_000);
    user.setNow(user.now() + 10_000);
    expect(user.request({ t: 'questions', user: ana, limit: 50 })).toEqual({ t: 'questions', ids: [qid(2)] });
    expect(user.store.alarm()).toBe(user.now() + 80_000);
  });

  it('ALARM2 an alarm that is missing or overdue is armed anew when the object is constructed', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open')], qid(1), 5000);
    const due = user.store.alarm();
    user.store.commit({ rows: [], alarmAt: null });
    user.restart();
    expect(user.store.alarm()).toBe(due);
  });

  it('lists own questions, newest first, and live offers alone', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open')], qid(1));
    user.advance(10);
    user.deliver([questionItem(1, 'open')], qid(2));
    user.deliver([offerItem(1, 'pending', 1, 3)], qid(3));
    user.deliver([offerItem(1, 'pending', 1, 4), offerItem(2, 'accepted', 1, 4)], qid(4));
    user.deliver([offerItem(1, 'pending', 1, 5), offerItem(2, 'withdrawn', 1, 5)], qid(5));
    user.restart();
    expect(user.request({ t: 'questions', user: ana, limit: 50 })).toEqual({ t: 'questions', ids: [qid(2), qid(1)] });
    const { items } = user.request<{ items: { id: string; state: string }[] }>({ t: 'offers', user: ana });
    expect(items.map(({ id, state }) => [id, state])).toEqual([
      [oid(1, 3), 'pending'],
      [oid(1, 4), 'accepted'],
    ]);
  });
});

describe('the word that an accepted offer has ended', () => {
  it('HOLD1 is passed on again when it may have been lost with the memory', () => {
    const user = userHarness();
    user.claim(CELL);
    user.deliver([offerItem(1, 'pending')]);
    user.answer('push', { t: 'done' });
    user.deliver([offerItem(2, 'accepted')]);
    user.answer('push', { t: 'done' });
    user.deliver([offerItem(3, 'expired')]);
    user.restart();
    expect(user.sentOf('push').at(-1)?.request).toMatchObject({ offers: [{ state: 'expired', leftMs: 0 }] });
    const sent = user.sentOf('push').length;
    user.answer('push', { t: 'done' });
    user.advance(119_999);
    user.restart();
    expect(user.sentOf('push')).toHaveLength(sent + 1);
    user.advance(1);
    user.restart();
    expect(user.sentOf('push'), 'not for ever').toHaveLength(sent + 1);
  });

  it.each<readonly [string, readonly OfferState[]]>([
    ['goes on', ['pending', 'accepted']],
    ['was said to be accepted twice', ['accepted', 'accepted']],
    ['was never accepted', ['pending', 'withdrawn']],
  ])('HOLD1 is not said of an offer that %s', (_, states) => {
    const user = userHarness();
    user.claim(CELL);
    user.deliver(states.map((state, i) => offerItem(i + 1, state)));
    const sent = user.sentOf('push').length;
    user.restart();
    expect(user.sentOf('push')).toHaveLength(sent);
  });

  it('HOLD1 may come without a view: what was seen of the offer is what is listed', () => {
    const user = userHarness();
    const { offer } = offerItem(2, 'accepted');
    const { view: _, ...bare } = present(offer, 'offer');
    user.deliver([offerItem(1, 'pending'), { n: 2, offer: bare }]);
    expect(user.request({ t: 'offers', user: ana })).toMatchObject({ items: [{ id: oid(1), text: 'where?' }] });
  });
});

describe('a page', () => {
  const PAGE_BYTES = 64 * 1024;
  const told = (n: number, bytes: number): StreamItem => ({
    n,
    event: { type: 'question.dormant', at: '', data: { question: { text: '€'.repeat(bytes / 3) } as never } },
  });

  it('INBOX2 ends at 100 events, or at 64 KiB of them, and goes on behind its last', () => {
    const user = userHarness();
    user.deliver(Array.from({ length: 120 }, (_, i) => item(i + 1)));
    const first = user.events(0, 1000);
    expect(first).toMatchObject({ next: 100 });
    expect(user.events(first.next).items.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => 101 + i));
    user.deliver(Array.from({ length: 20 }, (_, i) => told(i + 121, 12_000)));
    let after = 120;
    for (let pages = 0; after < 140; pages++) {
      const page = user.events(after);
      expect(page.items.length).toBeGreaterThan(0);
      expect(new TextEncoder().encode(JSON.stringify(page.items)).length).toBeLessThanOrEqual(PAGE_BYTES);
      expect(pages).toBeLessThan(5);
      after = page.next;
    }
  });

  it('BOUND1 goes to the cell of its holder with as many offers as fit, and the others behind it', () => {
    const user = userHarness();
    user.claim(CELL);
    const text = '€'.repeat(2000);
    const items = Array.from({ length: 30 }, (_, i) => {
      const { offer } = offerItem(i + 1, 'accepted');
      return { n: i + 1, offer: { ...offer, view: { ...offer?.view, text } } } as StreamItem;
    });
    user.deliver(items);
    const pushed: number[] = [];
    for (let all = 0; all < 30; all = pushed.reduce((sum, one) => sum + one, 0)) {
      const { request } = user.sentOf('push').at(-1) ?? {};
      const offers = request?.t === 'push' ? request.offers : [];
      expect(new TextEncoder().encode(JSON.stringify(offers)).length).toBeLessThanOrEqual(PAGE_BYTES);
      pushed.push(offers.length);
      user.answer('push', { t: 'done' });
    }
    expect(pushed.length).toBeGreaterThan(1);
  });

  it('INBOX2 has one event at least', () => {
    const user = userHarness();
    user.deliver([told(1, 90_000), told(2, 90_000)]);
    expect(user.events().items.map(({ seq }) => seq)).toEqual([1]);
  });
});
