import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bestHourMs, parseTimeOfDay, scanTrace, timeline } from '../../../../src/cli/traffic/timeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'vicinal-timeline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function trace(name: string, times: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, ['user,ts,lat,lon', ...times.map((ts, i) => `u${i % 2},${ts},37.7,-122.4`)].join('\n'));
  return path;
}

const HOUR_MS = 3_600_000;
const cabs = trace('cabs.csv', [
  '2008-05-17T23:30:00Z',
  '2008-05-18T01:00:00Z',
  '2008-05-18T23:10:00Z',
  '2008-05-19T00:20:00Z',
  'never',
]);
const calls = trace('calls.csv', ['2011-01-01T23:40:00Z', '2012-07-01T12:00:00Z', '2012-07-02T12:30:00Z']);

describe('folding', () => {
  it('lays all days on one, and makes each day of a user a user', async () => {
    const rows = await all(timeline({ path: cabs, kind: 'presence', fold: true, fromMs: 23 * HOUR_MS }));
    expect(rows.map(({ who, offsetMs }) => [who, offsetMs / 60_000])).toEqual([
      ['u0.2008-05-18', 10],
      ['u0.2008-05-17', 30],
      ['u1.2008-05-19', 80],
      ['u1.2008-05-18', 120],
    ]);
  });

  it('finds the hour in which both traces have most', async () => {
    const [presence, questions] = [await scanTrace(cabs, 'presence', true), await scanTrace(calls, 'presence', true)];
    expect(bestHourMs(presence, questions)).toBe(23 * HOUR_MS);
    expect(presence.unplayable).toEqual(new Map([['badtime', 1]]));
    expect(presence.rows).toBe(5);
  });
});

describe('a timeline that is not folded', () => {
  it('streams what comes after the start, and has no hour in common with another year', async () => {
    const fromMs = Date.UTC(2008, 4, 18);
    const rows = await all(timeline({ path: cabs, kind: 'presence', fold: false, fromMs }));
    expect(rows.map(({ who, offsetMs }) => [who, offsetMs / HOUR_MS])).toEqual([
      ['u1', 1],
      ['u0', 23 + 1 / 6],
      ['u1', 24 + 1 / 3],
    ]);
    const [presence, questions] = [await scanTrace(cabs, 'presence', false), await scanTrace(calls, 'presence', false)];
    expect(bestHourMs(presence, questions)).toBeUndefined();
    expect(bestHourMs(presence, presence)).toBe(Date.UTC(2008, 4, 17, 23));
  });

  it('has a row that can be played, or says that it has none', async () => {
    await expect(scanTrace(trace('none.csv', ['never']), 'presence', false)).rejects.toThrow(
      /no row that can be played/,
    );
  });
});

describe('a time of day', () => {
  it.each([
    ['08:30', 8.5],
    ['00:00', 0],
    ['23:59', 23 + 59 / 60],
  ])('%s', (text, hours) => expect(parseTimeOfDay(text)).toBe(Math.round(hours * HOUR_MS)));
  it.each(['24:00', '8:30', '12:60', 'noon', ''])('%j is none', (text) => expect(parseTimeOfDay(text)).toBeUndefined());
});

/** Array.fromAsync, which the types of this language level do not know. */
async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
