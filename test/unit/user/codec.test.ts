// Rows of a UserObject: they come back as they were, and a row of the future is refused by name.
import { describe, expect, it } from 'vitest';
import { present } from '../../../src/lib/assert.ts';
import { loadUser, USER_TABLES } from '../../../src/user/codec.ts';
import { CELL, EAST, oid, qid, record } from '../support/names.ts';
import { item, questionItem, userHarness } from '../support/user-harness.ts';

function full() {
  const user = userHarness();
  user.claim(CELL, { seq: 3 });
  user.deliver([questionItem(1, 'open', 'k'), item(2), item(3)]);
  user.advance(2000);
  user.claim(EAST, { seq: 4 });
  return user;
}

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
    const [EARLY, LATE] = [1000, 9000];
    const of = (at: number, endedAt?: number) => ({ state: 'open', at, endedAt });
    const offer = { id: oid(1), state: 'expired', view: {}, endedAt: LATE };
    const known = (n: number, more: object) => ({
      table: 'known',
      key: qid(n),
      value: JSON.stringify({ v: 1, born: 1, n: 1, lastSeq: 0, purgeAt: 99_000, ...more }),
    });
    const held = (since: number) => ({ t: 'held', cell: CELL, since });
    const recalling = { t: 'recalling', cell: CELL, claimant: { cell: EAST, session: 's', pingAt: LATE } };
    const meta = (more: object) => ({
      table: 'meta',
      key: 'meta',
      value: JSON.stringify({ v: 2, user: 'ana', holding: held(EARLY), recordAt: EARLY, lastSeq: 0, ...more }),
    });
    for (const rows of [
      [known(1, { question: of(LATE) }), known(2, { question: of(EARLY) })],
      [known(1, { question: of(EARLY, LATE) }), known(2, {})],
      [known(1, { offer }), meta({})],
      [meta({ holding: held(LATE) })],
      [meta({ holding: recalling })],
      [meta({ recordAt: LATE, left: { at: EARLY } })],
      [meta({ holding: { t: 'free' }, recordAt: undefined, left: { at: LATE } })],
    ])
      expect(loadUser(rows).clock, JSON.stringify(rows)).toBe(LATE);
  });

  it('KEEP3 KEEP2 numbers go on after those of the inbox when the row that counted them cannot be read', () => {
    const user = full();
    const rows = [...user.store.load()].map((row) => (row.table === 'known' ? { ...row, value: 'torn' } : row));
    expect(() => loadUser(rows)).toThrow(SyntaxError);
    const lost: string[] = [];
    const state = loadUser(rows, ({ key }) => void lost.push(key));
    expect(lost).toEqual([qid()]);
    expect([...state.inbox.keys()]).toEqual([1, 2]);
    expect(state.lastSeq).toBe(2);
  });

  it.each(USER_TABLES.map(({ name }) => name))('ROW1 %s: an unknown version is refused by name', (table) => {
    const row = present(
      [...full().store.load()].find((one) => one.table === table),
      table,
    );
    const value = JSON.stringify({ ...JSON.parse(row.value), v: 3 });
    const known = table === 'meta' ? 'versions 1 and 2' : 'version 1';
    expect(() => loadUser([{ ...row, value }])).toThrow(
      `row of table ${table} has version 3; this code reads ${known}`,
    );
  });

  it('ROW1 AGE1 a row of version 1 is read: its record is as old as the grant', () => {
    const meta = {
      v: 1,
      user: 'ana',
      pseudonym: 'u-1',
      epoch: 3,
      holding: { t: 'held', cell: CELL, since: 1000 },
      record: record({ coolLeftMs: 90_000 }),
      session: 's',
      seq: 4,
      order: 6,
      lastSeq: 0,
    };
    const load = (more: object) =>
      loadUser([{ table: 'meta', key: 'meta', value: JSON.stringify({ ...meta, ...more }) }]).meta;
    expect(load({})).toMatchObject({ epoch: 3, order: 6, recordAt: 1000, record: { coolLeftMs: 90_000 } });
    expect(load({ holding: { t: 'free' } })).not.toHaveProperty('recordAt');
    expect(load({ v: 2, recordAt: 5 })?.recordAt).toBe(5);
  });

  it('ROW1 an unknown table is refused by name', () => {
    expect(() => loadUser([{ table: 'stray', key: 'a', value: '{"v":1}' }])).toThrow('a UserObject has no table stray');
  });
});
