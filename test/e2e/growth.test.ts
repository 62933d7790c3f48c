// `npm run sim -- growth` as a black box: JSON, table, charts, and every option that cannot be used.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GrowthReport } from '../../studies/growth/report.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'vicinal-growth-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

const growth = (...args: readonly string[]): Promise<Run> =>
  new Promise((done) => {
    const command = [join(ROOT, 'sim/command/main.ts'), 'growth', ...args];
    execFile(process.execPath, command, { cwd: folder }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });

function file(name: string, content: unknown): string {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text);
  return name;
}

const square = (lng: number, lat: number, properties: object = {}) => ({
  type: 'FeatureCollection',
  features: [
    {
      type: 'Feature',
      properties,
      geometry: {
        type: 'Polygon',
        coordinates: [
          [
            [lng, lat],
            [lng + 0.1, lat],
            [lng + 0.1, lat + 0.1],
            [lng, lat + 0.1],
            [lng, lat],
          ],
        ],
      },
    },
  ],
});

const SMALL = ['--effort', '0.05', '--threads', '1'];

describe('npm run sim -- growth', () => {
  let run: Run;
  let report: GrowthReport & { readonly seconds: number };
  beforeAll(async () => {
    const files = [
      file('vienna.geojson', square(16.3, 48.15, { timeZone: 'Europe/Vienna' })),
      file('bay.json.gz', square(-122.5, 37.7)),
    ];
    const args = [
      '--days',
      '3',
      '--to',
      '300',
      '--city-files',
      files.join(','),
      '--only',
      '--json',
      '--charts',
      'charts',
    ];
    run = await growth(...args, ...SMALL);
    report = JSON.parse(run.stdout) as typeof report;
  }, 120_000);

  it('prints one JSON object on stdout, and progress on stderr', () => {
    expect(run.code).toBe(0);
    expect(run.stdout.trim().split('\n')).toHaveLength(1);
    expect(run.stderr).toMatch(/worlds .*100 %/);
    expect(report).toMatchObject({
      users: 300,
      cells: expect.any(Number),
      splits: 0,
      violations: 0,
      hottestCellEventsPerS: expect.any(Number),
      dollarsPerMonth: expect.any(Number),
      seed: 1,
      cityFiles: ['vienna.geojson', 'bay.json.gz'],
    });
    expect(report.days).toHaveLength(3);
    for (const day of report.days) {
      for (const [name, value] of Object.entries(day))
        if (typeof value === 'number') expect(Number.isFinite(value), name).toBe(true);
      expect(day.violations).toBe(0);
      expect(day.hottestCellEventsPerS).toBeLessThan(300);
      expect(day.rowPerPingDollarsPerMonth).toBeGreaterThan(day.dollarsPerMonth);
    }
  });

  it('writes charts that are SVG, legible on light and on dark', () => {
    const names = readdirSync(join(folder, 'charts')).sort();
    expect(names).toEqual(['growth-cost.svg', 'growth-hottest.svg', 'growth-size.svg', 'growth-unit-cost.svg']);
    for (const name of names) {
      const svg = readFileSync(join(folder, 'charts', name), 'utf8');
      expect(svg).toMatch(/^<svg .*<\/svg>\n$/s);
      expect(svg).toContain('prefers-color-scheme:dark');
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('prints a table, what was sampled, and the seed', async () => {
    const { code, stdout } = await growth('--days', '2', '--to', '60', '--whole', '20', '--seed', '5', ...SMALL);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^day +users +cells +active +splits +events\/s/);
    expect(stdout).toMatch(/day 1: simulated whole/);
    expect(stdout).toMatch(/day 2: sampled, \d+ worlds .* one connected hour stands for/);
    expect(stdout).toMatch(/seed 5; /);
  }, 60_000);

  it.each([
    [['--days', '0'], /--days must be from 1 to 60, not 0/],
    [['--to', '9'], /--to must be from 10 to/],
    [['--to', 'many'], /--to must be a whole number, not "many"/],
    [['--hours', '24'], /--hours must be from 0.1 to 20/],
    [['--hours', '20', '--sessions', '10'], /--hours and --sessions do not fit into a day/],
    [['--ping-s', '0'], /--ping-s must be from 1 to 40/],
    [['--moving', '101'], /--moving must be from 0 to 100/],
    [['--asks', '-1'], /--asks must be from 0 to 50/],
    [['--only'], /--only needs --city-files/],
    [['--city-files', ','], /--city-files names no file/],
    [['--city-files', 'a.geojson,a.geojson'], /there is no boundary file/],
    [['--cities', 'x'], /Unknown option '--cities'/],
    [['more'], /Unexpected argument 'more'/],
  ] as const)('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await growth(...args);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
  });

  it.each([
    ['no GeoJSON', 'text.geojson', 'not json', /is no boundary/],
    ['no polygon', 'point.geojson', { type: 'Point', coordinates: [1, 2] }, /bad_boundary/],
    ['swapped coordinates', 'swapped.geojson', square(48, 170), /bad_boundary/],
    [
      'a continent',
      'continent.geojson',
      {
        type: 'Polygon',
        coordinates: [
          [
            [-60, -50],
            [60, -50],
            [60, 50],
            [-60, 50],
            [-60, -50],
          ],
        ],
      },
      /too_many_cells/,
    ],
    [
      'a time zone that is none',
      'zone.geojson',
      square(1, 2, { timeZone: 'Mars/Olympus' }),
      /there is no time zone "Mars\/Olympus"/,
    ],
    [
      'hours ahead of UTC that are none',
      'offset.geojson',
      square(1, 2, { utcOffsetH: 40 }),
      /utcOffsetH must be a number from -12 to 14/,
    ],
  ] as const)('refuses %s by name', async (_what, name, content, message) => {
    const { code, stderr } = await growth('--city-files', file(name, content), ...SMALL);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n +at /);
  });

  it('refuses a city that is named twice', async () => {
    const name = file('twice.geojson', square(1, 2));
    expect((await growth('--city-files', `${name},${name}`)).stderr).toMatch(/names the city twice twice/);
  });
});
