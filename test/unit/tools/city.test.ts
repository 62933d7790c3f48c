import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { monthlyCost } from '../../../src/city/cost.ts';
import { DEMO_BOUNDARY } from '../../../tools/traffic/outline.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'vicinal-city-'));
// A data directory on which no service runs.
vi.stubEnv('VICINAL_DATA', folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const city = (
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> =>
  new Promise((done) => {
    execFile(process.execPath, [join(ROOT, 'tools/city.ts'), ...args], { cwd: folder }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });

/** What a plan says if it is not told otherwise. */
const LOAD = { users: 10_000, hoursPerUserDay: 2, pingEveryS: 10, questionsPerUserDay: 1 };
const BOUNDARY = JSON.stringify(DEMO_BOUNDARY);

describe('npm run city', () => {
  it('plans a city without a service, from plain and from gzipped GeoJSON', async () => {
    const plain = await city('plan', file('sf.geojson', BOUNDARY), '--id', 'sf', '--precision', '6', '--json');
    const gzipped = await city(
      'plan',
      file('sf.geojson.gz', gzipSync(BOUNDARY)),
      '--id',
      'sf',
      '--precision',
      '6',
      '--json',
    );
    expect(plain.code).toBe(0);
    expect(gzipped.stdout).toBe(plain.stdout);
    expect(JSON.parse(plain.stdout)).toMatchObject({ id: 'sf', precision: 6, locationHint: 'wnam' });
    expect((JSON.parse(plain.stdout) as { readonly cells: number }).cells).toBeGreaterThan(200);
    const fine = JSON.parse(plain.stdout) as { readonly areaKm2: number; readonly cellsKm2: number };
    expect(fine).toMatchObject({ country: 'United States of America', cost: monthlyCost(LOAD) });
    const json = (await city('plan', file('sf.geojson', BOUNDARY), '--id', 'sf', '--precision', '5', '--json')).stdout;
    const coarse = JSON.parse(json) as typeof fine;
    expect(coarse.areaKm2, 'within the boundary, whatever the precision').toBe(fine.areaKm2);
    expect(coarse.cellsKm2).toBeGreaterThan(fine.cellsKm2);
    expect(fine.cellsKm2).toBeGreaterThan(fine.areaKm2);
    expect((await city('plan', file('sf.geojson', BOUNDARY), '--id', 'sf')).stdout).toMatch(/\d+ cells of precision 5/);
  });

  it('says offline that overlaps were not looked at, and names a city after its file', async () => {
    const { stdout } = await city('plan', file('golden_gate.geojson', BOUNDARY));
    expect(stdout).toMatch(/^golden-gate|Golden Gate \(golden-gate\): /);
    expect(stdout).toMatch(/overlaps with other cities were not looked at: no service/);
    expect(stdout).toMatch(/one question, whatever the precision: a cell with nobody in it\ncosts nothing/);
    const json = JSON.parse((await city('plan', 'golden_gate.geojson', '--json')).stdout) as object;
    expect(json).toMatchObject({ id: 'golden-gate', service: null, overlaps: null, would: null });
  });

  it('warns of coordinates that fit the globe swapped as well, and seem to be', async () => {
    const oslo = '{"type":"Polygon","coordinates":[[[59.8,10.6],[60,10.6],[60,10.8],[59.8,10.8]]]}';
    const { code, stdout } = await city('plan', file('oslo.geojson', oslo));
    expect(code).toBe(0);
    expect(stdout).toMatch(/warning: the centre, latitude 10.70, longitude 59.90, is \d+ km .* are they swapped\?/);
  });

  it('takes a byte order mark, names what it can for people, and says no -0', async () => {
    const pole = '{"type":"Polygon","coordinates":[[[-0.001,-89.91],[0.001,-89.91],[0.001,-89.89],[-0.001,-89.89]]]}';
    const { code, stdout } = await city('plan', file('Köln & Süd.geojson', `\ufeff${pole}`));
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Köln & Süd \(koeln-sued\): \d+ cells? of precision 5, centre -89\.9000, 0\.0000 \(Antarctica\), /,
    );
    expect(stdout).not.toMatch(/\b1 cells/);
  });

  it('refuses a boundary that the service would not take, before anything is sent', async () => {
    const ring = Array.from({ length: 60_000 }, (_, i) => {
      const turn = (i / 60_000) * 2 * Math.PI;
      return [10 + Math.cos(turn) / 10, 59 + Math.sin(turn) / 10];
    });
    const { code, stderr } = await city(
      'plan',
      file('fine.geojson', JSON.stringify({ type: 'Polygon', coordinates: [ring] })),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /fine\.geojson is too large: 60,000 points, 2,\d{3},\d{3} bytes as they are sent, and a city has 1,900,000 at most\. .* mapshaper \S*fine\.geojson -simplify \d\d% /,
    );
  });

  it('ends without a word when its reader does', async () => {
    const many = Array.from({ length: 300 }, (_, i) => file(`many-${i}.geojson`, BOUNDARY));
    const command = `${process.execPath} ${join(ROOT, 'tools/city.ts')} plan ${many.join(' ')} | head -1`;
    const { stdout, stderr } = await new Promise<{ readonly stdout: string; readonly stderr: string }>((done) => {
      execFile('/bin/sh', ['-c', command], { cwd: folder }, (_error, out, err) => done({ stdout: out, stderr: err }));
    });
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stderr).toBe('');
  });

  it('draws a file in the terminal, without colours in a pipe, and as an SVG', async () => {
    const drawn = await city('show', file('sf.geojson', BOUNDARY), '--name', 'San Francisco', '--precision', '6');
    expect(drawn.code).toBe(0);
    expect(drawn.stdout).toMatch(/^San Francisco \(sf\)\n/);
    expect(drawn.stdout).toMatch(/[\u2801-\u28ff]{10}/);
    expect(drawn.stdout).not.toContain('\x1b');
    expect(Math.max(...drawn.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    const svg = await city('show', 'sf.geojson', '--svg', 'sf.svg');
    expect([svg.code, svg.stdout]).toEqual([0, '']);
    expect(readFileSync(join(folder, 'sf.svg'), 'utf8')).toMatch(/^<svg .*[\s\S]*<\/svg>\n$/);
  });

  it.each([
    [['audit'], 2, /audit needs the ID/],
    [['show'], 2, /show needs the ID of a city or a FILE/],
    [['set', 'sf'], 2, /set needs something to change/],
    [['set', 'sf', '--precision', '6'], 2, /set takes no --precision/],
    [['list', 'sf'], 2, /unexpected argument "sf"/],
    [['audit', 'sf', 'ny'], 2, /unexpected argument "ny"/],
    [['set', 'sf', '--id', 'ny', '--grid', '8'], 2, /set takes the id once: "sf", or --id ny/],
    [['list', '--name', 'x'], 2, /list takes no --name/],
    [['plan', 'sf.geojson', '--users', '0x10'], 2, /--users must be a whole number, not "0x10"/],
    [['plan', 'sf.geojson', '--limits', 'users=0x10'], 1, /policy\.limits\.users: must be a whole number .*"0x10"/],
    [['plan', '.'], 1, /is a directory: name the boundary files in it/],
    [['plan', '日本.geojson'], 2, /no id can be made of the name of 日本\.geojson: say --id ID, and --name NAME/],
    [['plan', 'typo.geojson'], 1, /latitude must be from -90 to 90, got \[10\.1, 95\]\n$/],
    [
      ['show', 'sf.geojson', '--svg', 'none/sf.svg'],
      1,
      /^cannot write none\/sf\.svg: there is no directory \/.*none\n/,
    ],
    [['show', 'sf.geojson', '--svg', '.'], 1, /^cannot write \.: it is a directory/],
    [
      ['merge', '9q8yyk8'],
      1,
      /^9q8yyk8 has no parts: nothing is smaller than 7 letters\. npm run city -- merge 9q8yyk /,
    ],
    [['list', '--url', '127.0.0.1:8991'], 2, /must be an http or https URL, .*: http:\/\/127\.0\.0\.1:8991\?/],
    [['list', '--url', 'foo'], 2, /must be an http or https URL, not "foo": http:\/\/foo\?/],
    [['list', '--url', 'ftp://x'], 2, /must be an http or https URL, not "ftp:\/\/x": http:\/\/x\?/],
    [['list', '--url', 'http://127.0.0.1:9/api'], 2, /takes scheme, host and port alone: http:\/\/127\.0\.0\.1:9, not/],
    [
      ['list', '--url', 'http://nowhere.invalid'],
      1,
      /^no service answers at http:\/\/nowhere\.invalid: is the address/,
    ],
    [['plan', 'sf.geojson', 'SF.geojson'], 2, /two files would both be the city sf/],
    [['plan', 'sf.geojson', 'point.geojson', '--id', 'sf'], 2, /--id and --name are for one file/],
    [['plan'], 2, /FILE is required/],
    [['grow'], 2, /unknown command "grow"/],
    [['plan', 'none.geojson', '--id', 'sf'], 1, /there is no boundary file .*none\.geojson/],
    [['plan', 'text.geojson', '--id', 'sf'], 1, /text\.geojson is no boundary/],
    [['plan', 'point.geojson', '--id', 'sf'], 1, /^bad_boundary: /],
    [['plan', 'sf.geojson', '--id', 'S F'], 1, /^bad_field: one field cannot be used\n {2}id: must be /],
    [['plan', 'swapped.geojson'], 1, /^bad_boundary: coordinates.* seem to be swapped/],
    [['plan', 'empty.geojson'], 1, /^bad_boundary: no polygon has an area/],
    [
      ['plan', 'continent.geojson', '--precision', '7'],
      1,
      /^too_many_cells: precision 7 would take about \d{8,} cells, and 50000 is the most for one city: use precision \d/,
    ],
    [
      ['plan', 'sf.geojson', '--policy', '{"luck":1}'],
      1,
      /^bad_policy: .*\n {2}policy\.luck: is not a field of the policy/,
    ],
    [
      ['plan', 'sf.geojson', '--policy', '{"weights":{"idle":-1}}'],
      1,
      /policy\.weights\.idle: must be a number from 0 to 1000, not -1/,
    ],
    [
      [
        'plan',
        'sf.geojson',
        '--policy',
        '{"weights":{"nearness":0,"topicFit":0,"reputation":0,"idle":0,"freshness":0}}',
      ],
      1,
      /policy\.weights: must have at least one weight above 0/,
    ],
    [
      ['plan', 'sf.geojson', '--grid', '5', '--precision', '6'],
      1,
      /policy\.gridLength: must be at least the precision, 6/,
    ],
    [['plan', 'sf.geojson', '--hint', 'moon'], 1, /locationHint: must be one of wnam/],
    [['plan', 'sf.geojson', '--id', 'sf', '--precision', '9'], 2, /--precision must be from 3 to 7/],
    [['add', 'sf.geojson', '--id', 'sf', '--url', 'http://127.0.0.1:9'], 1, /no service answers at .*npm start/],
    [['list', '--url', 'http://127.0.0.1:9'], 1, /no service answers at .*npm start/],
  ] as const)('%j fails with %i and says why', async (args, code, words) => {
    file('sf.geojson', BOUNDARY);
    file('text.geojson', 'no JSON');
    file('日本.geojson', BOUNDARY);
    const typo = '{"type":"Polygon","coordinates":[[[10,59],[10.1,95],[10.1,59.1],[10,59.1],[10,59]]]}';
    file('typo.geojson', typo);
    file('point.geojson', '{"type":"Point","coordinates":[1,2]}');
    file('SF.geojson', BOUNDARY);
    file('swapped.geojson', BOUNDARY.replaceAll(/\[(-122[.\d]*),([.\d]*)\]/g, '[$2,$1]'));
    file('empty.geojson', '{"type":"Polygon","coordinates":[[[1,1],[2,2],[1,1]]]}');
    file('continent.geojson', '{"type":"Polygon","coordinates":[[[-10,36],[30,36],[30,70],[-10,70],[-10,36]]]}');
    const result = await city(...args);
    expect(result.stderr).toMatch(words);
    expect(result.code).toBe(code);
  });

  it('says what a file is that is no GeoJSON, and names a city by its name alone', async () => {
    const line = JSON.stringify({ type: 'Feature', geometry: null, properties: {} });
    const lines = await city('plan', file('lines.geojson', `${line}\n${line}\n`));
    expect(lines.stderr).toContain('it is line-delimited GeoJSON');
    const utf16 = await city('plan', file('wide.geojson', Buffer.from(`\ufeff${BOUNDARY}`, 'utf16le')));
    expect(utf16.stderr).toContain('it is UTF-16; convert it: iconv -f UTF-16 -t UTF-8');
    const bare = await city('plan', file('bare.geojson', Buffer.from(BOUNDARY, 'utf16le')));
    expect(bare.stderr).toContain('it is UTF-16');
    expect((await city('plan', file('FJI.geo.json', BOUNDARY))).stdout).toMatch(/^FJI \(fji\): /);
  });
});
