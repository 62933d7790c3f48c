// A cell as the custodian of the records of those whom it holds: what it takes, serves and lets go, and how long lapsed ones stay.
import { describe, expect, it } from 'vitest';
import { loadCell } from '../../../src/cell/restore.ts';
import { stepCell } from '../../../src/cell/step.ts';
import { ROW_BYTES_MAX } from '../../../src/engine/rows.ts';
import type { CellReply } from '../../../src/messages/calls.ts';
import type { PackedInbox, StreamItem } from '../../../src/messages/records.ts';
import type { UserId } from '../../../src/protocol/ids.ts';
import { INBOX_BYTES_FULL, INBOX_MAX } from '../../../src/protocol/limits.ts';
import { type CellHarness, type CellOptions, cellHarness } from '../support/cell-harness.ts';
import { PARENT } from '../support/family.ts';
import {
  ana,
  at,
  bob,
  CELL,
  cem,
  EAST,
  mapRow,
  need,
  newQuestion,
  oid,
  policyWith,
  qid,
  record,
  user,
} from '../support/names.ts';
import { item, offerItem, userHarness } from '../support/user-harness.ts';

const HOUR_MS = 3_600_000;
const nothing: PackedInbox = { seq: 0, events: [], known: [] };

/** Whoever claims is granted a record with an empty inbox. */
function custodian(options: CellOptions = {}): CellHarness {
  return cellHarness({
    ...options,
    respond: (send) => {
      const { request } = send;
      const answer = options.respond?.(send);
      if (answer !== undefined || request.t !== 'claim' || options.manual?.includes('claim') === true) return answer;
      return { t: 'granted', epoch: 1, record: record({ inbox: nothing }) };
    },
  });
}

const items = (from: number, to: number): readonly StreamItem[] =>
  Array.from({ length: to - from + 1 }, (_, i) => item(from + i));

const longEvent = {
  type: 'question.dormant',
  at: '2026-11-20T00:00:00.000Z',
  data: { question: { text: 'x'.repeat(7000) } as never },
} as const;

/** News of a question in another cell. */
const deliver = (cell: CellHarness, all: readonly StreamItem[], who: UserId = bob, epoch = 1): CellReply =>
  cell.request({
    t: 'deliver',
    user: who,
    questionId: qid(1, EAST),
    incarnation: 1,
    keepMs: 48 * HOUR_MS,
    items: all,
    epoch,
  });

const seqs = (cell: CellHarness, after = 0): readonly number[] => {
  const reply = cell.request({ t: 'events', user: bob, after, limit: 1000, waitMs: 0 });
  return reply.t === 'events' ? reply.items.map(({ seq }) => seq) : [];
};

/** What another instance reads: from the rows alone, or beside what sockets carry. */
function afterCrash(cell: CellHarness, withSockets: boolean): readonly number[] {
  const state = loadCell(cell.store.load());
  const attachments = withSockets ? [...cell.attachments.values()] : [];
  stepCell(state, { t: 'boot', attachments, armedAt: undefined }, cell.now(), () => 0.5);
  return [...(state.users.get(bob)?.inbox?.events.keys() ?? [])];
}

const poll = (cell: CellHarness, after = 0): number => {
  cell.request({ t: 'events', user: bob, after, limit: 10, waitMs: 20_000 });
  return cell.lastToken();
};

