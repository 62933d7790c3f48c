// Clearing away databases in which nothing is: what has anything in it stays, whatever it looks like.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeEmptyObjects } from '../../../../tools/support/empty-objects.ts';

let folder = '';
let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'vicinal-empty-'));
  folder = join(state, 'vicinal-UserObject');
  mkdirSync(folder);
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const nameOf = (letter: string): string => join(folder, `${letter.repeat(64)}.sqlite`);

function database(file: string, sql: string, close = true): DatabaseSync {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; ${sql}`);
  if (close) db.close();
  return db;
}

describe('STORE1 removing databases in which nothing is', () => {
  it('takes those without a table, and what lies beside them', () => {
    database(nameOf('a'), '');
    writeFileSync(`${nameOf('a')}-wal`, '');
    expect(removeEmptyObjects(state)).toBe(1);
    expect(existsSync(nameOf('a'))).toBe(false);
    expect(existsSync(`${nameOf('a')}-wal`)).toBe(false);
  });

  it('leaves those with a table, also where it is still in the log alone', () => {
    database(nameOf('a'), 'CREATE TABLE t (k)');
    database(nameOf('b'), 'CREATE TABLE t (k); INSERT INTO t VALUES (1); DROP TABLE t');
    const open = database(nameOf('c'), 'CREATE TABLE t (k); INSERT INTO t VALUES (1)', false);
    writeFileSync(nameOf('d'), 'no database');
    writeFileSync(nameOf('e'), Buffer.alloc(4096));
    database(join(folder, 'metadata.sqlite'), '');
    expect(removeEmptyObjects(state)).toBe(0);
    open.close();
    const again = new DatabaseSync(nameOf('c'));
    expect(again.prepare('SELECT k FROM t').all()).toEqual([{ k: 1 }]);
    again.close();
  });

  it('has nothing to do where nothing ever ran', () => {
    expect(removeEmptyObjects(join(state, 'none'))).toBe(0);
  });
});
