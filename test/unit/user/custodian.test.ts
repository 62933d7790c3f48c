// Who answers for a user's record: the UserObject while nobody holds the user, else it names who does.
import { describe, expect, it } from 'vitest';
import type { UserRequest } from '../../../src/messages/calls.ts';
import { ana, CELL, EAST, qid, record } from '../support/names.ts';
import { heldUser, item, questionItem, type UserHarness, userHarness } from '../support/user-harness.ts';

const leave = { t: 'leave', user: ana } as const;
const home = { t: 'returnRecord', user: ana, cell: CELL, epoch: 1, session: 's', record: record() } as const;
const REQUESTS = {
  deliver: { t: 'deliver', user: ana, questionId: qid(), incarnation: 1, keepMs: 1000, items: [item(1)] },
  events: { t: 'events', user: ana, after: 0, limit: 10, waitMs: 0 },
  'long poll': { t: 'events', user: ana, after: 0, limit: 10, waitMs: 20_000 },
  ack: { t: 'ack', user: ana, seq: 1 },
  questions: { t: 'questions', user: ana, limit: 10 },
  offers: { t: 'offers', user: ana },
} as const satisfies Readonly<Record<string, UserRequest>>;
const PENDING = { t: 'pending', retryMs: 250 };

describe.each(Object.entries(REQUESTS))('OWN3 %s', (_, request) => {
  it('is answered here while nobody holds the user: never yet, or not any more', () => {
    const [never, notAnyMore] = [userHarness(), heldUser()];
    notAnyMore.request(home);
    for (const user of [never, notAnyMore]) {
      const reply = user.request<{ t: string } | undefined>(request);
      expect(['elsewhere', 'pending', 'problem']).not.toContain(reply?.t);
      user.restart();
    }
  });

  it('is sent to the cell that holds the user, for no row, over a restart too', () => {
    const user = heldUser();
    const elsewhere = { t: 'elsewhere', cell: CELL, epoch: 1 };
    expect(user.request(request)).toEqual(elsewhere);
    expect(user.written(request)).toEqual([]);
    user.restart();
    expect(user.request(request)).toEqual(elsewhere);
  });

  it('is to wait while the user is asked for, by a claim or by a leave, over a restart too', () => {
    for (const wants of [(user: UserHarness) => user.claim(EAST, { seq: 2 }), (user: UserHarness) => user.ask(leave)]) {
      const user = heldUser();
      wants(user);
      expect(user.request(request)).toEqual(PENDING);
      user.restart();
      expect(user.request(request)).toEqual(PENDING);
    }
  });

  it('LIVE1 has the recall repeated, though whoever wanted the user may have given up', () => {
    const user = heldUser();
    user.claim(EAST, { seq: 2 });
    user.answer('recall', { t: 'failed' });
    const recalls = (): number => user.sent.filter((send) => send.request.t === 'recall').length;
    const before = recalls();
    expect(user.request(request)).toEqual(PENDING);
    expect(recalls()).toBe(before + 1);
  });

  it('is sent on by who the recall left the user with', () => {
    const granted = heldUser();
    granted.claim(EAST, { seq: 2 });
    granted.answer('recall', { t: 'record', record: record() });
    expect(granted.request(request)).toEqual({ t: 'elsewhere', cell: EAST, epoch: 2 });
    const kept = heldUser();
    kept.claim(EAST, { seq: 2 });
    kept.answer('recall', { t: 'kept', session: 's', seq: 3 });
    expect(kept.request(request)).toEqual({ t: 'elsewhere', cell: CELL, epoch: 1 });
  });
});

describe('a long poll', () => {
  it('waits for the next event, and every one that waits gets it', () => {
    const user = userHarness();
    const tokens = [user.poll(), user.poll()];
    expect(tokens.map((token) => user.replies.get(token))).toEqual([undefined, undefined]);
    user.deliver([item(1)]);
    const later = user.poll(1);
    for (const token of tokens) expect(user.replies.get(token)).toMatchObject({ items: [{ seq: 1 }], next: 1 });
    expect(user.replies.get(later), 'nothing after 1 yet').toBeUndefined();
    user.deliver([item(2)]);
    expect(user.replies.get(later)).toMatchObject({ items: [{ seq: 2 }] });
  });

  it('is answered empty when its time is up, once', () => {
    const user = userHarness();
    const token = user.poll();
    user.step({ t: 'waited', token });
    expect(user.replies.get(token)).toEqual({ t: 'events', items: [], next: 0 });
    user.step({ t: 'waited', token });
    user.deliver([item(1)]);
  });

  it('goes on waiting when another’s time is up, when nobody’s is, and when what comes is no event', () => {
    const user = userHarness();
    const [first, second, third] = [user.poll(), user.poll(), user.poll()];
    user.step({ t: 'waited', token: second });
    user.step({ t: 'waited', token: 999 });
    user.deliver([questionItem(1, 'open')]);
    expect([first, second, third].map((token) => user.replies.has(token))).toEqual([false, true, false]);
    expect(user.replies.get(second)).toEqual({ t: 'events', items: [], next: 0 });
    user.deliver([item(2)]);
    for (const token of [first, third]) expect(user.replies.get(token)).toMatchObject({ items: [{ seq: 1 }] });
  });

  it('with news, or after a number that was never given, is answered at once', () => {
    const user = userHarness();
    expect(user.replies.get(user.poll(7))).toEqual({ t: 'events', items: [], next: 0, reset: true });
    user.deliver([item(1)]);
    expect(user.replies.get(user.poll())).toMatchObject({ items: [{ seq: 1 }] });
    expect(user.replies.get(user.poll(3))).toMatchObject({ items: [{ seq: 1 }], reset: true });
    expect(user.replies.get(user.poll(1))).toBeUndefined();
  });

  it('OWN3 is sent on in the step in which the user is granted to a cell', () => {
    const user = userHarness();
    const tokens = [user.poll(), user.poll()];
    const granted = user.claim(CELL);
    expect(user.replies.get(granted)).toMatchObject({ t: 'granted', epoch: 1 });
    for (const token of tokens) expect(user.replies.get(token)).toEqual({ t: 'elsewhere', cell: CELL, epoch: 1 });
    // Their time is up later, and nobody waits any more.
    for (const token of tokens) user.step({ t: 'waited', token });
  });

  it('OWN3 waits on through a claim that is not granted', () => {
    const user = userHarness();
    const token = user.poll();
    user.claim(CELL, { opening: true });
    user.claim(CELL, { session: '', transfer: 1 });
    expect(user.replies.get(token)).toBeUndefined();
    user.deliver([item(1)]);
    expect(user.replies.get(token)).toMatchObject({ items: [{ seq: 1 }] });
  });
});
