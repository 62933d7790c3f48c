// News for who is at home: told once to where the user was last, where a socket of theirs may still be. The inbox keeps it all.
import { describe, expect, it } from 'vitest';
import type { Send } from '../../../src/engine/effects.ts';
import type { StreamItem } from '../../../src/messages/records.ts';
import { EVENTS_PAGE_BYTES_MAX, EVENTS_PAGE_MAX } from '../../../src/protocol/limits.ts';
import { ana, CELL, EAST, record } from '../support/names.ts';
import { item, offerItem, questionItem, type UserHarness, userHarness } from '../support/user-harness.ts';

const leave = { t: 'leave', user: ana } as const;
/** Who has left CELL. */
function goneUser(): UserHarness {
  const user = userHarness();
  user.claim(CELL);
  user.ask(leave);
  user.answer('recall', { t: 'record', record: record() });
  return user;
}
const what = ({ request, address }: Send) => ({
  to: address.to === 'cell' ? address.cell : '',
  seqs: request.t === 'push' ? request.events.map(({ seq }) => seq) : [],
});
const pushes = (user: UserHarness) => user.sentOf('push').map(what);
const many = (count: number, from = 1) => Array.from({ length: count }, (_, i) => item(from + i));

describe('a push', () => {
  it('tells events to where the user was last, over a restart too, and however their record came home', () => {
    const gone = goneUser();
    const lapsed = userHarness();
    lapsed.claim(CELL);
    lapsed.request({ t: 'returnRecord', user: ana, cell: CELL, epoch: 1, session: 's', record: record() });
    for (const user of [gone, lapsed]) {
      user.deliver([item(1), item(2)]);
      user.restart();
      user.deliver([item(3)]);
      expect(pushes(user)).toEqual([
        { to: CELL, seqs: [1, 2] },
        { to: CELL, seqs: [3] },
      ]);
    }
  });

  it('says the events, and nothing else', () => {
    const user = goneUser();
    user.deliver([{ ...item(1), ...offerItem(1, 'withdrawn') }]);
    const { request } = user.sentOf('push')[0] ?? {};
    expect(request).toEqual({ t: 'push', user: ana, events: user.events().items });
  });

  it('is sent once: the inbox keeps what no socket saw', () => {
    const user = goneUser();
    user.deliver([item(1)]);
    user.answer('push', { t: 'failed' });
    user.advance(60_000);
    user.deliver([item(1)]);
    user.restart();
    expect(pushes(user)).toHaveLength(1);
    expect(user.store.alarm()).toBe(user.state().inbox.purgeAt);
    expect(user.events().items).toHaveLength(1);
  });

  it('waits for no other', () => {
    const user = goneUser();
    for (const n of [1, 2, 3]) user.deliver([item(n)]);
    expect(pushes(user).map(({ seqs }) => seqs)).toEqual([[1], [2], [3]]);
  });

  it('is none for changes without an event', () => {
    const user = goneUser();
    user.deliver([questionItem(1, 'open'), offerItem(2, 'accepted')]);
    expect(pushes(user)).toEqual([]);
  });

  it('goes nowhere when nobody ever held the user, nor while a cell does: that has the news first', () => {
    const user = userHarness();
    user.deliver([item(1)]);
    user.claim(CELL);
    user.deliver([item(2)]);
    user.ask(leave);
    user.deliver([item(2)]);
    expect(pushes(user)).toEqual([]);
    user.answer('recall', { t: 'record', record: record({ inbox: { seq: 1, events: [], known: [] } }) });
    user.claim(EAST);
    user.ask(leave);
    user.answer('recall', { t: 'no_row' });
    user.deliver([item(1)]);
    expect(pushes(user)).toEqual([{ to: EAST, seqs: [2] }]);
  });

  it('INBOX2 has no more than a page: the client sees that there are others, and fetches them', () => {
    const user = goneUser();
    user.deliver(many(EVENTS_PAGE_MAX + 20));
    const long = (n: number): StreamItem => ({
      n,
      event: { type: 'question.dormant', at: '', data: { question: { text: '€'.repeat(4000) } as never } },
    });
    user.deliver(Array.from({ length: 20 }, (_, i) => long(EVENTS_PAGE_MAX + 21 + i)));
    const [first, second] = user.sentOf('push');
    expect(first && what(first).seqs).toEqual(many(EVENTS_PAGE_MAX).map(({ n }) => n));
    const events = second?.request.t === 'push' ? second.request.events : [];
    expect(events.length).toBeGreaterThan(0);
    expect(new TextEncoder().encode(JSON.stringify(events)).length).toBeLessThanOrEqual(EVENTS_PAGE_BYTES_MAX);
    expect(user.state().inbox.events.size).toBe(EVENTS_PAGE_MAX + 40);
  });
});
