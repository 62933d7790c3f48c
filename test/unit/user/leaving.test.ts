// Leaving: after the 204 nothing that was on its way makes anybody matchable; the record is at home, whatever crossed the leave.
import { describe, expect, it } from 'vitest';
import { ana, CELL, EAST, NEAR, record, WEST } from '../support/names.ts';
import { DWELL_MS, heldUser, userHarness } from '../support/user-harness.ts';

const leave = { t: 'leave', user: ana } as const;
const DONE = { t: 'done' } as const;

describe('LEAVE1 a leave', () => {
  it('of whom nobody holds is done at once, and of whom nothing is known costs nothing', () => {
    const user = userHarness();
    expect(user.request(leave)).toEqual(DONE);
    expect([...user.store.load()]).toEqual([]);
    // A number is kept: the ping that it comes after may be on its way.
    expect(user.request({ ...leave, session: 's', seq: 7 })).toEqual(DONE);
    expect(user.replies.get(user.claim(CELL, { seq: 6 }))).toEqual({ t: 'refused' });
    expect(user.replies.get(user.claim(CELL, { seq: 7 }))).toEqual({ t: 'refused' });
    expect(user.replies.get(user.claim(CELL, { seq: 8 }))).toMatchObject({ t: 'granted' });
  });

  it('is a recall for nobody, done when the record is at home; where they were is forgotten', () => {
    const user = heldUser();
    const token = user.ask({ ...leave, session: 's', seq: 2 });
    expect(user.replies.get(token)).toBeUndefined();
    expect(user.sentOf('recall').at(-1)?.request).toEqual({
      t: 'recall',
      user: ana,
      epoch: 1,
      order: 2,
      leave: { session: 's', seq: 2 },
    });
    const profile = { topics: ['food'], languages: [], capacity: 2 };
    user.answer('recall', { t: 'record', record: record({ profile, leaseLeftMs: 50_000 }) });
    expect(user.replies.get(token)).toEqual(DONE);
    expect(user.sentOf('forget').at(-1)?.request).toEqual({ t: 'forget', user: ana, epoch: 1, left: true });
    expect(user.state().meta?.record).toMatchObject({ profile, leaseLeftMs: 0, point: { lat: 0, lng: 0 } });
    expect(user.request({ t: 'where', user: ana })).toEqual({ t: 'where', cell: CELL, epoch: 1, free: true });
    user.restart();
    // No dwell: nobody holds them.
    expect(user.replies.get(user.claim(EAST, { seq: 3 }))).toMatchObject({
      t: 'granted',
      epoch: 2,
      record: { profile },
    });
  });

  it('is busy while the holder is silent, goes on after a crash, and is done when it is asked for again', () => {
    const user = heldUser();
    const first = user.ask({ ...leave, session: 's', seq: 2 });
    user.answer('recall', { t: 'failed' });
    expect(user.replies.get(first)).toMatchObject({ t: 'problem', code: 'busy', retryAfterS: 1 });
    user.restart();
    expect(user.sentOf('recall').at(-1)?.request).toMatchObject({ leave: { session: 's', seq: 2 } });
    const second = user.ask({ ...leave, session: 's', seq: 2 });
    user.answer('recall', { t: 'no_row' });
    expect(user.replies.get(second)).toEqual(DONE);
    expect(user.request({ t: 'where', user: ana })).toMatchObject({ free: true });
  });

  it('within the dwell makes the claim that waits an old one, numbers or none', () => {
    for (const numbers of [{}, { session: 's', seq: 3 }]) {
      const user = userHarness();
      user.claim(CELL, { seq: 1 });
      expect(user.replies.get(user.claim(EAST, { seq: 2 }))).toMatchObject({ t: 'pending', order: 2 });
      user.ask({ ...leave, ...numbers });
      user.answer('recall', { t: 'record', record: record() });
      user.advance(DWELL_MS);
      expect(user.replies.get(user.claim(EAST, { seq: 2, order: 2, ageMs: 1500 }))).toEqual({ t: 'refused' });
      expect(user.request({ t: 'where', user: ana })).toMatchObject({ free: true, epoch: 1 });
    }
  });

  it('refuses the claims of a recall on its way, and takes its answer', () => {
    const user = heldUser();
    const claim = user.claim(EAST, { seq: 2 });
    const token = user.ask(leave);
    expect(user.replies.get(claim)).toEqual({ t: 'refused' });
    expect(user.sentOf('recall')).toHaveLength(1);
    user.answer('recall', { t: 'record', record: record({ leaseLeftMs: 60_000 }) });
    expect(user.replies.get(token)).toEqual(DONE);
    expect(user.state().meta).toMatchObject({ epoch: 1, holding: { t: 'free', last: CELL } });
  });

  it('asks again when the answer was about a claim before it: the holder has a newer ping than that one alone', () => {
    const user = heldUser();
    user.claim(EAST, { session: 'other' });
    const token = user.ask(leave);
    user.answer('recall', { t: 'kept', session: 's', seq: 1 });
    expect(user.replies.get(token)).toBeUndefined();
    user.answer('recall', { t: 'record', record: record() });
    expect(user.replies.get(token)).toEqual(DONE);
  });

  it('refuses a transfer that was on its way, or granted with its answer lost', () => {
    const user = heldUser();
    const transfer = (): unknown => user.replies.get(user.claim(EAST, { session: '', transfer: 1 }));
    expect(transfer()).toBeUndefined();
    user.answer('recall', { t: 'record', record: record({ leaseLeftMs: 60_000 }) });
    // The child never heard of it, so it has no row.
    user.ask(leave);
    user.answer('recall', { t: 'no_row' });
    expect(user.request({ t: 'where', user: ana })).toMatchObject({ free: true, epoch: 2 });
    expect(transfer()).toEqual({ t: 'refused' });
  });

  it('refuses a ping that was acknowledged although nobody here had heard of it; one from after it is taken', () => {
    const user = heldUser();
    user.ask(leave);
    user.answer('recall', { t: 'no_row' });
    user.advance(3000);
    const late = { session: 'x', repeated: true, ageMs: 10_000 } as const;
    expect(user.replies.get(user.claim(WEST, late))).toEqual({ t: 'refused' });
    // It waited in its cell for the answer to another claim, since before the leave.
    expect(user.replies.get(user.claim(WEST, { session: 'x', ageMs: 3001 }))).toEqual({ t: 'refused' });
    expect(user.replies.get(user.claim(WEST, { session: 'x' }))).toMatchObject({ t: 'granted' });
    user.ask(leave);
    user.answer('recall', { t: 'no_row' });
    user.advance(600_000);
    expect(user.replies.get(user.claim(WEST, late))).toMatchObject({ t: 'granted' });
  });

  it('LEAVE1 is after a ping that was acknowledged unheard, by any doubt of the clocks, for a minute', () => {
    const user = heldUser();
    user.ask(leave);
    user.answer('recall', { t: 'no_row' });
    // By its age it came after the leave, but the cell that tells the age has another clock.
    const late = { session: 'x', repeated: true, ageMs: 1000 } as const;
    user.advance(60_999);
    expect(user.replies.get(user.claim(WEST, late))).toEqual({ t: 'refused' });
    user.advance(1);
    expect(user.replies.get(user.claim(WEST, late))).toMatchObject({ t: 'granted' });
  });

  it('that a newer ping has overtaken changes nothing', () => {
    const user = heldUser();
    user.claim(CELL, { seq: 5 });
    expect(user.request({ ...leave, session: 's', seq: 4 })).toEqual(DONE);
    expect(user.state().meta?.holding).toMatchObject({ t: 'held', cell: CELL });
    // The holder may know of a ping that nobody here has heard of.
    const token = user.ask({ ...leave, session: 's', seq: 6 });
    user.answer('recall', { t: 'kept', session: 's', seq: 7 });
    expect(user.replies.get(token)).toEqual(DONE);
    expect(user.state().meta).toMatchObject({ holding: { t: 'held', cell: CELL }, seq: 7 });
    // A ping elsewhere while the recall is on its way: back already.
    const again = user.ask({ ...leave, session: 's', seq: 8 });
    const claim = user.claim(EAST, { seq: 9 });
    expect(user.replies.get(again)).toEqual(DONE);
    user.answer('recall', { t: 'record', record: record() });
    expect(user.replies.get(claim)).toMatchObject({ t: 'granted', epoch: 2 });
  });
});

