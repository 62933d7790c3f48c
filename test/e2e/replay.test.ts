// `npm run replay` as a process: on a small trace with every kind of dirt, and on real ones where they are at hand.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { boxPolygon } from '../../src/geo/box-polygon.ts';
import { DEMO_BOUNDARY } from '../../tools/traffic/outline.ts';
import { PROJECT_DIR, runToEnd } from './support/command.ts';

const DATA = join(PROJECT_DIR, '../shared/data');
const CABS = join(DATA, 'moving/sf_cabs5_2008.csv.gz');
const CALLS = join(DATA, 'requests/sf_311_sampleA_10000.csv.gz');
const OSLO = join(DATA, 'requests/oslo_bike_2023-01.csv.gz');
const BUSES_2016 = join(DATA, 'moving/austin_bus_2016-11-25_26.csv.gz');
const BUSES_2017 = join(DATA, 'moving/austin_bus_2017-03-21_am.csv.gz');
const CITY = join(DATA, 'boundaries/san_francisco_neighborhoods.geojson.gz');
const hasData = [CABS, CALLS, CITY].every((path) => existsSync(path));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vicinal-test-'));
  // Where the replay makes its directory, so that what it leaves behind is seen.
  vi.stubEnv('TMPDIR', folder);
  // Where no service runs: it starts one of its own.
  vi.stubEnv('VICINAL_DATA', join(folder, 'nothing-runs-here'));
  writeFileSync(join(folder, 'city.geojson'), JSON.stringify(DEMO_BOUNDARY));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const replay = (...args: readonly string[]) => runToEnd('node', ['tools/replay.ts', ...args]);
const lastJson = (stdout: string) =>
  JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Readonly<Record<string, unknown>>;

/** Ten people who stand in the Mission for ten minutes, and one who is everything that a trace can get wrong. */
function presenceTrace(): string {
  const rows = ['user,ts,lat,lon,q'];
  for (let minute = 0; minute < 10; minute++) {
    for (let user = 0; user < 10; user++) {
      rows.push(`u${user},2017-03-21T08:${String(minute).padStart(2, '0')}:${10 + user}Z,37.76${user},-122.419,ok`);
    }
  }
  rows.push('dirty,2017-03-21T08:02:00Z,0,0,zero', 'dirty,2017-03-21T08:03:00Z,,,nocoord');
  rows.push('dirty,2017-03-21T08:04:00Z,37.76,-122.419,jump', 'dirty,2017-03-21T08:05:00Z,95,-122.419,ok');
  rows.push('dirty,never,37.76,-122.419,ok', ',2017-03-21T08:06:00Z,37.76,-122.419,ok', 'dirty,2017-03-21T08:07:00Z');
  const [header = '', ...body] = rows;
  return [header, ...body.sort((a, b) => ((a.split(',')[1] ?? '') < (b.split(',')[1] ?? '') ? -1 : 1))].join('\n');
}

function questionsTrace(): string {
  const rows = ['id,ts,lat,lon,kind,q'];
  for (let i = 0; i < 20; i++) {
    rows.push(`${i},2017-03-21T08:0${1 + (i % 7)}:30Z,37.762,-122.419,"Street, and @Sidewalk",ok`);
  }
  rows.push('x,2017-03-21T08:03:10Z,,,Graffiti,nocoord', 'y,2017-03-21T08:03:20Z,51.5,0.1,Graffiti,outbox');
  return rows.join('\n');
}

