// How many questions a user may have open: what counts, what frees a place, and what is let through all the same.
import { describe, expect, it } from 'vitest';
import { INBOX_MAX } from '../../../src/protocol/limits.ts';
import { ana, qid } from '../support/names.ts';
import { item, userHarness } from '../support/user-harness.ts';

type User = ReturnType<typeof userHarness>;
const admit = (user: User, n: number, openMax = 3) => user.request({ t: 'admit', user: ana, id: qid(n), openMax });
const full = (openMax = 3) => ({
  t: 'problem',
  code: 'too_many_questions',
  more: { limit: 'question.openMax', most: openMax },
});
const register = (user: User, n: number) => user.deliver([{ n: 1, question: { state: 'open' } }], qid(n));
const ENDS = ['answered', 'expired', 'cancelled'] as const;
const ended = (user: User, n: number) => user.deliver([{ n: 2, question: { state: 'cancelled' } }], qid(n));

describe('OPEN1 a user', () => {
  it('has so many places, however fast they are asked for; a retry keeps its own', () => {
    const user = userHarness();
    for (const n of [1, 2, 3, 2]) expect(admit(user, n)).toEqual({ t: 'admitted' });
    expect(admit(user, 4)).toMatchObject({ ...full(), detail: '3 are open' });
    expect(admit(user, 1)).toEqual({ t: 'admitted' });
  });

  it('counts a question once, on its way or registered, and gets its place back when it ends', () => {
    const user = userHarness();
    for (const n of [1, 2, 3]) {
      admit(user, n);
      register(user, n);
    }
    expect(admit(user, 4)).toMatchObject(full());
    expect(admit(user, 2), 'one that is known').toEqual({ t: 'admitted' });
    ended(user, 2);
    expect(admit(user, 4)).toEqual({ t: 'admitted' });
    expect(admit(user, 5)).toMatchObject(full());
  });

  it.each(ENDS)('gets a place back when a question is %s, and none while it sleeps or is matched', (state) => {
    const user = userHarness();
    register(user, 1);
    for (const [i, open] of (['dormant', 'matched'] as const).entries()) {
      user.deliver([{ n: 2 + i, question: { state: open } }], qid(1));
      expect(admit(user, 3, 1), open).toMatchObject(full(1));
    }
    user.deliver([{ n: 4, question: { state } }], qid(1));
    expect(admit(user, 3, 1)).toEqual({ t: 'admitted' });
  });

  it('gets a place back after half a minute when nothing came of it, and keeps what is registered over a crash', () => {
    const user = userHarness();
    register(user, 1);
    for (const n of [2, 3]) admit(user, n);
    user.advance(29_000);
    expect(admit(user, 4)).toMatchObject(full());
    user.advance(1000);
    expect(admit(user, 4)).toEqual({ t: 'admitted' });
    user.restart();
    expect(admit(user, 5)).toEqual({ t: 'admitted' });
    expect(admit(user, 6)).toEqual({ t: 'admitted' });
    expect(admit(user, 7)).toMatchObject(full());
  });

  it('with a full inbox asks nothing before acknowledging', () => {
    const user = userHarness();
    const events = Array.from({ length: INBOX_MAX }, (_, i) => item(i + 1));
    for (let from = 0; from < INBOX_MAX; from += 64) user.deliver(events.slice(from, from + 64), qid(9));
    expect(admit(user, 1)).toMatchObject({ code: 'inbox_full', more: { limit: 'inbox', most: INBOX_MAX } });
    user.request({ t: 'ack', user: ana, seq: 1 });
    expect(admit(user, 1)).toEqual({ t: 'admitted' });
  });

  it('STORE1 costs no row to ask', () => {
    const user = userHarness();
    admit(user, 1);
    expect([...user.store.load()]).toEqual([]);
  });
});