describe('KEEP2 an inbox here', () => {
  it('takes what comes, however much waits in it', () => {
    const cell = custodian();
    cell.ping(bob);
    for (let n = 1; n <= INBOX_MAX + 44; n += 100) deliver(cell, items(n, n + 99));
    expect(cell.resident(bob)?.inbox?.events.size).toBe(INBOX_MAX + 44);
  });

  it('BOUND2 takes nothing more where its row would be too long, and goes on once something was acknowledged', () => {
    const cell = custodian();
    cell.ping(bob);
    const most = Math.ceil(INBOX_BYTES_FULL / 7000) + 2;
    const long = items(1, most).map(({ n }): StreamItem => ({ n, event: longEvent }));
    const first = deliver(cell, long) as { upTo: number };
    expect(first.upTo).toBeLessThan(most);
    expect(cell.rows('users')[0]?.length).toBeLessThan(ROW_BYTES_MAX);
    expect(deliver(cell, long)).toEqual(first);
    cell.request({ t: 'ack', user: bob, seq: first.upTo });
    expect(deliver(cell, long)).toMatchObject({ upTo: most });
  });

  it('takes news of a question of its own cell in the step that causes it, and nothing is sent', () => {
    const cell = custodian();
    cell.ping(ana);
    cell.ping(bob, { point: at(100) });
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.question(qid()).offers.map(({ user: who, state }) => [who, state])).toEqual([[bob, 'pending']]);
    expect(seqs(cell)).toEqual([1]);
    expect(cell.resident(ana)?.inbox?.known.get(qid())).toMatchObject({ n: 1 });
    expect([...cell.question(qid()).streams.values()].map((stream) => stream.items)).toEqual([[], []]);
    expect(cell.sentOf('deliver')).toEqual([]);
    cell.restart();
    expect(seqs(cell)).toEqual([1]);
  });

  it('is acknowledged over HTTP by a row', () => {
    const cell = custodian();
    cell.connect(bob);
    deliver(cell, items(1, 3));
    expect(cell.request({ t: 'ack', user: bob, seq: 2 })).toEqual({ t: 'acked', seq: 2 });
    expect(afterCrash(cell, false)).toEqual([3]);
  });

  it('is acknowledged over a socket by what that carries, for no row, and no farther than was read', () => {
    const cell = custodian();
    cell.connect(bob);
    deliver(cell, items(1, 3));
    expect(cell.request({ t: 'ack', user: bob, seq: 2 }, { socket: true })).toEqual({ t: 'acked', seq: 2 });
    expect(seqs(cell)).toEqual([3]);
    expect(afterCrash(cell, false)).toEqual([1, 2, 3]);
    expect(afterCrash(cell, true)).toEqual([3]);
  });

  it('is acknowledged by a row over a socket too, where it is more than half full', () => {
    const cell = custodian();
    cell.connect(bob);
    deliver(cell, items(1, 100));
    deliver(cell, items(101, INBOX_MAX / 2 + 1));
    cell.request({ t: 'ack', user: bob, seq: 2 }, { socket: true });
    expect(afterCrash(cell, false)[0]).toBe(3);
    // From then on it is half full again.
    cell.request({ t: 'ack', user: bob, seq: 4 }, { socket: true });
    expect(afterCrash(cell, false)[0]).toBe(3);
  });
});

