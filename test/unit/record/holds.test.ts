// Holds as a record carries them: changed by the word of their questions, and shown as offers.
import { describe, expect, it } from 'vitest';
import { present } from '../../../src/lib/assert.ts';
import { iso } from '../../../src/lib/iso.ts';
import type { HoldRecord, OfferChange } from '../../../src/messages/records.ts';
import type { OfferState } from '../../../src/protocol/views.ts';
import { changedHolds, holdOf, offersOf } from '../../../src/record/holds.ts';
import { at, oid, qid, record, START } from '../support/names.ts';
import { offerItem } from '../support/user-harness.ts';

const change = (state: OfferState, attempt = 1, more: Partial<OfferChange> = {}): OfferChange => ({
  ...present(offerItem(1, state, attempt).offer, 'offer'),
  ...more,
});
const bare = (state: OfferState, attempt = 1): OfferChange => {
  const { view: _, ...rest } = change(state, attempt);
  return rest;
};
const hold = (attempt: number, more: Partial<HoldRecord> = {}): HoldRecord => ({
  offerId: oid(attempt),
  questionId: qid(),
  state: 'pending',
  text: 'where?',
  point: at(),
  distanceM: 5.4,
  leftMs: 9000,
  ...more,
});
const ids = (holds: readonly HoldRecord[]) => holds.map(({ offerId, state }) => [offerId, state]);

describe('the holds of a record', () => {
  it.each<readonly [string, number, OfferState, boolean]>([
    ['is pending', 1, 'pending', true],
    ['was accepted', 1, 'accepted', true],
    ['was answered', 1, 'answered', false],
    ['was declined', 1, 'declined', false],
    ['ran out', 1, 'expired', false],
    ['was withdrawn', 1, 'withdrawn', false],
    ['is of another attempt', 2, 'declined', true],
  ])('HOLD1 have one whose offer %s: only of what is known to have ended there is none', (_, attempt, state, stays) => {
    for (const one of [change(state, attempt), bare(state, attempt)])
      expect(changedHolds([hold(1)], [one], 0).some(({ offerId }) => offerId === oid(1))).toBe(stays);
  });

  it('keep what was known of an offer when its state changes, and take its time', () => {
    const before = hold(1, { distanceM: 7, topic: 'food' });
    for (const one of [change('accepted', 1, { leftMs: 60_000 }), { ...bare('accepted'), leftMs: 60_000 }])
      expect(changedHolds([before], [one], 0)).toMatchObject([{ ...before, state: 'accepted', leftMs: 60_000 }]);
  });

  it('gain one for an offer of which nothing was known, if it is live and what it shows is said', () => {
    expect(changedHolds([], [change('pending')], 0)).toEqual([
      { ...hold(1, { distanceM: 5, leftMs: 30_000 }), expiresAt: change('pending').view?.expiresAt },
    ]);
    expect(ids(changedHolds([hold(1)], [change('accepted', 2)], 0))).toEqual([
      [oid(1), 'pending'],
      [oid(2), 'accepted'],
    ]);
    expect(changedHolds([], [bare('accepted'), change('withdrawn', 2)], 0)).toEqual([]);
  });

  it('follow several changes in their order', () => {
    const changes = [change('pending', 2), change('accepted', 2), change('declined', 1), change('withdrawn', 3)];
    expect(ids(changedHolds([hold(1), hold(3)], changes, 0))).toEqual([[oid(2), 'accepted']]);
    expect(changedHolds([hold(1)], [change('pending', 2), change('answered', 2)], 0)).toEqual([hold(1)]);
  });

  it('AGE1 are counted from when the record came: what has changed since is given as much more', () => {
    const changed = changedHolds([hold(1), hold(2)], [change('accepted', 2, { leftMs: 1000 })], 7000);
    expect(changed.map(({ leftMs }) => leftMs)).toEqual([9000, 8000]);
  });

  it('have a topic where the offer has one', () => {
    const { view } = change('pending');
    expect(holdOf(change('pending', 1, { view: { ...present(view, 'view'), topic: 'food' } }))).toMatchObject({
      topic: 'food',
    });
    expect(holdOf(change('pending'))).not.toHaveProperty('topic');
    for (const one of [change('expired'), bare('pending')]) expect(holdOf(one)).toBeUndefined();
  });
});

describe('the offers of a record', () => {
  it('are its holds but those that are only reserved, with the time at which they end', () => {
    const holds = [hold(1), hold(2, { state: 'reserved' }), hold(3, { state: 'accepted', leftMs: 0, topic: 'food' })];
    const offer = { questionId: qid(), text: 'where?', ...at(), distanceM: 5 };
    const offers = offersOf(record({ holds }), START);
    expect(offers).toStrictEqual([
      { ...offer, id: oid(1), state: 'pending', expiresAt: iso((START + 9000) as typeof START) },
      { ...offer, id: oid(3), state: 'accepted', topic: 'food', expiresAt: iso(START) },
    ]);
    expect(offersOf(record(), START)).toEqual([]);
  });
});
