// The end of a lease: unmatchable at once, pending offers given back, the record kept without a point.
import { describe, expect, it } from 'vitest';
import { NOWHERE } from '../../../src/messages/records.ts';
import type { OfferId } from '../../../src/protocol/ids.ts';
import type { OfferState } from '../../../src/protocol/views.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { ana, bob, EAST, need, newQuestion, oid, policyWith, qid } from '../support/names.ts';

const copy = { questionId: qid(1, EAST), text: 'where?', point: need().point };
const reserve = (attempt: number, n = 1) =>
  ({
    t: 'reserve',
    offerId: oid(attempt, n, EAST),
    user: bob,
    need: need({ questionId: qid(n, EAST) }),
    policy: policyWith(),
    copy: { ...copy, questionId: qid(n, EAST) },
    holdMs: 40_000,
  }) as const;

/** A question's word of its offer: the k-th that it has. */
const change = (n: number, state: OfferState, leftMs: number, k = 1) =>
  ({
    t: 'deliver',
    user: bob,
    questionId: qid(n, EAST),
    incarnation: 1,
    keepMs: 600_000,
    items: [{ n: k, offer: { id: oid(1, n, EAST), state, leftMs } }],
  }) as const;

describe('the end of a lease', () => {
  it('LEASE1 makes unmatchable to the millisecond, alarm or not', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.setNow(cell.now() + 119_999);
    const scout = { t: 'scout', need: need(), policy: policyWith(), limit: 5 } as const;
    expect(cell.request(scout)).toMatchObject({ candidates: [{ user: bob }] });
    cell.setNow(cell.now() + 1);
    expect(cell.request(scout)).toMatchObject({ candidates: [] });
    expect(cell.resident(bob)?.phase).toBe('lapsed');
  });

  it('LEASE1 is armed: without any event the alarm ends it', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.advance(120_000);
    expect(cell.resident(bob)).toMatchObject({ phase: 'lapsed', lapsedAt: cell.now(), point: NOWHERE });
    expect(cell.state().roster.size()).toBe(0);
    const { pointAt: _, ...row } = JSON.parse(cell.rows('users')[0] ?? '') as Record<string, unknown>;
    expect(row, 'nobody needs to know where they were').toMatchObject({ phase: 'lapsed', point: NOWHERE });
    expect(row).not.toHaveProperty('veil');
    expect(cell.journal().at(-1)?.t).toBe('user.left');
  });

  it('LEASE1 tells the question of an offer that was made, too', () => {
    const cell = cellHarness();
    cell.ping(bob, { ttlMs: 20_000 });
    cell.request(reserve(1));
    cell.request(change(1, 'pending', 30_000));
    expect([...(cell.resident(bob)?.holds.values() ?? [])]).toMatchObject([{ state: 'pending' }]);
    cell.advance(20_000);
    expect(cell.sentOf('absent').map(({ request }) => request)).toEqual([
      { t: 'absent', offerId: oid(1, 1, EAST), user: bob },
    ]);
  });

  it('LEASE1 tells the questions of pending holds, not those of accepted ones, and holds last on', () => {
    const cell = cellHarness();
    cell.ping(bob, { profile: { capacity: 3 }, ttlMs: 20_000 });
    cell.request(reserve(1, 1));
    cell.request(reserve(1, 2));
    cell.request(change(2, 'accepted', 600_000));
    cell.advance(20_000);
    expect(cell.sentOf('absent').map(({ request }) => request)).toEqual([
      { t: 'absent', offerId: oid(1, 1, EAST), user: bob },
    ]);
    expect(cell.resident(bob)).toMatchObject({ phase: 'lapsed' });
    expect(cell.request({ ...reserve(1, 3) })).toEqual({ t: 'refused', reason: 'gone' });
    cell.restart();
    expect(cell.resident(bob)).toMatchObject({ phase: 'lapsed' });
    const held = (): readonly OfferId[] => [...(cell.resident(bob)?.holds.keys() ?? [])];
    cell.request(change(1, 'withdrawn', 0));
    expect(held()).toEqual([oid(1, 2, EAST)]);
    cell.request(change(2, 'withdrawn', 0, 2));
    expect(held()).toEqual([]);
    expect(cell.resident(bob)?.phase, 'the record stays for whoever comes back').toBe('lapsed');
  });

  it('LEASE1 ends a pending offer on the holder word that its user has gone; somebody else is looked for', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request({ t: 'ask', question: newQuestion() });
    const offerId = cell.offerOf(qid(), bob);
    expect(cell.request({ t: 'absent', offerId, user: ana })).toMatchObject({ live: false });
    expect(cell.question(qid()).offers[0]?.state).toBe('pending');
    expect(cell.request({ t: 'absent', offerId, user: bob })).toMatchObject({ t: 'state', live: false });
    expect(cell.events(bob, qid())).toEqual(['offer.made', 'offer.expired']);
    expect(cell.question(qid()).phase.t).toBe('dormant');
  });

  it('leaving is said once, although a hold keeps the row', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request(reserve(1));
    const leaves = { t: 'recall', user: bob, epoch: 1, order: 2, leave: {} } as const;
    expect(cell.request(leaves)).toMatchObject({ t: 'record', record: { holds: [{ offerId: oid(1, 1, EAST) }] } });
    cell.request({ t: 'forget', user: bob, epoch: 1, left: true });
    expect(cell.request(leaves)).toEqual({ t: 'no_row' });
    cell.advance(60_000);
    expect(cell.sentOf('absent')).toHaveLength(1);
    expect(cell.journal().filter(({ t }) => t === 'user.left')).toHaveLength(1);
  });

  it('a ping revives a lapsed row without a new claim', () => {
    const cell = cellHarness();
    cell.ping(bob, { ttlMs: 20_000 });
    cell.request(reserve(1));
    cell.advance(20_000);
    expect(cell.resident(bob)?.phase).toBe('lapsed');
    cell.ping(bob);
    expect(cell.resident(bob)).toMatchObject({ phase: 'live' });
    expect(cell.sentOf('claim')).toHaveLength(1);
    expect(cell.state().roster.size()).toBe(1);
  });

  it('an old point makes unmatchable although the lease runs', () => {
    const cell = cellHarness({ policy: { pointAgeMaxMs: 30_000 } });
    cell.ping(bob);
    cell.setNow(cell.now() + 30_000);
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.question(qid()).offers).toEqual([]);
    cell.ping(bob);
    expect(cell.events(bob, qid()), 'a fresh point is an arrival').toEqual(['offer.made']);
  });
});
