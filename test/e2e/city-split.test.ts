// `npm run city -- split` and `-- merge` against the real service, as somebody from operations uses them, and all that can be
// wrong with the request beneath them.
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { boxPolygon } from '../../src/geo/box-polygon.ts';
import { PROJECT_DIR, runToEnd } from './support/command.ts';
import { eventually, showLogsOnFailure, useService } from './support/service.ts';

const box = useService();
const { api, tokenFor } = box;

type Item = { readonly cell: string; readonly state: string };
type Refused = { readonly code?: string; readonly detail?: string; readonly traceId?: string };

let ops: string;
/** Cells of five letters in San Francisco, Oslo, Paris, Bern, Rome and London, and a point in each. */
const SF = { cell: '9q8yy', lat: 37.7599, lng: -122.4192 };
const OSLO = { cell: 'u4xsu', lat: 59.91, lng: 10.75 };
const PARIS = { cell: 'u09tv', lat: 48.8566, lng: 2.3422 };
const BERN = { cell: 'u0m71', lat: 46.948, lng: 7.4474 };
const ROME = { cell: 'sr2yk', lat: 41.9028, lng: 12.4964 };
const LONDON = { cell: 'gcpvj', lat: 51.5074, lng: -0.1278 };

async function rollOut(id: string, { lat, lng }: typeof SF, policy: unknown, precision = 5): Promise<void> {
  const boundary = boxPolygon(lng - 0.003, lat - 0.003, lng + 0.003, lat + 0.003);
  const { status } = await api('PUT', `/v1/ops/cities/${id}`, { name: id, boundary, precision, policy }, ops);
  expect(status).toBe(200);
}

beforeAll(async () => {
  ops = await tokenFor('team', 'ops');
  await rollOut('sf', SF, { limits: { autoSplit: false } });
  // Its grid is as coarse as its cells.
  await rollOut('oslo', OSLO, { gridLength: 5 });
  // One person is all that one cell is to carry: the parts of this one are never cold enough.
  await rollOut('london', LONDON, { limits: { users: 1, autoSplit: false } });
});

/** As against any deployment: by address and token, without its directory. */
const city = (...args: readonly string[]) =>
  runToEnd('node', [join(PROJECT_DIR, 'tools/city.ts'), ...args, '--url', box.url(), '--token', ops]);
const cellsOf = async (id: string): Promise<readonly Item[]> =>
  (await api<{ readonly items: readonly Item[] }>('GET', `/v1/ops/cells?city=${id}`, undefined, ops)).body.items.map(
    ({ cell, state }) => ({ cell, state }),
  );
const change = (verb: 'split' | 'merge', cell: string, token = ops) =>
  api<Refused>('POST', `/v1/ops/cells/${encodeURIComponent(cell)}/${verb}`, undefined, token);

