// What is asked of the holder, word for word, and which answer is about what.
import { describe, expect, it } from 'vitest';
import { present } from '../../../src/lib/assert.ts';
import type { UserReply } from '../../../src/messages/calls.ts';
import { ana, CELL, EAST, record, WEST } from '../support/names.ts';
import { DWELL_MS, heldUser, item, type UserHarness, userHarness } from '../support/user-harness.ts';

const leave = { t: 'leave', user: ana } as const;
const where = { t: 'where', user: ana } as const;
const handed = { session: '', transfer: 1 } as const;
const home = { t: 'returnRecord', user: ana, cell: CELL, epoch: 1, session: 's', record: record() } as const;
const profile = { topics: ['food'], languages: ['en'], capacity: 2 };

const lastOf = (user: UserHarness, t: 'recall' | 'forget' | 'push') => present(user.sentOf(t).at(-1), t);

describe('what is asked of the holder', () => {
  it('CLAIM6 is on behalf of a ping, of a leave, or, for who is handed over, of nobody whom a newer ping would beat', () => {
    const asked = (wants: (user: UserHarness) => unknown): unknown => {
      const user = heldUser();
      wants(user);
      return lastOf(user, 'recall').request;
    };
    const recall = { t: 'recall', user: ana, epoch: 1 };
    expect(asked((user) => user.claim(EAST, { seq: 2, ageMs: 70 }))).toStrictEqual({
      ...recall,
      order: 2,
      ping: { session: 's', seq: 2, ageMs: 70 },
    });
    expect(asked((user) => user.claim(EAST))).toStrictEqual({ ...recall, order: 2, ping: { session: 's', ageMs: 0 } });
    expect(asked((user) => user.ask(leave))).toStrictEqual({ ...recall, order: 2, leave: {} });
    expect(asked((user) => user.claim(EAST, handed))).toStrictEqual(recall);
  });

  it('waits five seconds for the holder, as nobody else can be told anything; to forget has ten', () => {
    const user = heldUser();
    user.ask(leave);
    user.answer('recall', { t: 'no_row' });
    user.deliver([item(1)]);
    expect(
      [lastOf(user, 'recall'), lastOf(user, 'push'), lastOf(user, 'forget')].map(({ timeoutMs }) => timeoutMs),
    ).toEqual([5000, 5000, 10_000]);
  });

  it('LEAVE1 to forget says that the user has left, when they have, and never else: only then a socket stays', () => {
    const forget = { t: 'forget', user: ana, epoch: 1 };
    const moved = heldUser();
    moved.claim(EAST, { seq: 2 });
    moved.answer('recall', { t: 'record', record: record() });
    expect(lastOf(moved, 'forget').request).toEqual(forget);
    const overtaken = heldUser();
    overtaken.claim(EAST, { seq: 2 });
    overtaken.answer('recall', { t: 'record', record: record(), session: 's', seq: 3 });
    expect(lastOf(overtaken, 'forget').request).toEqual(forget);
    const gone = heldUser();
    gone.ask(leave);
    gone.answer('recall', { t: 'no_row' });
    expect(lastOf(gone, 'forget').request).toEqual({ ...forget, left: true });
  });
});

