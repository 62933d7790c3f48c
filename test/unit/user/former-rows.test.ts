// Rows of before inboxes were a part of the record: they are read, and with the next row of `meta` they are gone.
import { describe, expect, it } from 'vitest';
import { versionedOf } from '../../../src/lib/versioned.ts';
import { loadUser } from '../../../src/user/codec.ts';
import { formerEvent, formerInbox, formerKnown, formerMeta, HELD } from '../support/former-rows.ts';
import { ana, CELL, EAST, qid, record, START } from '../support/names.ts';
import { item, questionItem, type UserHarness, userHarness } from '../support/user-harness.ts';

const ofVersion = (v: 1 | 2, more: object = {}): UserHarness =>
  userHarness(ana, [formerMeta(v, more), ...formerInbox()]);
const tables = (user: UserHarness) => new Set([...user.store.load()].map(({ table }) => table));
const seqs = (user: UserHarness, after = 0) => user.events(after).items.map(({ seq }) => seq);

describe.each([1, 2] as const)('ROW1 rows of version %s', (v) => {
  it('KEEP2 are read: events, how far each stream has come, and what comes next', () => {
    const user = ofVersion(v);
    expect(seqs(user)).toEqual([8, 9, 10, 11, 12]);
    expect(user.deliver([item(9), item(10)], qid(1))).toMatchObject({ t: 'stored', upTo: 10 });
    expect(user.deliver([item(3), item(4)], qid(2), { incarnation: 7 })).toEqual({ t: 'stored', upTo: 4 });
    expect(user.deliver([item(9)], qid(2), { incarnation: 6 }), 'of one before it').toEqual({ t: 'stored', upTo: 9 });
    expect(seqs(user, 11)).toEqual([12, 13, 14]);
  });

  it('ONCE1 have keys, and own questions', () => {
    const user = ofVersion(v);
    expect(user.deliver([questionItem(1, 'open', 'k')], qid(3))).toMatchObject({ duplicateOf: qid(1) });
    expect(user.request({ t: 'questions', user: ana, limit: 9 })).toMatchObject({ ids: [qid(3), qid(1)] });
    expect(user.deliver([questionItem(1, 'open', 'x', 2)], qid(4))).toMatchObject({ refused: 'too_many_questions' });
  });

  it('KEEP2 are emptied in the transaction that writes the first row of now, and not before', () => {
    const user = ofVersion(v);
    user.events();
    user.restart();
    expect(tables(user)).toEqual(new Set(['meta', 'known', 'inbox']));
    const writes = user.written({ t: 'ack', user: ana, seq: 9 });
    expect(writes).toHaveLength(8);
    expect(writes[0]).toBe('meta/meta');
    expect(tables(user)).toEqual(new Set(['meta']));
    user.restart();
    expect(seqs(user)).toEqual([10, 11, 12]);
    expect(user.written({ t: 'ack', user: ana, seq: 10 }), 'once').toEqual(['meta/meta']);
    user.restart();
    expect(user.deliver([item(4)], qid(2), { incarnation: 7 })).toEqual({ t: 'stored', upTo: 4 });
    expect(seqs(user)).toEqual([11, 12, 13]);
  });

  it('KEEP2 go on with the number that was given last, where every event was acknowledged and every stream forgotten', () => {
    const user = userHarness(ana, [formerMeta(v, { lastSeq: 41 })]);
    user.deliver([item(1)]);
    expect(seqs(user)).toEqual([42]);
    const known = userHarness(ana, [formerMeta(v, { lastSeq: 41 }), formerKnown(1, { lastSeq: 50 })]);
    known.deliver([item(2)], qid(1));
    expect(seqs(known)).toEqual([51]);
  });

  it('are granted whole to the next cell, and gone with the grant', () => {
    const user = ofVersion(v);
    expect(user.replies.get(user.claim(CELL, { seq: 5 }))).toMatchObject({
      t: 'granted',
      epoch: 4,
      record: {
        pseudonym: 'u-9',
        inbox: {
          seq: 12,
          known: [
            [qid(1), { n: 9 }],
            [qid(2), { incarnation: 7 }],
          ],
        },
      },
    });
    expect(tables(user)).toEqual(new Set(['meta']));
    user.restart();
  });

  it('ALARM2 let go of what is long gone', () => {
    const user = ofVersion(v);
    expect(user.store.alarm()).toBe(START + 90_000);
    user.advance(90_000);
    expect([...user.state().inbox.known.keys()]).toEqual([qid(1)]);
    expect(tables(user)).toEqual(new Set(['meta']));
  });
});

describe('ROW1 KEEP3 of rows of before one that cannot be read', () => {
  it('is told, stays where it is, and leaves the others as they are', () => {
    const torn = { ...formerKnown(1), value: 'torn' };
    const rows = [formerMeta(2), torn, formerKnown(2), ...[8, 9].map(formerEvent)];
    expect(() => loadUser(rows)).toThrow(SyntaxError);
    const lost: string[] = [];
    const state = loadUser(rows, ({ key }) => void lost.push(key));
    expect(lost).toEqual([qid(1)]);
    expect([...state.inbox.events.keys()]).toEqual([8, 9]);
    expect(state.inbox.lastSeq, 'numbers go on after those that are there').toBe(9);
    expect(state.former).not.toContainEqual({ table: 'known', key: qid(1) });
  });
});

