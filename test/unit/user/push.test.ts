// News for the holder's cell: best effort, in order, never without the inbox.
import { describe, expect, it } from 'vitest';
import type { Send } from '../../../src/engine/effects.ts';
import type { StreamItem } from '../../../src/messages/records.ts';
import { EVENTS_PAGE_MAX, INBOX_MAX, INBOX_TOLD_FROM } from '../../../src/protocol/limits.ts';
import { ana, CELL, EAST, oid, qid, record } from '../support/names.ts';
import { item, offerItem, type UserHarness, userHarness } from '../support/user-harness.ts';

function heldUser(): UserHarness {
  const user = userHarness();
  user.claim(CELL);
  return user;
}
const what = ({ request, address }: Send) => ({
  to: address.to === 'cell' ? address.cell : '',
  seqs: request.t === 'push' ? request.events.map(({ seq }) => seq) : [],
  offers: request.t === 'push' ? request.offers.map(({ id, state }) => [id, state]) : [],
});
const pushes = (user: UserHarness) => user.sentOf('push').map(what);

describe('a push', () => {
  it('passes events and changes of offers on to the cell that holds the user', () => {
    const user = heldUser();
    user.deliver([{ ...item(1, 'offer.made'), ...offerItem(1, 'pending'), n: 1 }]);
    expect(pushes(user)).toEqual([{ to: CELL, seqs: [1], offers: [[oid(1), 'pending']] }]);
  });

  it('HOLD1 frees holds through changes without an event too', () => {
    const user = heldUser();
    user.deliver([offerItem(1, 'pending'), offerItem(2, 'accepted')]);
    expect(pushes(user)[0]?.offers).toEqual([
      [oid(1), 'pending'],
      [oid(1), 'accepted'],
    ]);
  });

  it('goes nowhere when nobody holds the user; the inbox keeps it', () => {
    const user = userHarness();
    user.deliver([item(1)]);
    expect(user.sent).toEqual([]);
    expect(user.events().items).toHaveLength(1);
    user.claim(CELL);
    user.deliver([item(2)]);
    expect(pushes(user)).toEqual([{ to: CELL, seqs: [2], offers: [] }]);
  });

  it('KEEP2 one at a time: what comes meanwhile follows, each once and in order', () => {
    const user = heldUser();
    user.deliver([item(1)]);
    user.deliver([item(2)]);
    user.deliver([item(1)], qid(2));
    expect(pushes(user).map(({ seqs }) => seqs)).toEqual([[1]]);
    user.answer('push', { t: 'done' });
    expect(pushes(user).map(({ seqs }) => seqs)).toEqual([[1], [2, 3]]);
    user.answer('push', { t: 'done' });
    expect(pushes(user)).toHaveLength(2);
  });

  it('is repeated when it failed, with what came since, later each time, and given up after a few', () => {
    const user = heldUser();
    user.deliver([item(1)]);
    const from = user.now();
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      user.answer('push', { t: 'failed' });
      const before = user.sentOf('push').length;
      while (user.sentOf('push').length === before) user.advance(250);
      times.push(user.now() - from);
      if (i === 0) user.deliver([item(2)]);
    }
    expect(times).toEqual([500, 1500, 3500, 7500, 15_500]);
    expect(pushes(user).map(({ seqs }) => seqs)).toEqual([[1], [1], [1, 2], [1, 2], [1, 2], [1, 2]]);
    user.answer('push', { t: 'failed' });
    user.advance(60_000);
    expect(pushes(user)).toHaveLength(6);
    expect(user.events().items, 'the inbox keeps what no socket saw').toHaveLength(2);
    user.deliver([item(3)]);
    expect(pushes(user).at(-1)?.seqs).toEqual([3]);
  });

  it('goes to where the user was last when nobody holds them: a socket may be open there', () => {
    const user = heldUser();
    user.request({ t: 'returnRecord', user: ana, cell: CELL, epoch: 1, session: 's', record: record() });
    user.deliver([item(1)]);
    expect(pushes(user)).toEqual([{ to: CELL, seqs: [1], offers: [] }]);
  });

  it('follows the user to the next holder', () => {
    const user = heldUser();
    user.advance(2000);
    user.claim(EAST);
    user.answer('recall', { t: 'record', record: record() });
    user.deliver([item(1)]);
    expect(pushes(user)).toEqual([{ to: EAST, seqs: [1], offers: [] }]);
  });
});

