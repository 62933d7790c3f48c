// Rows of a UserObject: they come back as they were, and a row of the future is refused by name.
import { describe, expect, it } from 'vitest';
import { present } from '../../../src/lib/assert.ts';
import { loadUser, USER_TABLES } from '../../../src/user/codec.ts';
import { CELL, EAST, record } from '../support/names.ts';
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
      record: record({ leaseLeftMs: 0 }),
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

  it.each(USER_TABLES.map(({ name }) => name))('ROW1 %s: an unknown version is refused by name', (table) => {
    const row = present(
      [...full().store.load()].find((one) => one.table === table),
      table,
    );
    const value = JSON.stringify({ ...JSON.parse(row.value), v: 2 });
    expect(() => loadUser([{ ...row, value }])).toThrow(
      `row of table ${table} has version 2; this code reads version 1`,
    );
  });

  it('ROW1 an unknown table is refused by name', () => {
    expect(() => loadUser([{ table: 'stray', key: 'a', value: '{"v":1}' }])).toThrow('a UserObject has no table stray');
  });
});
