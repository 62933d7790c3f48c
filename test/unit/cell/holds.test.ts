// Slots at users held here: taken by a reserve that filters again, freed on the word of their question alone.
import { describe, expect, it } from 'vitest';
import type { Need } from '../../../src/messages/need.ts';
import type { StreamItem, UserRecord } from '../../../src/messages/records.ts';
import { EVENTS_PER_OFFER, INBOX_MAX } from '../../../src/protocol/limits.ts';
import type { OfferState } from '../../../src/protocol/views.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { at, bob, cem, EAST, need, newQuestion, oid, policyWith, qid, record } from '../support/names.ts';
import { item } from '../support/user-harness.ts';

const reserve = (attempt = 1, more: Partial<Need> = {}, n = 1) =>
  ({
    t: 'reserve',
    offerId: oid(attempt, n, EAST),
    user: bob,
    need: need({ questionId: qid(n, EAST), ...more }),
    policy: policyWith(),
    copy: { questionId: qid(n, EAST), text: 'where?', point: at() },
    holdMs: 40_000,
  }) as const;

const deliver = (items: readonly StreamItem[], questionId = qid(1, EAST)) =>
  ({ t: 'deliver', user: bob, questionId, incarnation: 1, keepMs: 600_000, items }) as const;
/** Events of an old question, from one number to another. */
const news = (from: number, to: number) =>
  deliver(
    Array.from({ length: to - from + 1 }, (_, i) => item(from + i)),
    qid(99, EAST),
  );
/** The n-th word of the question's about its offer. */
const change = (n: number, state: OfferState, leftMs = 20_000) =>
  deliver([{ n, offer: { id: oid(1, 1, EAST), state, leftMs } }]);

describe('a reserve', () => {
  it('HOLD2 takes the slot, durably, and answers the same when repeated', () => {
    const cell = cellHarness();
    cell.ping(bob);
    expect(cell.request(reserve())).toEqual({ t: 'held' });
    const before = cell.store.rowsWritten();
    expect(cell.request(reserve())).toEqual({ t: 'held' });
    expect(cell.store.rowsWritten()).toBe(before);
    cell.restart();
    expect(cell.request(reserve())).toEqual({ t: 'held' });
    expect(cell.resident(bob)?.holds.size).toBe(1);
  });

  it.each<[string, Partial<Need>]>([
    ['asker', { asker: bob }],
    ['topic', { topic: 'boats' }],
    ['language', { languages: ['fr'] }],
    ['excluded', { excluded: [bob] }],
    ['far', { point: at(0, 4000) }],
  ])('RULE1 HOLD2 is refused for a user who no longer fits: %s', (reason, more) => {
    const cell = cellHarness();
    cell.ping(bob, { profile: { topics: ['cars'], languages: ['en'], capacity: 1 } });
    expect(cell.request(reserve(1, more))).toEqual({ t: 'refused', reason });
    expect(cell.resident(bob)?.holds.size).toBe(0);
  });

  it('ONE2 is refused beyond the capacity, and for a question that the user has an offer of', () => {
    const cell = cellHarness();
    cell.ping(bob, { profile: { capacity: 2 } });
    cell.request(reserve(1));
    expect(cell.request(reserve(2))).toEqual({ t: 'refused', reason: 'held' });
    cell.request(reserve(1, {}, 2));
    expect(cell.request(reserve(1, {}, 3))).toEqual({ t: 'refused', reason: 'capacity' });
  });

  it('INBOX1 is refused while the inbox has no room for what an offer says, and granted once there is', () => {
    const cell = cellHarness();
    cell.ping(bob, { profile: { capacity: 3 } });
    cell.request(news(1, INBOX_MAX - EVENTS_PER_OFFER));
    expect(cell.request(reserve(1))).toEqual({ t: 'held' });
    expect(cell.request(reserve(1, {}, 2)), 'what is live will speak too').toEqual({
      t: 'refused',
      reason: 'inbox_full',
    });
    cell.request(news(INBOX_MAX - EVENTS_PER_OFFER + 1, INBOX_MAX));
    cell.restart();
    expect(cell.request(reserve(1, {}, 2))).toEqual({ t: 'refused', reason: 'inbox_full' });
    expect(cell.request(news(INBOX_MAX + 1, INBOX_MAX + 9)), 'what else is owed is still taken').toMatchObject({
      upTo: INBOX_MAX + 9,
    });
    cell.request({ t: 'ack', user: bob, seq: 2 * EVENTS_PER_OFFER + 8 });
    expect(cell.request(reserve(1, {}, 2)), 'one more than there is room for').toMatchObject({ reason: 'inbox_full' });
    cell.request({ t: 'ack', user: bob, seq: 2 * EVENTS_PER_OFFER + 9 });
    expect(cell.request(reserve(1, {}, 2))).toEqual({ t: 'held' });
  });

  it('INBOX1 the match goes on to others, and who has read is tried at once', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request(news(1, INBOX_MAX));
    cell.ping(cem, { point: at(100) });
    cell.request({ t: 'ask', question: newQuestion({ answersWanted: 2 }) });
    expect(cell.question(qid()).offers.map(({ user }) => user)).toEqual([cem]);
    cell.request({ t: 'ack', user: bob, seq: 1 });
    expect(
      cell.question(qid()).offers.map(({ user }) => user),
      'not enough room yet',
    ).toEqual([cem]);
    cell.request({ t: 'ack', user: bob, seq: INBOX_MAX });
    expect(cell.question(qid()).offers.map(({ user }) => user)).toEqual([cem, bob]);
  });

  it('is refused for somebody who is not here', () => {
    expect(cellHarness().request(reserve())).toEqual({ t: 'refused', reason: 'gone' });
  });
});

