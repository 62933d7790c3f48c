// Rows of a UserObject: they come back as they were, and a row of the future is refused by name.
import { describe, expect, it } from 'vitest';
import { present } from '../../../src/lib/assert.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import { loadUser, USER_TABLES } from '../../../src/user/codec.ts';
import { formerEvent, formerKnown, formerMeta } from '../support/former-rows.ts';
import { CELL, EAST, qid, record } from '../support/names.ts';
import { item, questionItem, userHarness } from '../support/user-harness.ts';

function full() {
  const user = userHarness();
  user.deliver([questionItem(1, 'open', 'k'), item(2), item(3)]);
  user.claim(CELL, { seq: 3 });
  user.advance(2000);
  user.claim(EAST, { seq: 4 });
  return user;
}

const metaRow = (more: object) => ({
  table: 'meta',
  key: 'meta',
  value: JSON.stringify({ v: 3, user: 'ana', holding: { t: 'free' }, recordAt: 1000, ...more }),
});

describe('rows of a user', () => {
  it('KEEP2 come back as they were in every state of holding', () => {
    const user = full();
    user.restart();
    expect(user.state().meta?.holding).toEqual({
      t: 'recalling',
      cell: CELL,
      claimant: { cell: EAST, session: 's', seq: 4, order: 2, pingAt: user.now() },
    });
    user.answer('recall', { t: 'record', record: record() });
    user.restart();
    expect(user.state().meta).toMatchObject({
      epoch: 2,
      holding: { t: 'held', cell: EAST },
      record: record({ leaseLeftMs: 0, point: { lat: 0, lng: 0 } }),
      seq: 4,
    });
  });

  it('TIME1 the clock goes on from the largest time that is stored', () => {
    const user = full();
    user.answer('recall', { t: 'no_row' });
    const since = user.now();
    user.setNow(0);
    user.restart();
    expect(user.state().clock).toBe(since);
  });

  it('TIME1 the clock goes on from the largest time that was noted of anything, in whatever row that stands', () => {
    const [EARLY, LATE] = [epochMs(1000), epochMs(9000)];
    const of = (at: number, endedAt?: number) => ({ state: 'open', at, endedAt });
    const held = (since: number) => ({ t: 'held', cell: CELL, since });
    const recalling = { t: 'recalling', cell: CELL, claimant: { cell: EAST, session: 's', pingAt: LATE } };
    const inbox = (...questions: object[]) => ({
      seq: 0,
      events: [],
      known: questions.map((question, i) => [qid(i), { incarnation: 1, n: 1, purgeAt: 99_000, question }]),
    });
    const former = (n: number, question: object) => formerKnown(n, { question });
    for (const rows of [
      [former(1, of(LATE)), former(2, of(EARLY))],
      [former(1, of(EARLY, LATE)), formerKnown(2)],
      [metaRow({ inbox: inbox(of(LATE), of(EARLY)) })],
      [metaRow({ inbox: inbox(of(EARLY, LATE)) })],
      [metaRow({ holding: held(LATE) })],
      [metaRow({ holding: recalling })],
      [metaRow({ recordAt: LATE, left: { at: EARLY } })],
      [metaRow({ holding: { t: 'free' }, recordAt: undefined, left: { at: LATE } })],
    ])
      expect(loadUser(rows).clock, JSON.stringify(rows)).toBe(LATE);
  });

  it('KEEP3 a row that says who holds the user is read whole or not at all', () => {
    const rows = [...full().store.load()].map((row) => ({ ...row, value: row.value.slice(0, -1) }));
    const lost: string[] = [];
    expect(() => loadUser(rows, ({ key }) => void lost.push(key))).toThrow(SyntaxError);
    expect(lost).toEqual([]);
  });

  it.each([
    ['meta', 4, 'versions 1 and 2 and 3'],
    ['known', 2, 'version 1'],
    ['inbox', 2, 'version 1'],
  ] as const)('ROW1 %s: an unknown version is refused by name', (table, v, known) => {
    const row = [formerMeta(2), formerKnown(1), formerEvent(8)].find((one) => one.table === table);
    const { key, value } = present(row, table);
    const rows = [{ table, key, value: JSON.stringify({ ...JSON.parse(value), v }) }];
    for (const unread of [undefined, () => undefined])
      expect(() => loadUser(rows, unread)).toThrow(`row of table ${table} has version ${v}; this code reads ${known}`);
  });

  it('ROW1 a row says its version, and all that there is', () => {
    const [row] = [...full().store.load()];
    expect(JSON.parse(present(row, 'meta').value)).toMatchObject({
      v: 3,
      user: 'ana',
      epoch: 1,
      holding: { t: 'recalling' },
      inbox: { seq: 2, events: [{ seq: 1 }, { seq: 2 }], known: [[qid(), { n: 3, question: { key: 'k' } }]] },
    });
  });

  it('ROW1 AGE1 a row of version 1 is read: its record is as old as the grant', () => {
    const load = (more: object) => loadUser([formerMeta(1, more)]).meta;
    const held = { holding: { t: 'held', cell: CELL, since: 1000 }, record: record({ coolLeftMs: 90_000 }) };
    expect(load(held)).toMatchObject({ epoch: 3, order: 6, recordAt: 1000, record: { coolLeftMs: 90_000 } });
    expect(load({ holding: { t: 'free' } })).not.toHaveProperty('recordAt');
    expect(loadUser([formerMeta(2, { ...held, recordAt: 5 })]).meta?.recordAt).toBe(5);
    expect(loadUser([formerMeta(2, held)]).meta).not.toHaveProperty('recordAt');
  });

  it('ROW1 an unknown table is refused by name', () => {
    expect(() => loadUser([{ table: 'stray', key: 'a', value: '{"v":1}' }])).toThrow('a UserObject has no table stray');
    expect(USER_TABLES.map(({ name }) => name)).toEqual(['meta', 'known', 'inbox']);
  });
});
