// Who has not come back for a day: the record goes home, frozen until it is there, and nothing in between makes two of it or none.
import { describe, expect, it } from 'vitest';
import { cellHarness } from '../support/cell-harness.ts';
import { PARENT } from '../support/family.ts';
import { at, bob, CELL, EAST, mapRow, need, oid, policyWith, qid, record, user } from '../support/names.ts';

const profile = { topics: ['food'], languages: ['en'], capacity: 2 };

const DAY_MS = 86_400_000;
const EMPTY = { seq: 0, events: [], known: [] };

/** Bob, whose lease ended a day ago. */
function gone() {
  const cell = cellHarness({ manual: ['returnRecord', 'claim'] });
  cell.ping(bob, { profile, ttlMs: 20_000, seq: 3 });
  const granted = record({ coolLeftMs: DAY_MS + 90_000, inbox: EMPTY });
  cell.answer('claim', { t: 'granted', epoch: 7, record: granted });
  cell.advance(20_000 + DAY_MS);
  return cell;
}

describe('PROF1 OWN3 the record of a lease that has ended', () => {
  it('stays for a day: it goes home with all that was said, and the row goes once it is there', () => {
    const cell = cellHarness({ manual: ['returnRecord', 'claim'] });
    cell.ping(bob, { profile, ttlMs: 20_000, seq: 3 });
    const granted = record({ coolLeftMs: DAY_MS + 90_000, inbox: EMPTY });
    cell.answer('claim', { t: 'granted', epoch: 7, record: granted });
    cell.advance(20_000 + DAY_MS - 1);
    expect(cell.sentOf('returnRecord')).toEqual([]);
    expect(cell.resident(bob)?.phase).toBe('lapsed');
    cell.advance(1);
    expect(cell.sentOf('returnRecord').map(({ address, request }) => ({ address, request }))).toMatchObject([
      {
        address: { to: 'user', user: bob },
        request: { user: bob, cell: CELL, epoch: 7, session: 's', seq: 3, record: { profile, leaseLeftMs: 0 } },
      },
    ]);
    // What is left of the rest has grown shorter meanwhile.
    expect(cell.sentOf('returnRecord')[0]?.request).toMatchObject({ record: { coolLeftMs: 70_000 } });
    expect(cell.resident(bob)?.phase).toBe('frozen');
    expect(cell.state().roster.size()).toBe(0);
    cell.answer('returnRecord', { t: 'returned' });
    expect(cell.rows('users')).toEqual([]);
    expect(cell.frames).toEqual([]);
  });

  it('is told again when it was lost, and after a crash', () => {
    const cell = gone();
    cell.answer('returnRecord', { t: 'failed' });
    cell.advance(60_000);
    expect(cell.sentOf('returnRecord')).toHaveLength(2);
    cell.restart();
    cell.advance(1);
    expect(cell.sentOf('returnRecord')).toHaveLength(3);
    expect(cell.sentOf('where')).toEqual([]);
    cell.answer('returnRecord', { t: 'returned' });
    expect(cell.rows('users')).toEqual([]);
  });

  it('is at home before a ping here is claimed for: what was said last is not what was known before', () => {
    const cell = gone();
    cell.ping(bob, { seq: 4 });
    const waits = cell.lastToken();
    expect(cell.sentOf('claim')).toHaveLength(1);
    cell.answer('returnRecord', { t: 'returned' });
    expect(cell.sentOf('claim')).toHaveLength(2);
    cell.answer('claim', { t: 'granted', epoch: 8, record: record({ profile }) });
    expect(cell.resident(bob)).toMatchObject({ phase: 'live', epoch: 8, profile });
    expect(cell.replies.get(waits)).toMatchObject({ t: 'present' });
  });

  it('a ping that waits for it is answered when the UserObject is silent, and claims when it is not any more', () => {
    const cell = gone();
    cell.ping(bob, { seq: 4 });
    const waits = cell.lastToken();
    cell.answer('returnRecord', { t: 'failed' });
    expect(cell.replies.get(waits)).toMatchObject({ t: 'present' });
    cell.advance(1000);
    expect(cell.sentOf('returnRecord')).toHaveLength(2);
    cell.answer('returnRecord', { t: 'returned' });
    cell.answer('claim', { t: 'granted', epoch: 8, record: record({ profile }) });
    expect(cell.resident(bob)?.phase).toBe('live');
  });

  it('answers the recall that crosses it, and goes with the word that somebody else has them', () => {
    const cell = gone();
    expect(cell.request({ t: 'recall', user: bob, epoch: 7, order: 9 })).toMatchObject({
      t: 'record',
      record: { profile },
    });
    cell.request({ t: 'forget', user: bob, epoch: 7 });
    expect(cell.rows('users')).toEqual([]);
    // The late answer finds nothing, nor does it touch what came since.
    cell.ping(bob);
    cell.answer('claim', { t: 'granted', epoch: 9, record: record() });
    cell.answer('returnRecord', { t: 'returned' });
    expect(cell.resident(bob)).toMatchObject({ phase: 'live', epoch: 9 });
  });

  it('HOLD1 takes its holds along, which are shown where it then lies', () => {
    const cell = cellHarness();
    cell.ping(bob, { profile, ttlMs: 20_000 });
    const id = oid(1, 1, EAST);
    const copy = { questionId: qid(1, EAST), text: 'x', point: at() };
    cell.request({ t: 'reserve', offerId: id, user: bob, need: need(), policy: policyWith(), copy, holdMs: 40_000 });
    const items = [{ n: 1, offer: { id, state: 'accepted', leftMs: 2 * DAY_MS } }] as const;
    cell.request({ t: 'deliver', user: bob, questionId: qid(1, EAST), incarnation: 1, keepMs: 9 * DAY_MS, items });
    cell.advance(20_000 + DAY_MS);
    const [sent] = cell.sentOf('returnRecord');
    const left = { offerId: id, state: 'accepted', leftMs: DAY_MS - 20_000 };
    expect(sent?.request).toMatchObject({ record: { profile, holds: [left] } });
    expect(cell.rows('users')).toEqual([]);
    expect(sent?.request).toMatchObject({ record: { inbox: { seq: 0, known: [[qid(1, EAST), { n: 1 }]] } } });
    cell.ping(bob);
    expect([...(cell.resident(bob)?.holds.keys() ?? [])], 'and it brings them back').toEqual([id]);
    expect(cell.resident(bob)?.inbox?.known.get(qid(1, EAST))?.n, 'and what it was told').toBe(1);
  });

  it('GONE1 of a whole city goes home little by little', () => {
    const cell = cellHarness();
    for (let i = 0; i < 70; i++) cell.ping(user(`u${i}`));
    cell.request({ t: 'dissolve', version: 99 });
    expect(cell.sentOf('returnRecord')).toHaveLength(30);
    cell.advance(1000);
    expect(cell.sentOf('returnRecord')).toHaveLength(60);
    cell.advance(1000);
    expect(cell.sentOf('returnRecord')).toHaveLength(70);
    expect(cell.rows('users')).toEqual([]);
  });

  it('a frozen row hears from the UserObject that its record is at home', () => {
    const cell = cellHarness();
    cell.connect(bob);
    cell.request({ t: 'recall', user: bob, epoch: 1, order: 2, leave: {} });
    cell.advance(60_000);
    cell.answer('where', { t: 'where', cell: CELL, epoch: 1, free: true });
    expect(cell.rows('users')).toEqual([]);
    expect(cell.frames, 'who has left may stay connected').toEqual([]);
  });
});

