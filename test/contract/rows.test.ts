// The contract of stored rows, held by every store: the memory of simulations and the SQLite of objects alike.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CELL_TABLES } from '../../src/cell/tables/all.ts';
import { ROW_BYTES_MAX, TooLarge } from '../../src/engine/rows.ts';
import { epochMs } from '../../src/lib/brand.ts';
import { sqlRows } from '../../src/store/sql/sql-rows.ts';
import { STORES, sqliteDeps } from './stores.ts';

const TABLES = [
  { name: 'things', kind: 'all' },
  { name: 'others', kind: 'all' },
  { name: 'events', kind: 'log' },
] as const;
const put = (table: string, key: string, value: string | null) => ({ table, key, value });

describe.each(STORES)('rows in $name', ({ disk }) => {
  it('KEEP1 come back as they were committed, and only those', () => {
    const { open } = disk(TABLES);
    const value = JSON.stringify({ text: "it's “ünïcode” \u0000 🚲" });
    open().commit({
      rows: [put('things', 'a', '1'), put('things', "b'; --", value), put('others', 'a', '2')],
      alarmAt: undefined,
    });
    expect([...open().load()]).toEqual([
      { table: 'things', key: 'a', value: '1' },
      { table: 'things', key: "b'; --", value },
      { table: 'others', key: 'a', value: '2' },
    ]);
  });

  it('are replaced by their key, in their own table alone', () => {
    const { open } = disk(TABLES);
    open().commit({ rows: [put('things', 'a', '1'), put('others', 'a', '2')], alarmAt: undefined });
    open().commit({ rows: [put('things', 'a', '3')], alarmAt: undefined });
    expect([...open().load()].map(({ value }) => value)).toEqual(['3', '2']);
  });

  it('are deleted by null; deleting what is not there is nothing', () => {
    const { open } = disk(TABLES);
    open().commit({ rows: [put('things', 'a', '1'), put('things', 'b', '1')], alarmAt: undefined });
    open().commit({ rows: [put('things', 'a', null), put('things', 'zz', null)], alarmAt: undefined });
    expect([...open().load()].map(({ key }) => key)).toEqual(['b']);
  });

  it('the later write of one key in one commit wins', () => {
    const { open } = disk(TABLES);
    open().commit({
      rows: [put('things', 'a', '1'), put('things', 'a', '2'), put('things', 'b', '1'), put('things', 'b', null)],
      alarmAt: undefined,
    });
    expect([...open().load()]).toEqual([{ table: 'things', key: 'a', value: '2' }]);
  });

  it('BOUND2 that are too large are not written, nor is anything beside them; the storage goes on', () => {
    const { open } = disk(TABLES);
    const store = open();
    store.commit({ rows: [put('things', 'a', '1')], alarmAt: undefined });
    const most = 'x'.repeat(ROW_BYTES_MAX);
    for (const large of [`${most}x`, '€'.repeat(Math.ceil(ROW_BYTES_MAX / 3) + 1)]) {
      const rows = [put('things', 'a', '2'), put('things', 'b', large)];
      expect(() => store.commit({ rows, alarmAt: epochMs(5) })).toThrow(TooLarge);
      expect([...open().load()]).toEqual([put('things', 'a', '1')]);
    }
    store.commit({ rows: [put('things', 'b', most)], alarmAt: undefined });
    expect([...open().load()].map(({ value }) => value.length)).toEqual([1, ROW_BYTES_MAX]);
  });

  it('KEEP3 that are set aside are loaded no more, known by name, and may be written anew', () => {
    const { open } = disk(TABLES);
    expect(open().aside()).toEqual([]);
    open().commit({ rows: [put('things', 'a b', '{'), put('things', 'c', '1')], alarmAt: undefined });
    const bad = { table: 'things', key: 'a b', value: '{' };
    open().setAside([bad]);
    expect([...open().load()].map(({ key }) => key)).toEqual(['c']);
    expect(open().aside()).toEqual([{ table: 'things', key: 'a b' }]);
    open().commit({ rows: [put('things', 'a b', '2')], alarmAt: undefined });
    expect([...open().load()].map(({ value }) => value)).toEqual(['2', '1']);
    open().setAside([bad, { ...bad, key: 'nobody' }]);
    expect(open().aside()).toEqual([{ table: 'things', key: 'a b' }]);
  });

  it('FX1 a commit that fails writes nothing, the alarm included', () => {
    const { open, alarm } = disk(TABLES);
    open().commit({ rows: [put('things', 'a', '1')], alarmAt: epochMs(5) });
    expect(() =>
      open().commit({
        rows: [put('things', 'a', '2'), put('things', 'b', '2'), put('stray', 'x', '1')],
        alarmAt: epochMs(9),
      }),
    ).toThrow('no table stray');
    expect([...open().load()]).toEqual([{ table: 'things', key: 'a', value: '1' }]);
    expect(alarm()).toBe(5);
    open().commit({ rows: [put('things', 'a', '3')], alarmAt: undefined });
    expect([...open().load()].map(({ value }) => value)).toEqual(['3']);
  });

  it('ALARM1 the alarm is armed, left and disarmed with the rows', () => {
    const { open, alarm } = disk(TABLES);
    expect(alarm()).toBeNull();
    open().commit({ rows: [], alarmAt: epochMs(7) });
    expect(alarm()).toBe(7);
    open().commit({ rows: [put('things', 'a', '1')], alarmAt: undefined });
    expect(alarm()).toBe(7);
    open().commit({ rows: [], alarmAt: null });
    expect(alarm()).toBeNull();
  });

  it('JRN1 of a log only the last row is loaded: by number, not as text', () => {
    const { open } = disk(TABLES);
    for (let n = 1; n <= 12; n++) open().commit({ rows: [put('events', String(n), `e${n}`)], alarmAt: undefined });
    expect([...open().load()]).toEqual([{ table: 'events', key: '12', value: 'e12' }]);
  });

  it('JRN1 a log is read in order of its numbers, after one of them, so many at once', () => {
    const { open } = disk(TABLES);
    for (let n = 1; n <= 120; n++) open().commit({ rows: [put('events', String(n), `e${n}`)], alarmAt: undefined });
    const keys = (after: number, limit: number) =>
      open()
        .read('events', after, limit)
        .map(({ key }) => Number(key));
    expect(keys(0, 3)).toEqual([1, 2, 3]);
    expect(keys(98, 4)).toEqual([99, 100, 101, 102]);
    expect(keys(118, 10)).toEqual([119, 120]);
    expect(keys(120, 10)).toEqual([]);
    expect(open().read('events', 8, 1)).toEqual([{ table: 'events', key: '9', value: 'e9' }]);
  });

  it('an empty store loads nothing', () => {
    expect([...disk(CELL_TABLES).open().load()]).toEqual([]);
  });
});

