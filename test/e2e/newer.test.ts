// A data directory in which newer code has written: what cannot be read is refused by its name, and nothing of it is changed.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { fileOf, type ObjectKind } from '../../tools/cell/object-file.ts';
import { showLogsOnFailure, useService } from './support/service.ts';
import { AT, openTown, type Question } from './support/town.ts';

const NEWER = 99;
const box = useService();
const { api } = box;

type Row = { readonly k: string; readonly d: string };

function withRows<T>(dataDir: string, kind: ObjectKind, name: string, table: string, work: (rows: Rows) => T): T {
  const { path } = fileOf(join(dataDir, '.wrangler/state/workerd'), kind, name);
  const database = new DatabaseSync(path);
  const all = () => database.prepare(`SELECT k, d FROM ${table} ORDER BY k`).all() as unknown as readonly Row[];
  const put = database.prepare(`UPDATE ${table} SET d = ? WHERE k = ?`);
  try {
    return work({ all, put: ({ k, d }) => void put.run(d, k) });
  } finally {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
  }
}
type Rows = { readonly all: () => readonly Row[]; readonly put: (row: Row) => void };

it.each([
  ['cell', 'users', 'versions 1 and 2 and 3 and 4'],
  ['user', 'meta', 'versions 1 and 2 and 3'],
] as const)(
  'ROW1, KEEP1: a %s whose row of %s is of a newer version is refused by name, and is well with newer code',
  async (kind, table, known) => {
    showLogsOnFailure(box);
    const town = await openTown(box, { cooldownMs: 0 });
    await town.present(town.bob, []);
    const question = (await town.ask(town.alice, { ...AT, text: 'Is it open?' })) as Question & {
      readonly cell: string;
    };
    const name = kind === 'cell' ? question.cell : 'alice';
    const before: Row[] = [];
    let newer: readonly Row[] = [];
    await box.crash(0, (dataDir) =>
      withRows(dataDir, kind, name, table, ({ all, put }) => {
        before.push(...all());
        for (const { k, d } of before) put({ k, d: d.replace(/"v":\d+/, `"v":${NEWER}`) });
        newer = all();
      }),
    );
    expect(newer).not.toEqual(before);
    const path = kind === 'cell' ? `/v1/questions/${question.id}` : '/v1/events';
    for (let n = 0; n < 3; n++)
      expect(await api('GET', path, undefined, town.alice)).toMatchObject({
        status: 503,
        body: { code: 'unreadable' },
      });
    expect(await api('POST', '/v1/events/ack', { seq: 1 }, town.bob)).toMatchObject({
      status: kind === 'cell' ? 503 : 200,
    });
    expect(box.logs().filter((line) => line.includes(`${kind}.unreadable`))).toEqual([
      expect.stringContaining(`row of table ${table} has version ${NEWER}; this code reads ${known}`),
    ]);
    await box.crash(0, (dataDir) =>
      withRows(dataDir, kind, name, table, ({ all, put }) => {
        expect(all()).toEqual(newer);
        for (const row of before) put(row);
      }),
    );
    expect(await api('GET', path, undefined, town.alice)).toMatchObject({ status: 200 });
    expect((await town.offerFor(town.bob, question.id)).state).toBe('pending');
    await api('DELETE', `/v1/questions/${question.id}`, undefined, town.alice);
  },
);
