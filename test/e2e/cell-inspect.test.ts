// `npm run cell -- inspect`: while the service runs, after it, and where rows were damaged.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Inspection } from '../../tools/cell/inspect.ts';
import { fileOf } from '../../tools/cell/object-file.ts';
import { runToEnd } from './support/command.ts';
import { useService } from './support/service.ts';
import { AT, openTown } from './support/town.ts';

const box = useService();
const state = () => join(box.service().dataDir, '.wrangler/state/workerd');
const cell = (...args: readonly string[]) =>
  runToEnd('node', ['tools/cell.ts', ...args, '--data', box.service().dataDir]);
const inspected = async (...args: readonly string[]) =>
  (await cell('inspect', ...args, '--json')).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Inspection);
const rowsOf = (found: Inspection | undefined, table: string) =>
  found?.tables.find(({ name }) => name === table)?.rows ?? [];

let question: { readonly id: string; readonly cell?: string };
const [CELL, TEXT] = ['9q8yy', 'Is the tram running?'];

beforeAll(async () => {
  const town = await openTown(box, {});
  question = await town.ask(town.alice, { ...AT, text: TEXT });
  // A name that could be a cell.
  await box.api('PUT', '/v1/presence', { ...AT }, await box.tokenFor(CELL));
});

describe('npm run cell -- inspect', () => {
  it('shows the rows of a cell and of a user while the service runs, and changes nothing', async () => {
    const file = fileOf(state(), 'cell', CELL).path;
    const before = statSync(file).mtimeMs;
    const [found] = await inspected(CELL);
    expect(found).toMatchObject({ kind: 'cell', name: CELL, path: file });
    expect(rowsOf(found, 'questions')).toMatchObject([{ key: question.id, value: { text: TEXT } }]);
    expect(rowsOf(found, 'users').map(({ key }) => key)).toEqual([CELL]);
    expect(statSync(file).mtimeMs).toBe(before);
    const alice = await cell('inspect', 'alice');
    expect([alice.code, alice.stdout]).toEqual([0, expect.stringContaining(question.id)]);
    expect(await inspected(CELL, '--user')).toMatchObject([{ kind: 'user', name: CELL }]);
  });

  it('finds the cell of a question and of an offer', async () => {
    expect(await inspected(question.id, '--table', 'questions')).toMatchObject([{ name: CELL }]);
    expect(await inspected(`${question.id}.1`, '--rows', '0')).toMatchObject([{ name: CELL }]);
  });

  it('says what it cannot find, and what to say instead', async () => {
    expect(await cell('inspect', 'nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^nothing is kept of nobody in .*: --user\n/),
    });
    expect(await cell('look', CELL)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^unknown command "look"/),
    });
    expect(await cell('inspect', CELL, '--table', 'rooms')).toMatchObject({ code: 2 });
  });

  it('names rows that the object cannot read, in a file that is damaged too, on a service that is stopped', async () => {
    await box.service().stop();
    const { path } = fileOf(state(), 'cell', CELL);
    const database = new DatabaseSync(path);
    database.exec('UPDATE questions SET d = substr(d, 1, 40)');
    database.exec('UPDATE users SET d = replace(d, \'"v":4\', \'"v":99\')');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    const { code, stdout } = await cell('inspect', CELL, '--rows', '0');
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`    ${question.id} UNREADABLE: .*JSON.*: {"v":2,`));
    expect(stdout).toMatch(
      / {4}9q8yy UNREADABLE: row of table users has version 99; this code reads versions 1 and 2 and 3 and 4: \{/,
    );
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0x5a, 4096));
    const broken = await cell('inspect', CELL);
    expect([broken.code, broken.stdout]).toEqual([1, expect.stringMatching(/UNREADABLE from here on: .*malformed/)]);
    writeFileSync(path, 'no database at all');
    expect(await cell('inspect', CELL)).toMatchObject({ code: 1, stdout: expect.stringMatching(/not a database/) });
  });
});