describe('a hold', () => {
  it('HOLD1 is not freed by time: it asks its question, and again until there is an answer', () => {
    const cell = cellHarness();
    cell.ping(bob, { ttlMs: 3_000_000 });
    cell.request(reserve());
    cell.advance(40_000);
    expect(cell.sentOf('state').map(({ address, request }) => ({ address, request }))).toEqual([
      { address: { to: 'home', key: `${EAST}00` }, request: { t: 'state', offerId: oid(1, 1, EAST), user: bob } },
    ]);
    cell.answer('state', { t: 'failed' });
    cell.advance(600_000);
    expect(cell.resident(bob)?.holds.size).toBe(1);
    expect(cell.sentOf('state').length).toBeGreaterThan(10);
  });

  it.each([
    ['live', { t: 'state', live: true, state: 'accepted', leftMs: 90_000 }, 1],
    ['ended or unknown', { t: 'state', live: false, leftMs: 0 }, 0],
    ['something else', { t: 'moved', to: [] }, 1],
  ] as const)('HOLD1 goes by the word of its question: %s', (_, word, holds) => {
    const cell = cellHarness();
    cell.ping(bob, { ttlMs: 600_000 });
    cell.request(reserve());
    cell.advance(40_000);
    cell.answer('state', word);
    expect(cell.resident(bob)?.holds.size).toBe(holds);
    if (word.t === 'state' && word.live) {
      expect([...(cell.resident(bob)?.holds.values() ?? [])]).toMatchObject([
        { state: 'accepted', until: cell.now() + 90_000 },
      ]);
    }
    cell.restart();
    expect(cell.resident(bob)?.holds.size).toBe(holds);
  });

  it.each(['answered', 'declined', 'expired', 'withdrawn'] as const)(
    'HOLD1, REST1 is freed by the news of it: %s',
    (state) => {
      const cell = cellHarness();
      cell.ping(bob);
      cell.request(reserve());
      cell.request(change(1, state, 0));
      expect(cell.resident(bob)?.holds.size).toBe(0);
      const rests = state !== 'answered';
      expect(Math.max(0, (cell.resident(bob)?.coolUntil ?? 0) - cell.now())).toBe(rests ? 10_000 : 0);
    },
  );

  it('shows itself once it is an offer; a late word does not take an accept back', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request(reserve());
    expect(cell.ping(bob)).toMatchObject({ view: { offers: [] } });
    cell.request(change(1, 'pending'));
    expect(cell.ping(bob)).toMatchObject({
      view: { offers: [{ id: oid(1, 1, EAST), state: 'pending', text: 'where?' }] },
    });
    cell.request(change(2, 'accepted'));
    cell.request(change(3, 'pending'));
    expect(cell.known(bob, qid(1, EAST)), 'all of it was taken').toBe(3);
    expect(cell.ping(bob)).toMatchObject({ view: { offers: [{ state: 'accepted' }] } });
  });

  it('HOLD1 is released for the attempt that is named, and for no other', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request(reserve(1));
    cell.request({ t: 'release', offerId: oid(2, 1, EAST), user: bob });
    cell.request({ t: 'release', offerId: oid(1, 1, EAST), user: cem });
    expect(cell.resident(bob)?.holds.size).toBe(1);
    cell.request({ t: 'release', offerId: oid(1, 1, EAST), user: bob });
    expect(cell.resident(bob)?.holds.size).toBe(0);
  });

  it('HOLD1 that came with a record may be stale: it takes its slot, and its question is asked at once', () => {
    const stale: UserRecord = record({
      holds: [{ ...reserve().copy, offerId: oid(1, 1, EAST), distanceM: 10, state: 'pending', leftMs: 9000 }],
    });
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob);
    cell.answer('claim', { t: 'granted', epoch: 4, record: stale });
    expect(cell.request(reserve(1, {}, 2))).toEqual({ t: 'refused', reason: 'capacity' });
    expect(cell.sentOf('state')).toHaveLength(1);
    cell.answer('state', { t: 'state', live: false, leftMs: 0 });
    expect(cell.request(reserve(1, {}, 2))).toEqual({ t: 'held' });
  });
});

describe('the word of a question', () => {
  it('HOLD1 an offer is live while it is pending or accepted, for its own user alone', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request({ t: 'ask', question: newQuestion() });
    const ask = (user = bob) => cell.request({ t: 'state', offerId: oid(1), user });
    expect(ask()).toEqual({ t: 'state', live: true, state: 'pending', leftMs: 40_000 });
    expect(ask(cem)).toEqual({ t: 'state', live: false, leftMs: 0 });
    cell.request({ t: 'accept', offerId: oid(1), user: bob });
    expect(ask()).toMatchObject({ live: true, state: 'accepted' });
    cell.request({ t: 'answer', offerId: oid(1), user: bob, text: 'x' });
    expect(ask()).toMatchObject({ live: false });
    expect(cell.request({ t: 'state', offerId: oid(8, 8), user: bob })).toMatchObject({ live: false });
  });
});
