// A row of one cell that cannot be read: its cell is named wherever cells are listed, and nobody else hears of it.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, it } from 'vitest';
import { fileOf } from '../../tools/cell/object-file.ts';
import { PROJECT_DIR, runToEnd } from './support/command.ts';
import { showLogsOnFailure, useService } from './support/service.ts';
import { AT, openTown, type Question, type Town } from './support/town.ts';

const box = useService();
const { api } = box;
let town: Town;
let here: Question & { readonly cell: string };
let there: Question & { readonly cell: string };
let beside: Question;

/** Does with the file of the cell of `here` what a disk may do. */
const damaged = (sql: string) => (dataDir: string) => {
  const { path } = fileOf(join(dataDir, '.wrangler/state/workerd'), 'cell', here.cell);
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
};
const ops = (file: string, ...args: readonly string[]) =>
  runToEnd('node', [join(PROJECT_DIR, file), ...args, '--url', box.url(), '--token', town.ops]);
type Cells = { readonly items: readonly { readonly cell: string; readonly state: string; readonly born: boolean }[] };
const cells = async () => (await api<Cells>('GET', '/v1/ops/cells?city=sf', undefined, town.ops)).body.items;
type Mine = { readonly items: readonly Question[]; readonly unavailable?: readonly unknown[] };
const mine = () => api<Mine>('GET', '/v1/questions', undefined, town.alice);

beforeAll(async () => {
  town = await openTown(box, {});
  here = (await town.ask(town.alice, { ...AT, text: 'Is the tram running?' })) as typeof here;
  there = (await town.ask(town.alice, { lat: 37.73, lng: -122.44, text: 'And this one?' })) as typeof there;
  beside = await town.ask(town.bob, { ...AT, text: 'Is it raining?' });
  expect(here.cell).not.toBe(there.cell);
});

describe('KEEP3 a row that cannot be read', () => {
  it('is set aside with its name: the question is said to be lost, and the cell lives on with the rest', async () => {
    showLogsOnFailure(box);
    await box.crash(0, damaged(`UPDATE questions SET d = substr(d, 1, 40) WHERE k = '${here.id}'`));
    const lost = await api('GET', `/v1/questions/${here.id}`, undefined, town.alice);
    expect(lost).toMatchObject({ status: 410, body: { code: 'question_lost' } });
    const found = await api('GET', `/v1/questions/${beside.id}`, undefined, town.bob);
    expect(found).toMatchObject({ status: 200, body: { text: 'Is it raining?' } });
    const list = await mine();
    expect(list).toMatchObject({ status: 200, body: { unavailable: [{ id: here.id, code: 'question_lost' }] } });
    expect(list.body.items.map(({ id }) => id)).toEqual([there.id]);
    expect(box.logs().find((line) => line.includes('row_unreadable'))).toMatch(
      new RegExp(`"object":"${here.cell}","table":"questions","key":"${here.id}"`),
    );
    // As it was, for whoever looks; and nobody stumbles over it again.
    const { stdout } = await runToEnd('node', ['tools/cell.ts', 'inspect', here.cell, '--data', box.service().dataDir]);
    expect(stdout).toMatch(new RegExp(`aside[\\s\\S]*questions ${here.id} UNREADABLE: .*JSON`));
    await box.crash(0);
    expect((await api('GET', `/v1/questions/${here.id}`, undefined, town.alice)).status).toBe(410);
    expect(box.logs().filter((line) => line.includes('row_unreadable'))).toHaveLength(1);
  });

  it('of what the cell is makes it unreadable: lists and status name it, its city waits for it, and the others go on', async () => {
    showLogsOnFailure(box);
    await box.crash(0, damaged("UPDATE meta SET d = '{'"));
    const silent = await api('GET', `/v1/questions/${beside.id}`, undefined, town.bob);
    expect(silent).toMatchObject({ status: 503, body: { code: 'unreadable' } });
    expect((await cells()).find(({ cell }) => cell === here.cell)).toMatchObject({ state: 'unreadable', born: true });
    expect((await cells()).find(({ cell }) => cell === there.cell)).toMatchObject({ state: 'leaf', born: true });
    expect((await mine()).body).toMatchObject({ items: [{ id: there.id }], unavailable: [{ code: 'unreadable' }] });
    expect((await ops('tools/city.ts', 'show', 'sf')).stdout).toMatch(
      new RegExp(`${here.cell} cannot be read: npm run cell -- inspect ${here.cell} shows why`),
    );
    expect(await ops('tools/status.ts')).toMatchObject({ code: 0 });
    expect((await api('DELETE', `/v1/questions/${there.id}`, undefined, town.alice)).status).toBe(200);
    const remove = await ops('tools/city.ts', 'remove', 'sf', '--yes', '--no-wait');
    expect([remove.code, remove.stdout]).toEqual([
      0,
      expect.stringMatching(new RegExp(`1 cell unreadable \\(npm run cell -- inspect ${here.cell}\\)`)),
    ]);
    expect(await ops('tools/city.ts', 'keep', 'sf')).toMatchObject({ code: 0 });
    expect((await api('PUT', '/v1/presence', { lat: 37.73, lng: -122.44 }, town.carol)).status).toBe(200);
  });

  it('nor any, as its file is no database any more: the same, and the others go on', async () => {
    showLogsOnFailure(box);
    await box.crash(0, (dataDir) => {
      const { path } = fileOf(join(dataDir, '.wrangler/state/workerd'), 'cell', here.cell);
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
      writeFileSync(path, 'no database at all');
    });
    const silent = await api('GET', `/v1/questions/${beside.id}`, undefined, town.bob);
    expect(silent).toMatchObject({ status: 503, body: { code: 'unreadable' } });
    expect((await cells()).find(({ cell }) => cell === here.cell)).toMatchObject({ state: 'unreadable' });
    expect((await mine()).status).toBe(200);
    expect((await api('PUT', '/v1/presence', { lat: 37.73, lng: -122.44 }, town.carol)).status).toBe(200);
  });
});