describe('OWN3 a row that was given up', () => {
  it('takes no news, acknowledges nothing and serves no reads; nobody need be told that it is missing', () => {
    const cell = custodian();
    cell.ping(bob);
    deliver(cell, items(1, 2));
    cell.request({ t: 'recall', user: bob, epoch: 1 });
    const notHere = { t: 'not_here', missing: false };
    expect(deliver(cell, items(1, 3))).toEqual(notHere);
    expect(cell.request({ t: 'ack', user: bob, seq: 2 })).toEqual(notHere);
    expect(cell.request({ t: 'offers', user: bob })).toEqual(notHere);
    expect(cell.resident(bob)?.inbox?.events.size).toBe(2);
    // Of a later epoch there is none.
    expect(deliver(cell, items(1, 3), bob, 2)).toEqual({ t: 'not_here', missing: true });
    expect(deliver(cell, items(1, 3), cem)).toEqual({ t: 'not_here', missing: true });
  });

  it('sends on who waits for its events, at once', () => {
    const cell = custodian();
    cell.ping(bob);
    const token = poll(cell);
    expect(cell.replies.get(token)).toBeUndefined();
    cell.request({ t: 'recall', user: bob, epoch: 1 });
    expect(cell.replies.get(token)).toEqual({ t: 'not_here', missing: false });
    cell.step({ t: 'waited', token });
    expect(cell.state().waiters).toEqual([]);
  });

  it('is what a grant of its own epoch goes on with: it is newer than the copy', () => {
    const cell = custodian({ manual: ['claim'] });
    cell.ping(bob);
    cell.answer('claim', { t: 'granted', epoch: 1, record: record({ inbox: nothing }) });
    deliver(cell, items(1, 2));
    cell.request({ t: 'recall', user: bob, epoch: 1 });
    cell.ping(bob, { seq: 2 });
    // The fence of the recall lies on the claims that were there: the cell's word was never heard.
    cell.answer('claim', { t: 'granted', epoch: 1, record: record({ inbox: nothing }) });
    expect(cell.resident(bob)).toMatchObject({ phase: 'live', epoch: 1 });
    expect(seqs(cell)).toEqual([1, 2]);
  });

  it('takes news again when nobody wants it, and when somebody does it does not', () => {
    for (const word of [{ held: true as const }, {}]) {
      const cell = custodian({ manual: ['where'] });
      cell.ping(bob, { ttlMs: 20_000 });
      deliver(cell, items(1, 2));
      cell.request({ t: 'recall', user: bob, epoch: 1 });
      cell.advance(60_000);
      cell.answer('where', { t: 'where', cell: CELL, epoch: 1, ...word });
      const taken = word.held ? { t: 'stored', upTo: 3 } : { t: 'not_here', missing: false };
      expect(deliver(cell, items(3, 3)), JSON.stringify(word)).toEqual(taken);
    }
  });

  it('stays given up when it was recalled while that word was on its way', () => {
    const cell = custodian({ manual: ['where'] });
    cell.ping(bob);
    cell.request({ t: 'recall', user: bob, epoch: 1 });
    cell.advance(60_000);
    expect(cell.request({ t: 'recall', user: bob, epoch: 1, order: 9 })).toMatchObject({ t: 'record' });
    cell.answer('where', { t: 'where', cell: CELL, epoch: 1, held: true });
    expect(cell.resident(bob)?.phase).toBe('frozen');
  });

  it('hears that nobody wants it only by a write, and never while it is wanted', () => {
    const home = userHarness(bob);
    home.claim(CELL);
    expect(home.request({ t: 'where', user: bob })).toEqual({ t: 'where', cell: CELL, epoch: 1, held: true });
    expect(home.written({ t: 'where', user: bob })).toEqual(['meta/meta']);
    home.advance(60_000);
    home.claim(EAST, { session: 'other' });
    expect(home.request({ t: 'where', user: bob })).toEqual({ t: 'where', cell: CELL, epoch: 1 });
  });

  it('is not frozen by the question whether it is there', () => {
    const cell = custodian();
    cell.ping(bob, { seq: 5 });
    const probe = { t: 'recall', user: bob, epoch: 1, probe: true } as const;
    expect(cell.request(probe)).toEqual({ t: 'kept', session: 's', seq: 5 });
    expect(cell.resident(bob)?.phase).toBe('live');
    expect(cell.request({ ...probe, epoch: 2 })).toEqual({ t: 'no_row' });
    expect(cell.resident(bob)?.phase).toBe('live');
  });
});

describe('a long poll here', () => {
  it('waits for the next event, and is answered empty when its time is up', () => {
    const cell = custodian();
    cell.ping(bob);
    const first = poll(cell);
    deliver(cell, items(1, 1));
    const second = poll(cell, 1);
    expect(cell.replies.get(first)).toMatchObject({ t: 'events', next: 1 });
    expect(cell.replies.get(second)).toBeUndefined();
    cell.step({ t: 'waited', token: second });
    expect(cell.replies.get(second)).toEqual({ t: 'events', items: [], next: 1 });
  });
});

describe('HOLD1 news of an offer of another cell', () => {
  const reserve = (n: number) =>
    ({
      t: 'reserve',
      offerId: oid(1, n, EAST),
      user: bob,
      need: need({ questionId: qid(n, EAST) }),
      policy: policyWith(),
      copy: { questionId: qid(n, EAST), text: 'where?', point: at() },
      holdMs: 40_000,
    }) as const;

  it('frees its slot', () => {
    const cell = custodian({ policy: { cooldownMs: 0 } });
    cell.ping(bob);
    deliver(cell, [offerItem(1, 'pending')]);
    expect(cell.request(reserve(2))).toEqual({ t: 'refused', reason: 'capacity' });
    deliver(cell, [offerItem(2, 'withdrawn')]);
    expect(cell.request(reserve(2))).toEqual({ t: 'held' });
  });

  it('takes a slot for one that is live, where what was kept of it was lost', () => {
    const cell = custodian();
    cell.ping(bob);
    deliver(cell, [offerItem(1, 'accepted')]);
    expect([...(cell.resident(bob)?.holds.values() ?? [])]).toMatchObject([{ offerId: oid(1), state: 'accepted' }]);
    expect(cell.request(reserve(2))).toEqual({ t: 'refused', reason: 'capacity' });
  });
});