describe('npm run city -- split and merge', () => {
  it('LOAD1 SPLIT1 divides a cell and waits until its 32 parts are leaves; again, it says that there is nothing to do', async () => {
    showLogsOnFailure(box);
    const before = await cellsOf('sf');
    const first = await city('split', SF.cell);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/^9q8yy is 32 cells now/);
    expect(first.stderr).toMatch(/split 9q8yy .* 100 % +32\/32/);
    const after = await cellsOf('sf');
    expect(after.filter(({ cell }) => cell.startsWith(SF.cell))).toHaveLength(32);
    expect(after).toHaveLength(before.length + 31);
    expect(after.every(({ state }) => state === 'leaf')).toBe(true);
    const again = await city('split', SF.cell);
    expect(again).toMatchObject({ code: 0 });
    expect(again).toMatchObject({ stdout: '9q8yy is split already, into 32 cells\n', stderr: '' });
    expect(await cellsOf('sf')).toEqual(after);
    const { stdout } = await city('audit', 'sf');
    expect(stdout).toMatch(/Z {2}cell {2}cell\.split {2}9q8yy$/m);
    expect(stdout).toMatch(/Z {2}team {2}cell\.split\.asked {2}9q8yy$/m);
  });

  it('MERGE1 joins them again at once, waits for what was before it and for itself; again, it says that there is nothing to do', async () => {
    showLogsOnFailure(box);
    const merged = await city('merge', SF.cell);
    expect(merged).toMatchObject({ code: 0 });
    expect(merged.stdout).toMatch(/^9q8yy is one cell now/);
    expect((await cellsOf('sf')).filter(({ cell }) => cell.startsWith(SF.cell))).toMatchObject([
      { cell: SF.cell, state: 'leaf' },
    ]);
    const again = await city('merge', SF.cell);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toMatch(/^9q8yy is a leaf already: nothing to merge\n/);
  });

  it('LOAD1 MERGE1 waits while the people of a cell are still being handed over, in place of refusing', async () => {
    showLogsOnFailure(box);
    await rollOut('bern', BERN, { limits: { autoSplit: false } });
    const { lat, lng } = BERN;
    const here = { lat, lng, ttlS: 3600 };
    // Thirty in a second are handed over.
    for (let i = 0; i < 150; i++) await api('PUT', '/v1/presence', here, await tokenFor(`p${i}`));
    expect(await city('split', BERN.cell, '--no-wait')).toMatchObject({ code: 0 });
    await eventually('the map has its parts', async () => (await cellsOf('bern')).length > 31);
    const { body } = await change('merge', BERN.cell);
    expect(body.code).toBe('cell_changing');
    const merged = await city('merge', BERN.cell);
    expect(merged).toMatchObject({ code: 0 });
    expect(merged.stdout).toMatch(/^u0m71 is one cell now/);
  });

  it('ends at once, with the reason, for a cell whose city was removed after it was split', async () => {
    showLogsOnFailure(box);
    await rollOut('paris', PARIS, { limits: { autoSplit: false } });
    expect(await city('split', PARIS.cell)).toMatchObject({ code: 0 });
    expect(await city('remove', 'paris', '--yes')).toMatchObject({ code: 0 });
    const { code, stderr } = await city('split', PARIS.cell);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^paris has no cell in u09tv any more: .* removed since; npm run city -- list/);
    expect(await city('merge', PARIS.cell)).toMatchObject({ code: 1 });
  });

  it('says once, in a city that is going, that its cells go with it', async () => {
    showLogsOnFailure(box);
    await rollOut('rome', ROME, { limits: { autoSplit: false } });
    const token = await tokenFor('rea');
    const { lat, lng } = ROME;
    const asked = await api('POST', '/v1/questions', { lat, lng, text: 'Anybody?', expiresInS: 600 }, token);
    expect(asked.status).toBe(201);
    expect(await city('remove', 'rome', '--no-wait', '--yes')).toMatchObject({ code: 0 });
    const { code, stderr } = await city('split', ROME.cell);
    expect(code).toBe(1);
    expect(stderr).toBe(
      'city_draining: The city is being removed\nits cells go with it, and are not split or merged any more; npm run city -- keep ID takes its removal back\n',
    );
  });

  it('returns at once with --no-wait, and tells machines what it began', async () => {
    const { code, stdout } = await city('split', SF.cell, '--no-wait', '--json');
    expect({ code, ...(JSON.parse(stdout) as object) }).toEqual({
      code: 0,
      cell: SF.cell,
      city: 'sf',
      state: 'splitting',
      already: false,
    });
  });

  it.each([
    ['split', 'zzzzz', /^unknown_cell: no city has a cell zzzzz\nnpm run city -- show ID /],
    ['split', 'nope!', /^unknown_cell: nope! is no geohash/],
    ['split', OSLO.cell, /^cell_smallest: u4xsu has 5 letters, the privacy grid 5\n/],
    ['merge', 'zzzzz', /^not_mergeable: zzzzz has not 32 parts/],
  ] as const)('says in words why it does not %s %s', async (verb, cell, words) => {
    const { code, stdout, stderr } = await city(verb, cell);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(words);
  });

  it('wants to know which cell', async () => {
    const { code, stderr } = await city('split');
    expect(code).toBe(2);
    expect(stderr).toMatch(/split needs the geohash of a CELL/);
  });
});