describe('two stores', () => {
  it('tell the same story, whatever is committed', () => {
    const row = fc.record({
      table: fc.constantFrom('things', 'others', 'stray'),
      key: fc.constantFrom('a', 'b', 'B', 'ä', '10', '9', ''),
      value: fc.option(fc.string(), { nil: null }),
    });
    const commit = fc.record({
      rows: fc.array(row, { maxLength: 5 }),
      alarmAt: fc.constantFrom(undefined, null, epochMs(1), epochMs(2)),
    });
    fc.assert(
      fc.property(fc.array(commit, { maxLength: 12 }), (commits) => {
        const disks = STORES.map(({ disk }) => disk(TABLES));
        for (const one of commits) {
          const outcomes = disks.map(({ open }) => {
            try {
              open().commit(one);
              return 'committed';
            } catch {
              return 'failed';
            }
          });
          expect(new Set(outcomes).size).toBe(1);
        }
        const [first, ...others] = disks.map(({ open, alarm }) => ({
          alarm: alarm(),
          rows: [...open().load()].sort((a, b) => (`${a.table} ${a.key}` < `${b.table} ${b.key}` ? -1 : 1)),
        }));
        for (const other of others) expect(other).toEqual(first);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the schema', () => {
  it('ROW1 of a newer program is refused by its number', () => {
    const deps = sqliteDeps();
    sqlRows(TABLES, deps).commit({ rows: [put('things', 'a', '1')], alarmAt: undefined });
    deps.exec('UPDATE schema SET version = 99');
    expect(() => sqlRows(TABLES, deps)).toThrow('storage has schema 99; this code knows 2');
  });

  it('ROW1 of an older program gets the tables that it lacks, and keeps what it has', () => {
    const deps = sqliteDeps();
    const [first, ...later] = TABLES;
    sqlRows([first as (typeof TABLES)[number]], deps).commit({ rows: [put('things', 'a', '1')], alarmAt: undefined });
    deps.exec('UPDATE schema SET version = 1');
    const rows = sqlRows(TABLES, deps);
    expect([...rows.load()]).toEqual([{ table: 'things', key: 'a', value: '1' }]);
    rows.commit({ rows: later.map(({ name }) => put(name, '1', '2')), alarmAt: undefined });
    expect([...sqlRows(TABLES, deps).load()]).toHaveLength(1 + later.length);
  });

  it('is made once, and all or nothing', () => {
    const deps = sqliteDeps();
    const torn = {
      ...deps,
      exec: (sql: string, ...bindings: (string | number)[]) => {
        if (sql.includes('"events"')) throw new Error('the disk is full');
        return deps.exec(sql, ...bindings);
      },
    };
    const commit = { rows: [put('things', 'a', '1')], alarmAt: undefined };
    expect(() => sqlRows(TABLES, torn).commit(commit)).toThrow('the disk is full');
    expect([...deps.exec(`SELECT name FROM sqlite_master WHERE type = 'table'`)]).toEqual([]);
    sqlRows(TABLES, deps).commit(commit);
    expect([...sqlRows(TABLES, deps).load()]).toHaveLength(1);
  });
});

it('STORE1 an object that keeps nothing writes nothing, not even its tables', () => {
  const deps = sqliteDeps();
  const written: string[] = [];
  const listening = {
    ...deps,
    exec: (sql: string, ...bindings: (string | number)[]) => {
      if (!sql.startsWith('SELECT')) written.push(sql);
      return deps.exec(sql, ...bindings);
    },
  };
  const rows = sqlRows(TABLES, listening);
  expect([...rows.load()]).toEqual([]);
  expect(rows.read('events', 0, 10)).toEqual([]);
  expect(written).toEqual([]);
  rows.commit({ rows: [put('events', '1', 'first')], alarmAt: undefined });
  expect(written.length).toBeGreaterThan(0);
  expect(rows.read('events', 0, 10)).toHaveLength(1);
  expect([...sqlRows(TABLES, listening).load()]).toHaveLength(1);
});

it('STORE1 tables that could not be made with the first row are made with the next', () => {
  const deps = sqliteDeps();
  let torn = true;
  const rows = sqlRows(TABLES, {
    ...deps,
    exec: (sql, ...bindings) => {
      if (torn && sql.startsWith('INSERT INTO "things"')) throw new Error('the disk is full');
      return deps.exec(sql, ...bindings);
    },
  });
  const commit = (): void => rows.commit({ rows: [put('things', 'a', '1')], alarmAt: undefined });
  expect(commit).toThrow('the disk is full');
  expect([...rows.load()]).toEqual([]);
  torn = false;
  commit();
  expect([...rows.load()]).toHaveLength(1);
});