describe('PROF1 a record that comes home by itself', () => {
  const profile = { topics: ['food'], languages: ['en'], capacity: 2 };
  const home = (epoch: number, more: { cell?: typeof CELL; seq?: number } = {}) =>
    ({ t: 'returnRecord', user: ana, cell: CELL, epoch, session: 's', record: record({ profile }), ...more }) as const;

  it('is what the next claim is granted with, at a new epoch, over a restart too', () => {
    const user = heldUser();
    expect(user.request(home(1, { seq: 4 }))).toEqual({ t: 'returned' });
    user.restart();
    expect(user.replies.get(user.claim(EAST, { seq: 3 })), 'its number counts').toEqual({ t: 'refused' });
    expect(user.replies.get(user.claim(CELL, { seq: 5 }))).toMatchObject({
      t: 'granted',
      epoch: 2,
      record: { profile },
    });
  });

  it('of an earlier epoch, of another cell, or sent again, is acknowledged and changes nothing', () => {
    const user = heldUser();
    for (const other of [home(0), home(2), home(1, { cell: NEAR[0] as typeof CELL })]) {
      expect(user.request(other)).toEqual({ t: 'returned' });
      expect(user.state().meta).toMatchObject({ record: null, holding: { t: 'held' } });
    }
    user.request(home(1));
    user.claim(EAST, { seq: 2 });
    expect(user.request(home(1))).toEqual({ t: 'returned' });
    expect(user.state().meta?.holding).toMatchObject({ t: 'held', cell: EAST });
    expect(userHarness().request(home(1))).toEqual({ t: 'returned' });
  });

  it('that crosses a recall is its answer, for a claim and for a leave', () => {
    const user = heldUser();
    const claim = user.claim(EAST, { seq: 2 });
    user.request(home(1));
    expect(user.replies.get(claim)).toMatchObject({ t: 'granted', epoch: 2, record: { profile, leaseLeftMs: 0 } });
    user.answer('recall', { t: 'no_row' });
    expect(user.state().meta).toMatchObject({ epoch: 2, record: { profile } });
    const token = user.ask(leave);
    user.request(home(2, { cell: EAST }));
    expect(user.replies.get(token)).toEqual(DONE);
  });

  it('CLAIM1 of a newer ping than the claim that waits ends that claim: nobody holds the user, and the newer words stay', () => {
    for (const comes of ['returnRecord', 'record'] as const) {
      const user = heldUser();
      const claim = user.claim(EAST, { seq: 2 });
      if (comes === 'returnRecord') user.request(home(1, { seq: 3 }));
      else user.answer('recall', { t: 'record', session: 's', seq: 3, record: record({ profile }) });
      expect(user.replies.get(claim)).toEqual({ t: 'refused' });
      expect(user.state().meta).toMatchObject({ epoch: 1, seq: 3, holding: { t: 'free' }, record: { profile } });
      expect(user.sentOf('forget')).toHaveLength(1);
      expect(user.replies.get(user.claim(EAST, { seq: 4 }))).toMatchObject({ t: 'granted', epoch: 2 });
    }
  });
});