describe('a replay', () => {
  it('EDGE1 plays every row, has the dirty ones refused by name, and matches the rest', async () => {
    writeFileSync(join(folder, 'presence.csv.gz'), gzipSync(presenceTrace()));
    writeFileSync(join(folder, 'questions.csv'), questionsTrace());
    const { code, stdout, stderr } = await replay(
      ...['--presence', join(folder, 'presence.csv.gz'), '--questions', join(folder, 'questions.csv')],
      ...['--boundary', join(folder, 'city.geojson'), '--speed', '60', '--json'],
    );
    expect(code, stderr + stdout).toBe(0);
    const summary = lastJson(stdout);
    expect(summary).toMatchObject({
      // All but the row without a time and the one without a name.
      rows: 100 + 5 + 22,
      users: 11,
      badRows: { zero: 1, nocoord: 2, jump: 1, badcoord: 1, badtime: 1, noname: 1, ragged: 1, outbox: 1 },
      refused: { out_of_coverage: 2, bad_latitude: 4 },
      asked: 20,
      errors: 0,
    });
    expect(summary['matched']).toBeGreaterThan(15);
    expect(readdirSync(folder).filter((name) => name.startsWith('vicinal-'))).toEqual([]);
  });

  it('plays a file that is grouped by vehicle, of other columns and local times, from a little before its first row', async () => {
    const rows = ['Vehicle ID;Seen;Lat;Long'];
    for (let user = 0; user < 10; user++) {
      for (let minute = 0; minute < 10; minute++)
        rows.push(`v${user};21.03.2017 03:${30 + minute};37,76${user};-122,419`);
    }
    const asked = ['CaseID,Opened,Lat,Long,Category'];
    for (let i = 0; i < 20; i++)
      asked.push(`${i},03/21/2017 03:${31 + (i % 7)} AM,37.762,-122.419,"Street,\nand ""Sidewalk"" here"`);
    writeFileSync(join(folder, 'grouped.csv'), rows.join('\r\n'));
    writeFileSync(join(folder, 'asked.csv'), asked.join('\n'));
    const { code, stdout, stderr } = await replay(
      ...[
        '--presence',
        join(folder, 'grouped.csv'),
        '--questions',
        join(folder, 'asked.csv'),
        '--speed',
        '60',
        '--json',
      ],
      ...['--columns', 'ts=Seen,id=CaseID,kind=Category', '--zone', 'America/Los_Angeles'],
      ...['--from', '03:28', '--boundary', join(folder, 'city.geojson')],
    );
    expect(code, stderr + stdout).toBe(0);
    expect(stderr).toMatch(/grouped\.csv is not sorted by time \(81 rows are early\): sorted in memory/);
    expect(stderr).toMatch(/from 2017-03-21T10:28 UTC at 60 times the speed/);
    const summary = lastJson(stdout);
    expect(summary).toMatchObject({ rows: 120, users: 10, badRows: {}, asked: 20, errors: 0 });
    expect(summary['matched']).toBeGreaterThan(15);
  });

  it('says what to do when there is no service, no file or no common time', async () => {
    writeFileSync(join(folder, 'a.csv'), presenceTrace());
    writeFileSync(join(folder, 'b.csv'), questionsTrace().replaceAll('2017', '2015'));
    const files = ['--presence', join(folder, 'a.csv'), '--questions', join(folder, 'b.csv')];
    const apart = await replay(...files);
    expect([apart.code, apart.stderr]).toEqual([2, expect.stringMatching(/no hour in common .* --fold-day/)]);
    const dead = ['--url', 'http://127.0.0.1:9', '--data', folder];
    const alone = await replay(...files, '--fold-day', ...dead);
    expect([alone.code, alone.stderr]).toEqual([1, expect.stringMatching(/no service answers at .*npm start/)]);
    const missing = await replay('--presence', join(folder, 'none.csv'), '--questions', 'x');
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/cannot read .*none\.csv/)]);
  });

  // Nothing of them is copied into the project: each is played as it lies there, where it does.
  it.skipIf(!hasData).each([
    [
      'oslo',
      OSLO,
      OSLO,
      boxPolygon(10.6, 59.86, 10.9, 59.98),
      ['--fold-day', '--zone', 'Europe/Oslo', '--from', '08:00'],
    ],
    [
      'austin',
      BUSES_2017,
      BUSES_2017,
      boxPolygon(-98, 30, -97.4, 30.7),
      ['--from', '06:55', '--zone', 'America/Chicago'],
    ],
    ['austin', BUSES_2016, BUSES_2016, boxPolygon(-98, 30, -97.4, 30.7), ['--fold-day']],
  ])('plays a while of real %s: %s and %s (needs ../shared/data)', async (id, presence, questions, boundary, more) => {
    writeFileSync(join(folder, 'box.geojson'), JSON.stringify(boundary));
    const { code, stdout, stderr } = await replay(
      ...['--presence', presence, '--questions', questions, '--boundary', join(folder, 'box.geojson'), '--city', id],
      ...['--seconds', '6', '--speed', '10', '--json', ...more],
    );
    expect(code, stderr + stdout).toBe(0);
    const summary = lastJson(stdout);
    expect(summary).toMatchObject({ errors: 0 });
    expect(summary['rows']).toBeGreaterThan(5);
    expect(summary['asked']).toBeGreaterThan(0);
  });

  it.skipIf(!hasData)('plays a while of a folded day of real cabs and real calls (needs ../shared/data)', async () => {
    const { code, stdout, stderr } = await replay(
      ...['--presence', CABS, '--questions', CALLS, '--boundary', CITY, '--city', 'sf'],
      ...['--fold-day', '--seconds', '20', '--speed', '30', '--json'],
    );
    expect(code, stderr + stdout).toBe(0);
    const summary = lastJson(stdout);
    expect(summary).toMatchObject({ errors: 0, errorCodes: {} });
    expect(summary['rows']).toBeGreaterThan(300);
    expect(summary['users']).toBeGreaterThan(50);
    expect(summary['matched']).toBeGreaterThan(0);
    expect(summary['wallSeconds']).toBeLessThan(30);
  });
});