describe('OWN3 the record of a lease that has ended', () => {
  it('stays for a day, takes news, and is live again for one row and no call', () => {
    const cell = custodian({ manual: ['returnRecord'] });
    cell.ping(bob, { profile: { topics: ['food'] }, ttlMs: 20_000 });
    cell.advance(23 * HOUR_MS);
    expect(cell.resident(bob)?.phase).toBe('lapsed');
    expect(deliver(cell, items(1, 1))).toMatchObject({ t: 'stored', upTo: 1 });
    const before = cell.sent.length;
    cell.ping(bob, { ttlMs: 20_000 });
    expect(cell.sent).toHaveLength(before);
    expect(cell.resident(bob)).toMatchObject({ phase: 'live', epoch: 1, profile: { topics: ['food'] } });
    cell.advance(24 * HOUR_MS);
    expect(cell.sentOf('returnRecord')).toEqual([]);
    cell.advance(20_000);
    expect(cell.sentOf('returnRecord').map(({ request }) => request)).toMatchObject([
      { user: bob, epoch: 1, record: { profile: { topics: ['food'] }, leaseLeftMs: 0, inbox: { seq: 1 } } },
    ]);
  });

  it('is asked for nothing while it stays', () => {
    const cell = custodian();
    cell.ping(bob, { ttlMs: 20_000 });
    cell.advance(20_000);
    expect(cell.request({ t: 'scout', need: need(), policy: policyWith(), limit: 5 })).toMatchObject({
      candidates: [],
    });
    expect(cell.state().roster.size()).toBe(0);
  });

  it('on its way home is revived by no ping: that waits until the record is there', () => {
    const cell = custodian({ manual: ['returnRecord', 'claim'] });
    cell.ping(bob, { ttlMs: 20_000 });
    cell.answer('claim', { t: 'granted', epoch: 1, record: record({ inbox: nothing }) });
    cell.advance(24 * HOUR_MS + 20_000);
    cell.ping(bob);
    expect(cell.resident(bob)?.phase).toBe('frozen');
    expect(cell.sentOf('claim')).toHaveLength(1);
    expect(deliver(cell, items(1, 1))).toEqual({ t: 'not_here', missing: false });
    cell.answer('returnRecord', { t: 'returned' });
    expect(cell.rows('users')).toEqual([]);
    expect(cell.sentOf('claim')).toHaveLength(2);
  });

  it('goes home when its cell is divided, or its city goes', () => {
    for (const goes of [
      { t: 'retire', op: { by: PARENT, n: 3 }, to: [PARENT] },
      { t: 'dissolve', version: 99 },
    ] as const) {
      const cell = custodian({ manual: ['returnRecord'], mapRow: mapRow() });
      cell.ping(bob, { ttlMs: 20_000 });
      cell.advance(30_000);
      expect(cell.resident(bob)?.phase, goes.t).toBe('lapsed');
      cell.request(goes);
      expect(cell.resident(bob)?.phase, goes.t).toBe('frozen');
      expect(cell.sentOf('returnRecord'), goes.t).toHaveLength(1);
    }
  });

  it('goes home when there are more than 2,000, the oldest first, after a restart too', () => {
    const cell = custodian({
      manual: ['returnRecord'],
      checked: false,
      policy: { limits: { users: 1_000_000, eventsPerS: 1_000_000 } },
    });
    const ping = (i: number, ttlMs: number): unknown => cell.ping(user(`u${i}`), { ttlMs });
    // Who came first is the last whose lease ends.
    ping(0, 60_000);
    for (let i = 1; i < 2000; i++) ping(i, 20_000);
    ping(2000, 15_000);
    cell.advance(60_000 - 1);
    expect(cell.state().lapsed.size).toBe(2000);
    cell.restart();
    expect(cell.sentOf('returnRecord')).toEqual([]);
    cell.advance(1);
    expect(cell.sentOf('returnRecord').map(({ request }) => 'user' in request && request.user)).toEqual(['u2000']);
    expect(cell.state().lapsed.size).toBe(2000);
  });
});
