// How long a record lasts in a cell and in what: rows of before that had no inbox, leases that have ended, acknowledgements that no row has yet,
// and a clock that was ahead.
import { describe, expect, it } from 'vitest';
import { PATIENCE_MS } from '../../../src/lib/clock.ts';
import { NOWHERE } from '../../../src/messages/records.ts';
import type { UserId } from '../../../src/protocol/ids.ts';
import { INBOX_MAX } from '../../../src/protocol/limits.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { ASKED, custodianOf, DAY_MS, HELD_MS, items, news } from '../support/custody.ts';
import { PARENT } from '../support/family.ts';
import { ana, at, bob, EAST, mapRow, newQuestion, qid, record } from '../support/names.ts';
import { item, offerItem, questionItem } from '../support/user-harness.ts';

const seqs = (cell: CellHarness): readonly number[] => [...(cell.inbox(bob)?.events.keys() ?? [])];

/** With two events and an offer. */
const custodian = (): CellHarness => custodianOf(news(items(1, 2)), news([offerItem(1, 'accepted')], { n: 8 }));

describe('rows from before inboxes went with their users', () => {
  const OF_BEFORE = { seq: 2, events: [], known: [] } as const;

  /** Cells that were built again from rows of version 3, of so many people. */
  function upgraded(people: number, frozen: readonly string[] = []) {
    const cell = cellHarness({ manual: ['claim', 'deliver'], checked: false });
    for (let i = 0; i < people; i++) {
      cell.ping(`u${i}` as UserId, { ttlMs: HELD_MS });
      cell.answer('claim', { t: 'granted', epoch: 3, record: record() });
    }
    for (const one of frozen) cell.request({ t: 'recall', user: one as UserId, epoch: 3 });
    const rows = [...cell.store.load()].flatMap(({ table, key, value }) => {
      const { inbox: _, ...row } = JSON.parse(value) as Record<string, unknown>;
      return table === 'users' ? [{ table, key, value: JSON.stringify({ ...row, v: 3 }) }] : [];
    });
    cell.store.commit({ rows, alarmAt: undefined });
    cell.sent.length = 0;
    cell.restart();
    return cell;
  }
  const claims = (cell: CellHarness) =>
    cell.sentOf('claim').flatMap(({ request }) => (request.t === 'claim' ? [[request.user, request.transfer]] : []));

  it('OWN3 are claimed by their own epoch as the cell is built: thirty a second, and none that is given up', () => {
    const cell = upgraded(65, ['u3']);
    expect(claims(cell)).toHaveLength(30);
    expect(claims(cell)[0]).toEqual(['u0', 3]);
    cell.advance(999);
    expect(claims(cell)).toHaveLength(30);
    cell.advance(1);
    expect(claims(cell)).toHaveLength(60);
    cell.advance(1000);
    expect(claims(cell)).toHaveLength(64);
    expect(claims(cell).map(([user]) => user)).not.toContain('u3');
  });

  it('KEEP2 take nothing before that, and news goes to the UserObject, which has the inbox', () => {
    const cell = upgraded(1);
    const user = 'u0' as UserId;
    for (const asked of Object.values(ASKED))
      expect(cell.request({ ...asked, user, epoch: 3 }), asked.t).toEqual(
        // Holds were always here.
        asked.t === 'offers' ? { t: 'offers', items: [] } : { t: 'not_here', missing: false },
      );
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.sentOf('deliver').map(({ address }) => address)).toContainEqual({ to: 'user', user });
    cell.answer('claim', { t: 'granted', epoch: 3, record: record({ inbox: OF_BEFORE, profile: record().profile }) });
    expect(cell.resident(user)).toMatchObject({ epoch: 3, phase: 'live', inbox: { lastSeq: 2 } });
    expect(cell.rows('taking')).toEqual([]);
    cell.restart();
    expect(cell.resident(user)?.inbox?.lastSeq, 'once and for all, and what was owed is taken').toBe(3);
    expect(claims(cell)).toHaveLength(1);
  });

  it('OWN3 are asked for again until there is an answer, and a later word of somebody else counts', () => {
    const cell = upgraded(2);
    cell.answer('claim', { t: 'failed' });
    cell.answer('claim', { t: 'refused' });
    expect(cell.rows('taking')).toHaveLength(1);
    cell.advance(1000);
    expect(claims(cell).at(-1)).toEqual(['u0', 3]);
    cell.answer('claim', { t: 'granted', epoch: 3, record: record({ inbox: OF_BEFORE }) });
    cell.request({ t: 'recall', user: 'u1' as UserId, epoch: 3 });
    expect(cell.resident('u0' as UserId)?.inbox?.lastSeq).toBe(2);
    expect(cell.resident('u1' as UserId)?.inbox, 'the UserObject keeps it').toBeUndefined();
  });
});

