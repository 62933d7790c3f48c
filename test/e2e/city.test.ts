// `npm run city` against the real service, as a city team uses it: planned, rolled out, changed, drawn, two at once.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_DIR, runToEnd } from './support/command.ts';
import { showLogsOnFailure, useService } from './support/service.ts';

const box = useService();
const { api, tokenFor } = box;
const folder = mkdtempSync(join(tmpdir(), 'vicinal-city-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let ops: string;
beforeAll(async () => {
  ops = await tokenFor('team', 'ops');
});

type Box = readonly [west: number, south: number, east: number, north: number];
const polygon = ([west, south, east, north]: Box) => ({
  type: 'Polygon',
  coordinates: [
    [
      [west, south],
      [east, south],
      [east, north],
      [west, north],
      [west, south],
    ],
  ],
});
function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** As against any deployment: by address and token, without its directory. */
const city = (...args: readonly string[]) =>
  runToEnd('node', [join(PROJECT_DIR, 'tools/city.ts'), ...args, '--url', box.url(), '--token', ops]);
const json = async (...args: readonly string[]) => {
  const { code, stdout, stderr } = await city(...args, '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
};
const cellsOf = async (id: string): Promise<readonly string[]> => {
  const path = `/v1/ops/cells?city=${id}&load=false`;
  const { body } = await api<{ readonly items: readonly { readonly cell: string }[] }>('GET', path, undefined, ops);
  return body.items.map(({ cell }) => cell);
};

const WEST: Box = [-122.5, 37.7, -122.4, 37.81];
const EAST: Box = [-122.44, 37.7, -122.34, 37.81];

describe('npm run city on a service', () => {
  it('plans with the overlaps, and changes nothing', async () => {
    showLogsOnFailure(box);
    const before = await api('GET', '/v1/ops/cities', undefined, ops);
    const west = file('west.geojson', polygon(WEST));
    const fresh = await json('plan', west);
    expect(fresh).toMatchObject({ id: 'west', service: box.url(), overlaps: [], would: { changed: true, kept: 0 } });
    expect((await city('plan', west)).stdout).toMatch(/a new city with 12 cells\nno overlap with another city/);
    expect((await api('GET', '/v1/ops/cities', undefined, ops)).body).toEqual(before.body);
  });

  it('adds a city once: the same again changes nothing', async () => {
    const west = file('west.geojson', polygon(WEST));
    expect(await json('add', west, '--grid', '8')).toMatchObject({ added: 12, changed: true, cells: 12, overlaps: [] });
    expect(await json('add', west, '--grid', '8')).toMatchObject({ added: 0, changed: false });
    const plan = await city('plan', file('east.geojson', polygon(EAST)));
    expect(plan.stdout).toMatch(/a new city with \d+ cells\n\d+ of them stay, wholly or in part, with west/);
  });

  it('names in the audit whoever was logged in where a command signed its own token', async () => {
    const where = ['--data', box.service().dataDir];
    const elsewhere = file('harbour.geojson', polygon([10, 50, 10.1, 50.1]));
    const add = await runToEnd('node', ['tools/city.ts', 'add', elsewhere, ...where]);
    expect(add.code, add.stderr).toBe(0);
    const { stdout } = await runToEnd('node', ['tools/city.ts', 'audit', 'harbour', ...where]);
    expect(stdout).toMatch(new RegExp(`Z  ${userInfo().username}  city.create  `));
    expect((await runToEnd('node', ['tools/city.ts', 'remove', 'harbour', '--yes', ...where])).code).toBe(0);
  });

  it.each(['plan', 'add'])(
    'ROLL1 refuses to %s a city for which no cell is left, and says who has them',
    async (verb) => {
      const { code, stderr } = await city(verb, file('late.geojson', polygon(WEST)));
      expect([code, stderr]).toEqual([1, expect.stringMatching(/no_cell_left: none of the 12 .*: 12 are with west/)]);
      expect((await api('GET', '/v1/ops/cities/late', undefined, ops)).status).toBe(404);
    },
  );

  it('gives each cell one owner when two that overlap are added at once, and tells the loser', async () => {
    showLogsOnFailure(box);
    const files: readonly (readonly [string, Box])[] = [
      ['one', [10.6, 59.8, 10.75, 59.95]],
      ['two', [10.7, 59.8, 10.85, 59.95]],
      ['three', [10.6, 59.9, 10.85, 60]],
    ];
    const added = await Promise.all(
      files.map(([id, bounds]) => json('add', file(`${id}.geojson`, polygon(bounds)), '--precision', '6')),
    );
    const cells = await Promise.all(files.map(([id]) => cellsOf(id)));
    const all = cells.flat();
    expect(new Set(all).size).toBe(all.length);
    expect(added.map((told) => told['added'])).toEqual(cells.map(({ length }) => length));
    const plans = await Promise.all(
      files.map(([id]) => json('plan', join(folder, `${id}.geojson`), '--precision', '6')),
    );
    const planned = plans.map((plan) => plan['cells'] as number);
    for (const [at, told] of added.entries()) {
      const lost = (told['overlaps'] as readonly { readonly cells: number }[]).reduce(
        (sum, held) => sum + held.cells,
        0,
      );
      expect(lost).toBe((planned[at] as number) - (told['added'] as number));
    }
    expect(added.filter((told) => (told['overlaps'] as readonly unknown[]).length > 0).length).toBeGreaterThan(1);
  });

  it('changes rules while the city runs, two at once without losing either, and says who changed what', async () => {
    const changed = await Promise.all([
      city('set', 'west', '--limits', 'users=500,autoSplit=true'),
      city('set', 'west', '--policy', '{"offers":{"ttlMs":20000}}', '--name', 'The west'),
    ]);
    expect(changed.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const { body } = await api<{ readonly policyInEffect: unknown }>('GET', '/v1/ops/cities/west', undefined, ops);
    expect(body).toMatchObject({
      name: 'The west',
      cells: 12,
      policyInEffect: { gridLength: 8, limits: { users: 500, autoSplit: true, stepMs: 2 }, offers: { ttlMs: 20_000 } },
    });
    const { stdout } = await city('audit', 'west');
    expect(stdout).toMatch(/^\S+Z {2}team {2}city\.update {2}version \d+, 0 cells added$/m);
    expect(stdout).toMatch(/policy\.limits\.users +1000 → 500/);
    // LOAD1: where one process carries all cells they split by hand alone until somebody asks for it.
    expect(stdout).toMatch(/policy\.limits\.autoSplit +false → true/);
    expect(stdout).toMatch(/policy\.offers\.ttlMs +30000 → 20000/);
    expect(stdout).toMatch(/policy\.gridLength +7 → 8/);
    expect((await city('set', 'west', '--limits', 'users=500')).stdout).toBe('nothing changed\n');
  });

  it('leaves what is not said of a city that is there as it is, when it is added again', async () => {
    showLogsOnFailure(box);
    await city('set', 'west', '--hint', 'enam');
    const before = (await api<Readonly<Record<string, unknown>>>('GET', '/v1/ops/cities/west', undefined, ops)).body;
    expect((await city('plan', join(folder, 'west.geojson'))).stdout).toMatch(
      /^The west .* enam\n[\s\S]*: nothing would change\n/,
    );
    const again = await city('add', join(folder, 'west.geojson'));
    expect(again.stdout).toMatch(
      /^The west \(west\) nothing changed, in United States of America: 12 cells of precision 5, 0 of them new/,
    );
    const narrower = file('west.geojson', polygon([WEST[0], WEST[1], -122.41, WEST[3]]));
    expect(await json('add', narrower, '--limits', 'users=400')).toMatchObject({ changed: true });
    const after = (await api<Readonly<Record<string, unknown>>>('GET', '/v1/ops/cities/west', undefined, ops)).body;
    const policy = before['policy'] as Readonly<Record<string, unknown>>;
    expect(after).toMatchObject({ name: 'The west', locationHint: 'enam', precision: 5 });
    expect(after['policy']).toEqual({ ...policy, limits: { ...(policy['limits'] as object), users: 400 } });
    file('west.geojson', polygon(WEST));
  });

  it('says that a new precision leaves the cells that are there', async () => {
    const small = file('small.geojson', polygon([2.3, 48.8, 2.4, 48.9]));
    await json('add', small);
    const words = /cells that are there stay as they are: .* split CELL divides one/;
    expect((await city('plan', small, '--precision', '6')).stdout).toMatch(
      /the city would change, with no new cells\n/,
    );
    expect((await city('plan', small, '--precision', '6')).stdout).toMatch(words);
    const added = await city('add', small, '--precision', '6');
    expect(added.stdout).toMatch(
      /^Small \(small\) is changed, in [A-Z]\w+: \d+ cells \(the boundary takes \d{3} of precision 6\), 0 of them new/,
    );
    expect(added.stdout).toMatch(words);
    expect((await city('set', 'small', '--grid', '7')).stdout).toMatch(
      /^Small \(small\) is changed: version \d+\nwhat was said is in effect already/,
    );
  });

  it('tells the cells of a city that comes back split', async () => {
    const back = file('back.geojson', polygon([13.35, 52.5, 13.45, 52.55]));
    const cells = (await json('add', back))['cells'] as number;
    const [cell = ''] = await cellsOf('back');
    expect((await city('split', cell)).code).toBe(0);
    expect((await city('remove', 'back', '--yes')).code).toBe(0);
    const size = `${cells + 31} cells \\(${cells} of precision 5, with 1 division into 32 as before\\)`;
    expect((await city('plan', back)).stdout).toMatch(new RegExp(`: a new city with ${size}\n`));
    expect((await city('add', back)).stdout).toMatch(
      new RegExp(`is rolled out, in [A-Z]\\w+: ${size}, ${cells + 31} of them new`),
    );
  });

  it('draws a city as it is, with what its cells carry', async () => {
    const shown = await city('show', 'west');
    expect(shown.stdout).toMatch(/^The west \(west\)\n[\s\S]*12 cells: 12 of length 5\nno cell carries half/);
    const svg = join(folder, 'west.svg');
    expect((await city('show', 'west', '--svg', svg)).code).toBe(0);
    expect(readFileSync(svg, 'utf8')).toContain('>The west</text>');
    expect((await json('show', 'west'))['cells']).toHaveLength(12);
    expect((await city('show', 'nowhere')).stderr).toBe(
      'unknown_city: Unknown city\nnpm run city -- list says which cities there are\n',
    );
  });

  const GOOD = { name: 'X', boundary: polygon(WEST) };
  it.each<[string, unknown, string, RegExp]>([
    ['no GeoJSON', { ...GOOD, boundary: { type: 'Topology' } }, 'bad_boundary', /not a GeoJSON type/],
    ['swapped coordinates', { ...GOOD, boundary: polygon([37.7, -122.5, 37.8, -122.4]) }, 'bad_boundary', /swapped/],
    ['an empty polygon', { ...GOOD, boundary: { type: 'Polygon', coordinates: [] } }, 'bad_boundary', /no polygon has/],
    [
      'a continent at length 7',
      { ...GOOD, boundary: polygon([-10, 36, 30, 70]), precision: 7 },
      'too_many_cells',
      /about \d{8,} cells, and 50000 is the most for one city: use precision/,
    ],
    ['an unknown rule', { ...GOOD, policy: { luck: 1 } }, 'bad_policy', /policy\.luck is not a field of the policy/],
    ['a negative weight', { ...GOOD, policy: { weights: { idle: -1 } } }, 'bad_policy', /0 to 1000, not -1/],
    [
      'weights all nought',
      { ...GOOD, policy: { weights: { nearness: 0, topicFit: 0, reputation: 0, idle: 0, freshness: 0 } } },
      'bad_policy',
      /policy\.weights must have at least one weight above 0/,
    ],
    [
      'questions that may live shorter than they do',
      { ...GOOD, policy: { question: { ttlMaxMs: 60_000 } } },
      'bad_policy',
      /policy\.question\.ttlMaxMs must be at least .*, 900000, not 60000/,
    ],
    [
      'a list in place of weights',
      { ...GOOD, policy: { weights: [] } },
      'bad_policy',
      /policy\.weights must be an object/,
    ],
    ['a list in place of a policy', { ...GOOD, policy: [] }, 'bad_policy', /policy must be an object, not \[\]/],
    ['a grid coarser than its cells', { ...GOOD, precision: 6, policy: { gridLength: 5 } }, 'bad_policy', /gridLength/],
  ])('refuses %s at once, by its code, and stores nothing', async (_, body, code, words) => {
    const startMs = performance.now();
    type Refused = { readonly code: string; readonly detail: string };
    const refused = await api<Refused>('PUT', '/v1/ops/cities/bad', body, ops);
    expect(performance.now() - startMs).toBeLessThan(3000);
    expect([refused.status, refused.body.code]).toEqual([422, code]);
    expect(refused.body.detail).toMatch(words);
    expect((await api('GET', '/v1/ops/cities/bad', undefined, ops)).status).toBe(404);
  });

  it.each([
    ['--limits', 'users=Infinity', 'limits.users: must be a whole number from 1 to 15000'],
    ['--policy', '{"scoutTimeMs":1e999}', 'scoutTimeMs: must be a whole number from 50 to 10000'],
  ])('says of %s %s what it is that cannot be used', async (option, value, words) => {
    const { code, stderr } = await city('set', 'west', option, value);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${words}, not "Infinity"`)]);
  });

  it('prints each field that the service refuses on a line of its own', async () => {
    const { code, stderr } = await city('set', 'west', '--policy', '{"weights":{"idle":-1,"luck":2}}');
    expect(code).toBe(1);
    expect(stderr.split('\n').slice(0, 3)).toEqual([
      'bad_policy: 2 fields cannot be used',
      '  policy.weights.idle: must be a number from 0 to 1000, not -1',
      expect.stringMatching(/^ {2}policy\.weights\.luck: is not a field of weights, which has nearness/),
    ]);
  });
});