describe('how full the inbox is', () => {
  const unreadOf = ({ request }: Send) => (request.t === 'push' ? request.unread : undefined);
  const fill = (user: UserHarness, n: number) =>
    user.deliver(Array.from({ length: n }, (_, i) => item(i + 1, 'offer.made')));

  it('INBOX1 is told with the news, and when it has been read: also after a crash, and until it was heard', () => {
    const user = heldUser();
    fill(user, INBOX_MAX);
    expect(user.sentOf('push').map(unreadOf)).toEqual([INBOX_MAX]);
    while (user.open.some(({ request }) => request.t === 'push')) user.answer('push', { t: 'done' });
    const told = user.sentOf('push').length;
    user.request({ t: 'ack', user: ana, seq: INBOX_MAX - 1 });
    expect(user.sentOf('push').slice(told).map(unreadOf)).toEqual([undefined]);
    user.restart();
    expect(user.sentOf('push')).toHaveLength(told + 2);
    for (let n = 0; n < 6; n++) {
      user.answer('push', { t: 'failed' });
      user.advance(60_000);
    }
    expect(user.open.filter(({ request }) => request.t === 'push')).toHaveLength(1);
    user.answer('push', { t: 'done' });
    user.restart();
    expect(user.open).toEqual([]);
  });

  it('INBOX1 is told to the next cell with the grant', () => {
    const user = userHarness();
    fill(user, 100);
    expect(user.replies.get(user.claim(CELL))).toMatchObject({ t: 'granted', unread: 100 });
  });

  it("INBOX1 is nobody's business while no offers could fill it", () => {
    const user = heldUser();
    fill(user, INBOX_TOLD_FROM - 1);
    user.answer('push', { t: 'done' });
    user.request({ t: 'ack', user: ana, seq: 1 });
    expect(user.sentOf('push').map(unreadOf)).toEqual([undefined]);
  });

  it('INBOX1 is told from the first number on at which offers could fill it, and costs a row once', () => {
    const user = heldUser();
    const events = Array.from({ length: INBOX_TOLD_FROM + 1 }, (_, i) => item(i + 1, 'offer.made'));
    const deliver = (items: readonly StreamItem[]) =>
      user.written({ t: 'deliver', user: ana, questionId: qid(), incarnation: 1, keepMs: 1000, items });
    expect(deliver(events.slice(0, -2))).not.toContain('meta/meta');
    expect(deliver(events.slice(-2, -1))).toContain('meta/meta');
    expect(deliver(events.slice(-1))).not.toContain('meta/meta');
    user.answer('push', { t: 'done' });
    expect(user.sentOf('push').map(unreadOf)).toEqual([undefined, INBOX_TOLD_FROM + 1]);
    user.answer('push', { t: 'done' });
    user.request({ t: 'ack', user: ana, seq: 1 });
    expect(user.sentOf('push').map(unreadOf).slice(2)).toEqual([INBOX_TOLD_FROM]);
  });

  it('INBOX1 is owed to the holder until a push that says few was heard, and costs no row before or after', () => {
    const user = heldUser();
    fill(user, INBOX_TOLD_FROM);
    // Read while the news are on their way: what they say is still many.
    user.request({ t: 'ack', user: ana, seq: INBOX_TOLD_FROM });
    const done = () => user.answer('push', { t: 'done' }).rows.map(({ table }) => table);
    expect(done()).toEqual([]);
    user.restart();
    expect(user.sentOf('push').at(-1)?.request).not.toHaveProperty('unread');
    expect(done()).toEqual(['meta']);
    user.deliver([item(INBOX_TOLD_FROM + 1)]);
    expect(done()).toEqual([]);
    expect(user.open).toEqual([]);
  });

  it('INBOX1 is owed to the holder when it is as full again by the time that few was heard', () => {
    const user = heldUser();
    fill(user, INBOX_TOLD_FROM);
    user.answer('push', { t: 'done' });
    user.request({ t: 'ack', user: ana, seq: INBOX_TOLD_FROM });
    const more = Array.from({ length: INBOX_TOLD_FROM }, (_, i) => item(i + 1));
    user.deliver(more, qid(2));
    user.answer('push', { t: 'done' });
    expect(user.sentOf('push').at(-1)?.request).toMatchObject({ unread: INBOX_TOLD_FROM });
    user.answer('push', { t: 'done' });
    user.request({ t: 'ack', user: ana, seq: 2 * INBOX_TOLD_FROM });
    expect(user.open.filter(({ request }) => request.t === 'push')).toHaveLength(1);
  });

  it('INBOX1 is told once a minute to a holder that is silent', () => {
    const user = heldUser();
    fill(user, INBOX_TOLD_FROM);
    for (let n = 0; n < 5; n++) {
      user.answer('push', { t: 'failed' });
      user.advance(10_000);
    }
    user.answer('push', { t: 'failed' });
    const sent = user.sentOf('push').length;
    user.advance(59_999);
    expect(user.sentOf('push')).toHaveLength(sent);
    user.advance(1);
    expect(user.sentOf('push')).toHaveLength(sent + 1);
  });

  it('INBOX2 a push has no more than a page, and of what waits for a silent cell the oldest go', () => {
    const user = heldUser();
    user.deliver([item(1)]);
    user.deliver(Array.from({ length: 1000 }, (_, i) => item(i + 2)));
    user.answer('push', { t: 'done' });
    const seqs = user.sentOf('push').map((send) => what(send).seqs);
    expect(seqs[0]).toEqual([1]);
    expect(seqs[1]).toHaveLength(EVENTS_PAGE_MAX);
    while (user.open.some(({ request }) => request.t === 'push')) user.answer('push', { t: 'done' });
    const all = user.sentOf('push').flatMap((send) => what(send).seqs);
    expect(all.at(-1)).toBe(1001);
    expect(all).toHaveLength(INBOX_MAX);
  });

  it('INBOX2 the oldest go while a push that failed waits to be tried again', () => {
    const user = heldUser();
    user.deliver([item(1)]);
    user.answer('push', { t: 'failed' });
    user.deliver(Array.from({ length: INBOX_MAX }, (_, i) => item(i + 2)));
    user.advance(500);
    expect(pushes(user).at(-1)?.seqs[0]).toBe(2);
  });
});