describe('an answer', () => {
  it('OWN1 to a recall that the record has crossed is for nobody, while the next holder is asked', () => {
    const user = heldUser();
    const east = user.claim(EAST, { seq: 2 });
    const late = present(user.open.pop(), 'recall');
    user.request(home);
    expect(user.replies.get(east)).toMatchObject({ t: 'granted', epoch: 2 });
    user.advance(DWELL_MS);
    const west = user.claim(WEST, { seq: 3 });
    user.reply(late, { t: 'no_row' });
    expect(user.replies.get(west)).toBeUndefined();
    expect(user.request(where)).toMatchObject({ cell: EAST, epoch: 2 });
    user.answer('recall', { t: 'record', record: record() });
    expect(user.replies.get(west)).toMatchObject({ t: 'granted', epoch: 3 });
  });

  it('KEEP2 to a `forget` or a `push` is for nobody', () => {
    const user = heldUser();
    user.ask(leave);
    user.answer('recall', { t: 'no_row' });
    user.deliver([item(1)]);
    const east = user.claim(EAST, { seq: 2 });
    user.advance(DWELL_MS);
    const west = user.claim(WEST, { seq: 3 });
    for (const t of ['forget', 'push'] as const) {
      const { rows, sends, replies } = user.answer(t, { t: 'no_row' });
      expect([...rows, ...sends, ...replies]).toEqual([]);
    }
    expect(user.replies.get(east)).toMatchObject({ t: 'granted', epoch: 2 });
    expect(user.replies.get(west)).toBeUndefined();
  });

  it('leaves nothing of its call behind', () => {
    const user = heldUser();
    user.request({ t: 'missing', user: ana, cell: CELL, epoch: 1 });
    user.ask(leave);
    expect(user.state().calls.size).toBe(2);
    user.answer('recall', { t: 'failed' });
    expect(user.state().probe).toBeUndefined();
    user.answer('recall', { t: 'no_row' });
    user.deliver([item(1)]);
    expect(user.state().calls.size).toBe(2);
    user.answer('push', { t: 'failed' });
    user.answer('forget', { t: 'failed' });
    expect(user.state().calls.size).toBe(0);
    expect(user.state().recallCall).toBeUndefined();
  });
});

describe('a grant', () => {
  it('names the newest ping to who is handed the user, and to no ping', () => {
    const user = heldUser();
    const free = userHarness();
    const east = user.claim(EAST, { seq: 2 });
    user.answer('recall', { t: 'record', record: record() });
    const again = user.claim(EAST, { seq: 2 });
    for (const reply of [
      free.replies.get(free.claim(CELL, { seq: 1 })),
      user.replies.get(east),
      user.replies.get(again),
    ]) {
      expect(reply).toMatchObject({ t: 'granted' });
      expect(reply).not.toHaveProperty('newest');
    }
  });

  it('CLAIM6 tells who is handed the user, and waits, how it is counted', () => {
    const user = heldUser();
    const token = user.claim(EAST, handed);
    user.answer('recall', { t: 'failed' });
    expect(user.replies.get(token)).toEqual({ t: 'pending', retryMs: 500, order: 1 });
    const again = user.claim(EAST, handed);
    user.answer('recall', { t: 'no_row' });
    expect(user.replies.get(again)).toMatchObject({ t: 'granted', order: 1 });
  });

  it('OWN1 is none for a cell that is asked to give the user up', () => {
    const user = heldUser();
    user.claim(EAST, handed);
    user.answer('recall', { t: 'no_row' });
    user.advance(DWELL_MS);
    user.claim(WEST, { seq: 2 });
    expect(user.replies.get(user.claim(EAST, handed))).toEqual({ t: 'refused' });
  });

  it('PROF2 is there for an opening of somebody who has left and whose profile is known', () => {
    const user = heldUser();
    user.ask(leave);
    user.answer('recall', { t: 'record', record: record({ profile }) });
    expect(user.replies.get(user.claim(CELL, { opening: true, seq: 2 }))).toMatchObject({
      t: 'granted',
      record: { profile },
    });
  });
});

describe('LEASE1 a lease that was handed over with a grant that never arrived', () => {
  const handedOver = (): UserHarness => {
    const user = heldUser();
    user.claim(EAST, handed);
    user.answer('recall', { t: 'record', record: record({ profile, leaseLeftMs: 60_000 }) });
    return user;
  };
  const ENDED = { profile, leaseLeftMs: 0, point: { lat: 0, lng: 0 } };

  it('ends with the leave, and the place goes with it', () => {
    const user = handedOver();
    user.ask(leave);
    user.answer('recall', { t: 'no_row' });
    expect(user.state().meta?.record).toMatchObject(ENDED);
    user.restart();
  });

  it('is nothing for whoever claims next, by a ping or for a holder', () => {
    for (const next of [{ seq: 2 }, { session: '', transfer: 2 }]) {
      const user = handedOver();
      user.advance(DWELL_MS);
      const token = user.claim(WEST, next);
      user.answer('recall', { t: 'no_row' });
      const granted = user.replies.get(token) as UserReply<'claim'>;
      expect(granted).toMatchObject({ t: 'granted', record: ENDED });
    }
  });
});