describe('OWN3 a user whom a cell held before inboxes went with their users', () => {
  const apart = (more: object = {}): UserHarness => ofVersion(2, { holding: HELD, recordAt: START, ...more });
  const poll = (user: UserHarness) => user.poll(12);
  const ELSEWHERE = { t: 'elsewhere', cell: CELL };

  it('is served here until the cell asks for the record, over restarts and rows of now too', () => {
    const user = apart();
    const token = poll(user);
    expect(user.deliver([item(10)], qid(1))).toMatchObject({ t: 'stored', upTo: 10 });
    expect(user.replies.get(token)).toMatchObject({ items: [{ seq: 13 }] });
    expect(tables(user)).toEqual(new Set(['meta']));
    user.restart();
    expect(user.request({ t: 'ack', user: ana, seq: 11 })).toEqual({ t: 'acked', seq: 11 });
    user.restart();
    expect(seqs(user)).toEqual([12, 13]);
    expect(user.request({ t: 'where', user: ana })).toEqual({ t: 'where', cell: CELL, epoch: 3, held: true });
    expect(user.sent, 'events are not pushed there').toEqual([]);
  });

  it.each([
    ['a claim for who is handed over', { session: '', transfer: 3 }],
    ['a claim that is repeated', { seq: 4 }],
    ['a new claim of its own', { seq: 5 }],
  ])('is the cell’s from %s on, at the epoch that it has; who waits here is sent on', (_, claim) => {
    const user = apart();
    const token = poll(user);
    const reply = user.replies.get(user.claim(CELL, claim));
    expect(reply).toMatchObject({ t: 'granted', epoch: 3, record: { inbox: { seq: 12 } } });
    expect(user.replies.get(token)).toEqual({ ...ELSEWHERE, epoch: 3 });
    expect(user.events()).toEqual({ ...ELSEWHERE, epoch: 3 });
    expect(tables(user)).toEqual(new Set(['meta']));
    user.restart();
    expect(user.deliver([item(10)], qid(1))).toEqual({ ...ELSEWHERE, epoch: 3 });
  });

  it('is served here while others ask for the user too, and goes with the grant', () => {
    const user = apart();
    user.advance(2000);
    const east = user.claim(EAST, { seq: 5 });
    user.deliver([item(10)], qid(1));
    user.restart();
    expect(seqs(user)).toHaveLength(6);
    // The cell of before says nothing of an inbox.
    user.answer('recall', { t: 'record', record: record() });
    expect(user.replies.get(east)).toBeUndefined();
    expect(user.replies.get(user.claim(EAST, { seq: 5 }))).toMatchObject({
      t: 'granted',
      epoch: 4,
      record: { inbox: { seq: 13 } },
    });
    expect(user.events()).toEqual({ t: 'elsewhere', cell: EAST, epoch: 4 });
  });

  it.each(['leaving', 'recalling'])('is served here where a row of before says %s', (t) => {
    const wanted = t === 'leaving' ? { order: 6 } : { claimant: { cell: EAST, session: 's', seq: 4 } };
    const user = apart({ holding: { t, cell: CELL, ...wanted } });
    expect(user.sentOf('recall')).toHaveLength(1);
    expect(seqs(user)).toHaveLength(5);
    user.answer('recall', { t: 'kept', session: 's', seq: 5 });
    expect(seqs(user), 'also when the cell keeps the user').toHaveLength(5);
  });

  it('has the record at home when the cell gives it up, or has none: the inbox is the one from here', () => {
    const returned = apart();
    returned.request({ t: 'returnRecord', user: ana, cell: CELL, epoch: 3, session: 's', record: record() });
    const left = apart();
    left.ask({ t: 'leave', user: ana });
    left.answer('recall', { t: 'no_row' });
    const lost = apart();
    lost.request({ t: 'missing', user: ana, cell: CELL, epoch: 3 });
    lost.answer('recall', { t: 'no_row' });
    for (const user of [returned, left, lost]) {
      user.restart();
      expect(user.request({ t: 'where', user: ana })).toMatchObject({ epoch: 3, free: true });
      expect(user.deliver([item(10)], qid(1))).toMatchObject({ t: 'stored', upTo: 10 });
      expect(seqs(user)).toHaveLength(6);
      expect(user.replies.get(user.claim(EAST, { seq: 9 }))).toMatchObject({
        epoch: 4,
        record: { inbox: { seq: 13 } },
      });
      expect(user.events()).toEqual({ t: 'elsewhere', cell: EAST, epoch: 4 });
      user.restart();
    }
  });

  it('is nobody’s business where nobody held the user, nor in rows of now', () => {
    expect(ofVersion(2).state().meta).not.toHaveProperty('apart');
    const now = userHarness();
    now.claim(CELL);
    now.restart();
    expect(now.state().meta).not.toHaveProperty('apart');
    for (const { value } of now.store.load()) expect(versionedOf([3], 'meta', value)).not.toHaveProperty('apart');
  });
});
