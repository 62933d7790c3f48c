// Which of two pings is the newer: numbers within a session, the four sessions before it, and what a leave makes of those on their way.
import { describe, expect, it } from 'vitest';
import { compare } from '../../../src/user/order.ts';
import { ana, CELL, EAST, record, WEST } from '../support/names.ts';
import { type UserHarness, userHarness } from '../support/user-harness.ts';

const DWELL_MS = 2000;
const leave = { t: 'leave', user: ana } as const;
/** A ping at the cell that holds the user. */
const hear = (user: UserHarness, session: string, seq?: number): unknown =>
  user.replies.get(user.claim(CELL, { session, ...(seq === undefined ? {} : { seq }) }));
const REFUSED = { t: 'refused' };
const GRANTED = { t: 'granted' };

describe('CLAIM1 numbers', () => {
  it.each([
    ['tell the newer one of a session', { session: 's', seq: 5 }, { session: 's', seq: 4 }, 1],
    ['tell the older one', { session: 's', seq: 4 }, { session: 's', seq: 5 }, -1],
    ['are the same of a retry', { session: 's', seq: 5 }, { session: 's', seq: 5 }, 0],
    ['of two sessions tell nothing', { session: 's', seq: 5 }, { session: 'other', seq: 4 }, undefined],
    ['of one that has none tell nothing', { session: 's' }, { session: 's', seq: 4 }, undefined],
    ['beside one that has none tell nothing', { session: 's', seq: 5 }, { session: 's' }, undefined],
    ['without a session tell nothing', { seq: 5 }, { seq: 4 }, undefined],
  ] as const)('%s', (_, a, b, sign) => {
    const order = compare(a, b);
    expect(order === undefined ? undefined : Math.sign(order)).toBe(sign);
  });
});

describe('CLAIM1 the sessions before the newest', () => {
  it('are remembered, four of them, with their highest numbers, however many pings each had, over a restart too', () => {
    const user = userHarness();
    const sessions = ['phone', 'tablet', 'laptop', 'watch', 'desk'];
    for (const session of sessions) for (const seq of [1, 2]) expect(hear(user, session, seq)).toMatchObject(GRANTED);
    user.restart();
    for (const session of sessions.slice(0, 4))
      for (const seq of [1, 2]) expect(hear(user, session, seq), `${session} ${seq}`).toEqual(REFUSED);
    hear(user, 'car', 1);
    expect(hear(user, 'tablet', 2)).toEqual(REFUSED);
    expect(hear(user, 'phone', 2), 'of the fifth nothing is known').toMatchObject(GRANTED);
  });

  it('are not crowded out by two devices that take turns', () => {
    const user = userHarness();
    for (const session of ['laptop', 'watch', 'desk']) hear(user, session, 1);
    for (const seq of [1, 2, 3])
      for (const session of ['phone', 'tablet']) expect(hear(user, session, seq)).toMatchObject(GRANTED);
    for (const session of ['laptop', 'watch', 'desk', 'phone'])
      expect(hear(user, session, 1), session).toEqual(REFUSED);
  });

  it('are not crowded out by those that do not number', () => {
    const user = userHarness();
    for (const session of ['phone', 'tablet', 'laptop', 'watch']) hear(user, session, 1);
    for (const session of ['x', 'y']) hear(user, session);
    hear(user, 'desk', 1);
    expect(hear(user, 'phone', 1)).toEqual(REFUSED);
  });
});

describe('a claim that is repeated', () => {
  it('CLAIM2 costs the row by which an older instance fails where it is held, and none while its recall is under way', () => {
    const user = userHarness();
    const claim = { t: 'claim', user: ana, cell: CELL, session: 's', seq: 1 } as const;
    expect(user.written(claim)).toEqual(['meta/meta']);
    expect(user.written({ ...claim, order: 1 })).toEqual(['meta/meta']);
    expect(user.written({ ...claim, seq: 2, order: 1 }), 'another number is another ping').toEqual(['meta/meta']);
    user.advance(DWELL_MS);
    const elsewhere = { ...claim, cell: EAST, seq: 3 };
    expect(user.written(elsewhere)).toEqual(['meta/meta']);
    expect(user.written({ ...elsewhere, order: 2 })).toEqual([]);
  });

  it.each([
    ['nobody', undefined],
    ['another cell', WEST],
  ])('CLAIM4 is on disk as what the user is recalled for, where the recall was for %s before', (_, before) => {
    const user = userHarness();
    user.claim(CELL, { seq: 1 });
    const { order } = user.replies.get(user.claim(EAST, { seq: 2 })) as { readonly order: number };
    if (before !== undefined) user.claim(before, { session: '', transfer: 1 });
    user.advance(DWELL_MS);
    user.claim(EAST, { seq: 2, order, ageMs: DWELL_MS });
    user.restart();
    expect(user.state().meta?.holding).toMatchObject({ t: 'recalling', claimant: { cell: EAST } });
  });
});

describe('LEAVE1 a leave', () => {
  const left = (numbers: { session?: string; seq?: number } = {}): UserHarness => {
    const user = userHarness();
    user.claim(CELL, { seq: 3 });
    user.ask({ ...leave, ...numbers });
    user.answer('recall', { t: 'record', record: record() });
    return user;
  };

  it('is not taken back by a late copy of an earlier one', () => {
    const user = left({ session: 's', seq: 5 });
    expect(user.request({ ...leave, session: 's', seq: 4 })).toEqual({ t: 'done' });
    expect(hear(user, 's', 5)).toEqual(REFUSED);
    expect(hear(user, 's', 6)).toMatchObject(GRANTED);
  });

  it('that says no number leaves the newest ping what it was', () => {
    const user = left();
    expect(user.state().meta).toMatchObject({ session: 's', seq: 3 });
    expect(hear(user, 's', 2)).toEqual(REFUSED);
  });

  it('is before a ping of a higher number, whatever age that is said to have', () => {
    const user = left({ session: 's', seq: 5 });
    expect(user.replies.get(user.claim(CELL, { seq: 6, ageMs: 600_000 }))).toMatchObject(GRANTED);
  });

  it('is before a claim that was counted after it, by no doubt of the clocks', () => {
    const user = left();
    user.claim(CELL, { session: 'x' });
    const late = { session: 'y', ageMs: DWELL_MS, repeated: true } as const;
    const { order } = user.replies.get(user.claim(EAST, { session: 'y' })) as { readonly order: number };
    user.advance(DWELL_MS);
    const token = user.claim(EAST, { ...late, order });
    user.answer('recall', { t: 'no_row' });
    expect(user.replies.get(token)).toMatchObject(GRANTED);
  });
});
