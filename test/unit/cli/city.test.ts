import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { DEMO_BOUNDARY } from '../../../src/cli/traffic/outline.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'vicinal-city-'));
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
    execFile(process.execPath, [join(ROOT, 'src/cli/city.ts'), ...args], { cwd: folder }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });

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
    expect(JSON.parse(plain.stdout)).toMatchObject({ areaKm2: expect.any(Number), cost: { rowsUsd: 18.6 } });
    expect((await city('plan', file('sf.geojson', BOUNDARY), '--id', 'sf')).stdout).toMatch(/\d+ cells of precision 5/);
  });

  it.each([
    [['audit'], 2, /audit needs the ID/],
    [['plan'], 2, /FILE is required/],
    [['plan', 'sf.geojson'], 2, /--id is required/],
    [['grow'], 2, /unknown command "grow"/],
    [['plan', 'none.geojson', '--id', 'sf'], 1, /there is no boundary file .*none\.geojson/],
    [['plan', 'text.geojson', '--id', 'sf'], 1, /text\.geojson is no boundary/],
    [['plan', 'point.geojson', '--id', 'sf'], 1, /^bad_boundary: /],
    [['plan', 'sf.geojson', '--id', 'S F'], 1, /^bad_field: id: /],
    [['plan', 'sf.geojson', '--id', 'sf', '--precision', '9'], 2, /--precision must be from 3 to 7/],
    [['add', 'sf.geojson', '--id', 'sf', '--url', 'http://127.0.0.1:9'], 1, /no service answers at .*npm start/],
    [['list', '--url', 'http://127.0.0.1:9'], 1, /no service answers at .*npm start/],
  ] as const)('%j fails with %i and says why', async (args, code, words) => {
    file('sf.geojson', BOUNDARY);
    file('text.geojson', 'no JSON');
    file('point.geojson', '{"type":"Point","coordinates":[1,2]}');
    const result = await city(...args);
    expect(result.stderr).toMatch(words);
    expect(result.code).toBe(code);
  });
});