describe('LEAVE1 a user who is handed over and leaves', () => {
  it('is not revived by the grant whose answer was lost', () => {
    const op = { by: PARENT, n: 3 };
    const cell = cellHarness({ uninitialised: true, manual: ['claim'] });
    cell.request({ t: 'init', op, from: PARENT, mapRow: mapRow() });
    cell.request({ t: 'take', op, from: PARENT, users: [{ user: bob, epoch: 7 }] });
    cell.answer('claim', { t: 'failed' });
    expect(cell.request({ t: 'recall', user: bob, epoch: 8, order: 2, leave: {} })).toEqual({ t: 'no_row' });
    cell.advance(2000);
    cell.answer('claim', { t: 'granted', epoch: 8, record: record({ leaseLeftMs: 60_000 }) });
    expect(cell.resident(bob)).toBeUndefined();
  });
});

describe('CLAIM7 words of the profile', () => {
  const moves = { profile: { topics: ['aid'] } };

  it('are said to the UserObject, and acknowledged only once they count', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob, moves);
    const waits = cell.lastToken();
    expect(cell.open[0]?.request).toMatchObject({ t: 'claim', changes: true });
    cell.answer('claim', { t: 'pending', retryMs: 500, order: 1 });
    expect(cell.replies.get(waits)).toMatchObject({ t: 'problem', code: 'busy', retryAfterS: 1 });
    expect(cell.rows('arriving')).toEqual([]);
    cell.ping(bob, { ...moves, seq: 1 });
    const again = cell.lastToken();
    cell.answer('claim', { t: 'failed' });
    expect(cell.replies.get(again)).toMatchObject({ code: 'busy' });
    cell.advance(1000);
    expect(cell.sentOf('claim').at(-1)?.request).toMatchObject({ changes: true, repeated: true, ageMs: 1000 });
    cell.answer('claim', { t: 'granted', epoch: 1, record: record() });
    expect(cell.resident(bob)?.profile.topics).toEqual(['aid']);
  });

  it('that come while a ping without any is claimed for wait for a claim of their own', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob);
    const first = cell.lastToken();
    cell.ping(bob, moves);
    const second = cell.lastToken();
    cell.answer('claim', { t: 'pending', retryMs: 500, order: 1 });
    expect(cell.replies.get(first)).toMatchObject({ t: 'present' });
    expect(cell.replies.get(second)).toBeUndefined();
    expect(cell.open.at(-1)?.request).toMatchObject({ changes: true });
    cell.answer('claim', { t: 'granted', epoch: 1, record: record() });
    expect(cell.replies.get(second)).toMatchObject({ t: 'present' });
  });

  it('CLAIM1 an older ping of the session is told so while the newer one is claimed for', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob, { seq: 5 });
    expect(cell.ping(bob, { seq: 4 })).toMatchObject({ code: 'stale_ping' });
  });
});

describe('CLAIM6 a recall that was answered kept', () => {
  it('is answered so for ever: a late copy freezes nobody, over a restart too', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.advance(2000);
    cell.ping(bob);
    const recall = { t: 'recall', user: bob, epoch: 1, order: 4, ping: { session: 'other', ageMs: 1000 } } as const;
    expect(cell.request(recall)).toMatchObject({ t: 'kept' });
    cell.advance(5000);
    expect(cell.request(recall)).toMatchObject({ t: 'kept' });
    cell.restart();
    expect(cell.request(recall)).toMatchObject({ t: 'kept' });
    expect(cell.resident(bob)?.phase).toBe('live');
    expect(cell.request({ ...recall, order: 5 })).toMatchObject({ t: 'record' });
  });
});