describe('EDGE1: changes of the map that cannot be', () => {
  it.each([
    ['a split of a cell that does not exist', 'split', 'zzzzz', 404, 'unknown_cell'],
    ['a split of a part of a cell', 'split', `${LONDON.cell}0`, 404, 'unknown_cell'],
    ['a split of a geohash with letters that none has', 'split', 'aaaaa', 404, 'unknown_cell'],
    ['a split of something long', 'split', 'x'.repeat(300), 404, 'unknown_cell'],
    ['a split of what is no text', 'split', '%00', 404, 'unknown_cell'],
    ['a split below the privacy grid', 'split', OSLO.cell, 422, 'cell_smallest'],
    ['a merge of what is no geohash', 'merge', 'a', 404, 'unknown_cell'],
    ['a merge into a cell of seven letters', 'merge', '9q8yyk8', 404, 'unknown_cell'],
    ['a merge of cells that are no family', 'merge', LONDON.cell.slice(0, 4), 409, 'not_mergeable'],
    ['a merge of a cell that is a leaf', 'merge', LONDON.cell, 409, 'not_mergeable'],
    ['a merge where no city is', 'merge', 's0000', 409, 'not_mergeable'],
  ] as const)('%s', async (_what, verb, cell, status, code) => {
    showLogsOnFailure(box);
    const before = [await cellsOf('oslo'), await cellsOf('london')];
    const answer = await change(verb, cell);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body.detail).toMatch(/\w/);
    expect(answer.body.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect([await cellsOf('oslo'), await cellsOf('london')]).toEqual(before);
  });

  it.each(['split', 'merge'] as const)('a %s by a user, or by nobody', async (verb) => {
    const user = await change(verb, LONDON.cell, await tokenFor('alice'));
    expect({ status: user.status, code: user.body.code }).toEqual({ status: 403, code: 'forbidden_scope' });
    const nobody = await api<Refused>('POST', `/v1/ops/cells/${LONDON.cell}/${verb}`);
    expect({ status: nobody.status, code: nobody.body.code }).toEqual({ status: 401, code: 'unauthorized' });
  });

  it('LOAD1 a merge of siblings that together are hot', async () => {
    showLogsOnFailure(box);
    const { lat, lng } = LONDON;
    for (const [i, name] of ['ann', 'ben', 'cat'].entries()) {
      const token = await tokenFor(name);
      const { status } = await api('PUT', '/v1/presence', { lat: lat + i * 0.002, lng, ttlS: 3600 }, token);
      expect(status).toBe(200);
    }
    expect(await city('split', LONDON.cell)).toMatchObject({ code: 0 });
    const parts = await cellsOf('london');
    // Its people follow one by one, and the parent is not done before; the command waits for that.
    const said = await city('merge', LONDON.cell);
    expect(said.code).toBe(1);
    expect(said.stderr).toMatch(/siblings_hot: together they carry [23] users.*\nwait until they carry less/);
    const refused = await change('merge', LONDON.cell);
    expect({ status: refused.status, code: refused.body.code }).toEqual({ status: 409, code: 'siblings_hot' });
    expect(refused.body.detail).toMatch(/^together they carry [23] users/);
    expect((await cellsOf('london')).map(({ cell }) => cell)).toEqual(parts.map(({ cell }) => cell));
  });

  it('no fault was logged', () => {
    const faults = box.logs().filter((line) => line.includes('"event":"fault"') || /"status":5\d\d/.test(line));
    expect(faults).toEqual([]);
  });
});