describe('AGE1 what a record keeps as a duration', () => {
  it('is older by as long as it lay, at home and behind a grant that never arrived', () => {
    const user = heldUser();
    user.ask(leave);
    const hold = { offerId: 'o' as never, questionId: 'q' as never, text: 'x', point: { lat: 0, lng: 0 } };
    const holds = [{ ...hold, distanceM: 1, state: 'pending' as const, leftMs: 30_000 }];
    user.answer('recall', { t: 'record', record: record({ coolLeftMs: 600_000, idleMs: 1000, holds }) });
    user.advance(200_000);
    user.restart();
    const older = (ms: number) => ({
      record: {
        coolLeftMs: Math.max(0, 600_000 - ms),
        idleMs: 1000 + ms,
        holds: [{ leftMs: Math.max(0, 30_000 - ms) }],
      },
    });
    expect(user.replies.get(user.claim(EAST, { seq: 9 }))).toMatchObject({ epoch: 2, ...older(200_000) });
    user.advance(500_000);
    expect(user.replies.get(user.claim(EAST, { seq: 9 }))).toMatchObject({ epoch: 2, ...older(700_000) });
    const token = user.claim(WEST, { seq: 10 });
    user.answer('recall', { t: 'no_row' });
    expect(user.replies.get(token)).toMatchObject({ epoch: 3, ...older(700_000) });
  });

  it('AGE1 is as old as its own stay, not as that of the record before it', () => {
    const user = heldUser();
    user.ask(leave);
    user.answer('recall', { t: 'record', record: record({ coolLeftMs: 600_000 }) });
    user.advance(200_000);
    user.claim(CELL, { seq: 9 });
    user.ask(leave);
    user.answer('recall', { t: 'record', record: record({ coolLeftMs: 300_000, idleMs: 1000 }) });
    user.advance(10_000);
    user.restart();
    expect(user.replies.get(user.claim(EAST, { seq: 10 }))).toMatchObject({
      record: { coolLeftMs: 290_000, idleMs: 11_000 },
    });
  });

  it('takes the lease of somebody who is handed over along, less the time on the way', () => {
    const user = heldUser();
    const token = user.claim(EAST, { session: '', transfer: 1 });
    user.answer('recall', { t: 'record', record: record({ leaseLeftMs: 60_000 }) });
    expect(user.replies.get(token)).toMatchObject({ record: { leaseLeftMs: 60_000 } });
    user.advance(20_000);
    const again = user.claim(EAST, { session: '', transfer: 1 });
    expect(user.replies.get(again)).toMatchObject({ epoch: 2, record: { leaseLeftMs: 40_000 } });
  });
});