describe('PROF1 OWN3 a lease that has ended', () => {
  it('whoever comes back to the same cell is revived with one row and no call, where they are now', () => {
    const cell = custodian();
    cell.request({ t: 'load' });
    cell.advance(HELD_MS + DAY_MS - 1000);
    expect(cell.resident(bob)).toMatchObject({ phase: 'lapsed', point: NOWHERE, veil: undefined });
    const [sent, rows] = [cell.sent.length, cell.store.rowsWritten()];
    expect(cell.ping(bob, { point: at(400), seq: 3, ttlMs: 2 * DAY_MS })).toMatchObject({ t: 'present' });
    expect(cell.sent).toHaveLength(sent);
    // The alarm is not moved: what it was for is looked at then.
    expect(cell.store.rowsWritten() - rows).toBe(1);
    expect(cell.resident(bob)).toMatchObject({ phase: 'live', epoch: 4, point: at(400) });
    expect(seqs(cell)).toEqual([1, 2]);
    expect(cell.request({ ...ASKED.offers })).toMatchObject({ items: [{ state: 'accepted' }] });
    cell.restart();
    cell.advance(2000);
    expect(cell.sentOf('returnRecord')).toEqual([]);
  });

  it('SPLIT2 nobody lapses in a cell that is handed over: who does goes home at once', () => {
    const cell = cellHarness({ manual: ['returnRecord', 'take', 'filled', 'handed', 'adopt'] });
    cell.ping(bob, { ttlMs: 20_000 });
    cell.ping(ana, { ttlMs: 60_000 });
    cell.advance(20_000);
    cell.request({ t: 'retire', op: { by: PARENT, n: 3 }, to: [PARENT] });
    const home = () => cell.sentOf('returnRecord').map(({ request }) => 'user' in request && request.user);
    expect(home()).toEqual([bob]);
    cell.advance(40_000);
    expect(home()).toEqual([bob, ana]);
    expect(cell.resident(ana)?.phase).toBe('frozen');
  });

  it('who is handed over without a lease stays lapsed, and goes home where the city has gone', () => {
    const op = { by: PARENT, n: 3 };
    for (const isGone of [false, true]) {
      const cell = cellHarness({ uninitialised: true, manual: ['claim', 'returnRecord'] });
      cell.request({ t: 'init', op, from: PARENT, mapRow: mapRow() });
      cell.request({ t: 'take', op, from: PARENT, users: [{ user: bob, epoch: 7 }] });
      if (isGone) cell.request({ t: 'dissolve', version: 99 });
      const inbox = { seq: 3, events: [], known: [] } as const;
      cell.answer('claim', { t: 'granted', epoch: 8, record: record({ leaseLeftMs: 0, inbox }) });
      expect(cell.resident(bob)).toMatchObject({ phase: isGone ? 'frozen' : 'lapsed', inbox: { lastSeq: 3 } });
      expect(cell.sentOf('returnRecord')).toHaveLength(isGone ? 1 : 0);
      expect(cell.state().roster.size()).toBe(0);
    }
  });
});

