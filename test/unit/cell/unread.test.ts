// Rows that cannot be read: who is told, and what lives on.
import { describe, expect, it } from 'vitest';
import { loadCell } from '../../../src/cell/restore.ts';
import { encodeUser } from '../../../src/cell/tables/users.ts';
import type { StoredRow } from '../../../src/lib/versioned.ts';
import { loadUser } from '../../../src/user/codec.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { bob, newQuestion, qid } from '../support/names.ts';

describe('KEEP3 a row that cannot be read', () => {
  it('is told with its name, and the others of a cell are there', () => {
    const cell = cellHarness();
    cell.ping(bob);
    const whole = encodeUser(cell.resident(bob) as never);
    const rows: StoredRow[] = [
      { table: 'questions', key: 'q-1', value: '{"v":1,"te' },
      { table: 'users', key: bob, value: whole },
      { table: 'users', key: 'cut', value: whole.slice(0, 30) },
      { table: 'arriving', key: 'none', value: 'null' },
      { table: 'journal', key: '7', value: '' },
    ];
    const told: string[] = [];
    const state = loadCell(rows, ({ table, key }) => told.push(`${table} ${key}`));
    expect(told).toEqual(['questions q-1', 'users cut', 'arriving none', 'journal 7']);
    expect([...state.users.keys()]).toEqual([bob]);
    // Numbers of the journal go on.
    expect(state.journalLast).toBe(7);
    expect(() => loadCell(rows)).toThrow();
  });

  it('is not what newer code wrote: then nothing is read, as everything else may be newer too', () => {
    const newer: StoredRow[] = [{ table: 'beacons', key: 'other', value: '{"v":99}' }];
    expect(() => loadCell(newer, () => undefined)).toThrow('row of table beacons has version 99');
  });

  it('is never guessed where it says what the cell is, or who holds the user', () => {
    const row = (table: string): StoredRow[] => [{ table, key: 'life', value: '{' }];
    expect(() => loadCell(row('meta'), () => undefined)).toThrow();
    expect(() => loadUser(row('meta'), () => undefined)).toThrow();
    expect(loadUser(row('inbox'), () => undefined).inbox.events.size).toBe(0);
  });

  it('of a question is said to whoever asks for it, until it is asked again', () => {
    const cell = cellHarness();
    cell.state().lost.add(qid());
    expect(cell.request({ t: 'question', id: qid(), user: bob })).toMatchObject({ code: 'question_lost' });
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.request({ t: 'question', id: qid(), user: null })).toMatchObject({ t: 'question' });
  });
});