describe('SOFT1 acknowledgements over a socket', () => {
  /** Bob, connected, with so many events. */
  const connected = (n: number): CellHarness => {
    const cell = cellHarness();
    cell.connect(bob);
    cell.request(news(items(1, n)));
    return cell;
  };
  const ack = (cell: CellHarness, seq: number, socket = true): number => {
    const before = cell.store.rowsWritten();
    expect(cell.request({ t: 'ack', user: bob, seq }, { socket })).toEqual({ t: 'acked', seq });
    return cell.store.rowsWritten() - before;
  };

  it.each([
    { how: 'an inbox half full', n: INBOX_MAX / 2, socket: true, rows: 0 },
    { how: 'one more than half full', n: INBOX_MAX / 2 + 1, socket: true, rows: 1 },
    { how: 'over HTTP', n: 3, socket: false, rows: 1 },
  ])('of $n events write $rows rows, and last over a restart: $how', ({ n, socket, rows }) => {
    const cell = connected(n);
    expect(ack(cell, 2, socket)).toBe(rows);
    expect(cell.attachments.get(bob)?.acked).toBe(rows === 0 ? 2 : undefined);
    expect(ack(cell, 2, socket), 'nothing new').toBe(0);
    expect(seqs(cell)[0]).toBe(3);
    cell.restart();
    expect(seqs(cell)[0]).toBe(3);
    expect(seqs(cell).at(-1)).toBe(n);
  });

  it('write a row where no socket of the user is known here', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request(news(items(1, 3)));
    expect(ack(cell, 2)).toBe(1);
  });

  it('KEEP2 that went with their socket are said again; the row that is written next has them', () => {
    const cell = connected(3);
    ack(cell, 2);
    cell.attachments.clear();
    cell.restart();
    expect(seqs(cell), 'events come twice, but none is lost').toEqual([1, 2, 3]);
    cell.connect(bob);
    ack(cell, 2);
    cell.step({ t: 'socket_lost', user: bob });
    cell.attachments.clear();
    cell.restart();
    expect(seqs(cell)).toEqual([3]);
  });

  it('count beside a row of their epoch alone, and go on with every point', () => {
    const cell = connected(3);
    ack(cell, 2);
    cell.ping(bob, { seq: 4, point: at(50) }, true);
    expect(cell.attachments.get(bob)).toMatchObject({ acked: 2, seq: 4 });
    const soft = cell.attachments.get(bob);
    if (soft !== undefined) cell.attachments.set(bob, { ...soft, epoch: 9, acked: 3 });
    cell.step({ t: 'socket_lost', user: bob });
    cell.restart();
    expect(seqs(cell)).toEqual([3]);
  });

  it('OWN3 go with the record to whoever is granted the user', () => {
    const cell = connected(3);
    ack(cell, 2);
    const reply = cell.request({ t: 'recall', user: bob, epoch: 1 });
    expect(reply).toMatchObject({ record: { inbox: { seq: 3, events: [{ seq: 3 }] } } });
  });

  it('INBOX1 of who had no room make them suitable at once', () => {
    const cell = connected(INBOX_MAX);
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.question(qid()).offers).toEqual([]);
    ack(cell, INBOX_MAX);
    expect(cell.question(qid()).offers.map(({ user }) => user)).toEqual([bob]);
  });
});

describe('TIME2 a clock that was a day ahead', () => {
  it('makes no record remember for longer, nor its first question of a key a later one', () => {
    const cell = cellHarness();
    const start = cell.now();
    cell.setNow(start + DAY_MS);
    cell.ping(bob, { ttlMs: HELD_MS });
    cell.request(news([questionItem(1, 'open', 'k'), item(2)]));
    cell.setNow(start);
    cell.request({ t: 'load' });
    cell.advance(PATIENCE_MS);
    const known = () => cell.inbox(bob)?.known.get(qid(1, EAST));
    expect(known()?.question?.at).toBeLessThanOrEqual(cell.now());
    expect(known()?.purgeAt).toBeLessThanOrEqual(cell.now() + 2 * DAY_MS);
    cell.restart();
    expect(known()?.purgeAt).toBeLessThanOrEqual(cell.now() + 2 * DAY_MS);
    const second = cell.request(news([questionItem(1, 'open', 'k')], { n: 2 }));
    expect(second).toMatchObject({ duplicateOf: qid(1, EAST) });
    // A lapsed row was lapsed then, too.
    cell.advance(HELD_MS + DAY_MS);
    expect(cell.sentOf('returnRecord')).toHaveLength(1);
  });
});
