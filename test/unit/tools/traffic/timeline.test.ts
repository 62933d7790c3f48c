import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startOf } from '../../../../tools/traffic/replay-start.ts';
import { bestHourMs, parseTimeOfDay, scanTrace, timeline } from '../../../../tools/traffic/timeline.ts';
import { type Zone, zoneOf } from '../../../../tools/traffic/zone.ts';

const folder = mkdtempSync(join(tmpdir(), 'vicinal-timeline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function trace(name: string, times: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, ['user,ts,lat,lon', ...times.map((ts, i) => `u${i % 2},${ts},37.7,-122.4`)].join('\n'));
  return path;
}

const HOUR_MS = 3_600_000;
const scan = (path: string, fold: boolean, zone?: Zone) => scanTrace({ path, kind: 'presence', fold, zone });
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
    const rows = await all(timeline({ path: cabs, kind: 'presence', fold: true, fromMs: 23 * HOUR_MS, sorted: true }));
    expect(rows.map(({ who, offsetMs }) => [who, offsetMs / 60_000])).toEqual([
      ['u0.2008-05-18', 10],
      ['u0.2008-05-17', 30],
      ['u1.2008-05-19', 80],
      ['u1.2008-05-18', 120],
    ]);
  });

  it('finds the hour in which both traces have most', async () => {
    const [presence, questions] = [await scan(cabs, true), await scan(calls, true)];
    expect(bestHourMs(presence, questions)).toBe(23 * HOUR_MS);
    expect(presence.unplayable).toEqual(new Map([['badtime', { rows: 1, line: 6, said: 'never' }]]));
    expect(presence.rows).toBe(5);
  });
});

describe('a timeline that is not folded', () => {
  it('streams what comes after the start, and has no hour in common with another year', async () => {
    const fromMs = Date.UTC(2008, 4, 18);
    const rows = await all(timeline({ path: cabs, kind: 'presence', fold: false, fromMs, sorted: true }));
    expect(rows.map(({ who, offsetMs }) => [who, offsetMs / HOUR_MS])).toEqual([
      ['u1', 1],
      ['u0', 23 + 1 / 6],
      ['u1', 24 + 1 / 3],
    ]);
    const [presence, questions] = [await scan(cabs, false), await scan(calls, false)];
    expect(bestHourMs(presence, questions)).toBeUndefined();
    expect(bestHourMs(presence, presence)).toBe(Date.UTC(2008, 4, 17, 23));
  });

  it('has a row that can be played, or says that it has none', async () => {
    await expect(
      scan(trace('none.csv', ['never', '31.01.2023 08:30', '01/02/2023 8:30', 'never']), false),
    ).rejects.toThrow(
      new RegExp(
        [
          'none.csv has no row that can be played \\(of 4\\)',
          '2 badtime, as in line 2, "never": no time .*',
          '1 nozone, as in line 3, "31.01.2023 08:30": a local time: say whose with --zone, .*',
          '1 dayormonth, as in line 4, "01/02/2023 8:30": is the day first.*',
        ].join('\n  '),
      ),
    );
  });
});

describe('a file that is grouped by vehicle', () => {
  const path = trace('grouped.csv', ['2017-03-21T08:00:00Z', '2017-03-21T08:20:00Z', '2017-03-21T08:10:00Z']);

  it('is found out, and played in the order of time', async () => {
    expect((await scan(path, false)).unsorted).toBe(1);
    expect((await scan(calls, false)).unsorted).toBe(0);
    const fromMs = Date.UTC(2017, 2, 21, 8);
    const rows = await all(timeline({ path, kind: 'presence', fold: false, fromMs, sorted: false }));
    expect(rows.map(({ offsetMs }) => offsetMs / 60_000)).toEqual([0, 10, 20]);
  });
});

describe('the start', () => {
  const day = (hour: number, minute = 0, date = 21) => Date.UTC(2017, 2, date, hour, minute);
  const iso = (...times: readonly number[]) => times.map((atMs) => new Date(atMs).toISOString());
  const short = trace('short.csv', iso(day(8, 30), day(9), day(10, 25)));
  const long = trace('long.csv', iso(day(8, 30), day(12), day(6, 10, 22), day(9, 0, 22)));
  const start = async (path: string, from: string, zone?: string) => {
    const seen = await scan(path, false);
    return startOf({ from, fold: false, zone: zone === undefined ? undefined : zoneOf(zone) }, seen, seen);
  };

  it.each([
    ['a little before the first row', short, '08:25', day(8, 25)],
    ['within', short, '09:30', day(9, 30)],
    ['long before the first row, which it begins with', short, '03:00', day(8, 30)],
    ['just before midnight', trace('night.csv', iso(day(0, 5), day(1))), '23:58', day(23, 58, 20)],
    ['where only the next day has some', long, '06:00', day(6, 0, 22)],
  ])('%s', async (_, path, from, atMs) => expect(await start(path, from)).toBe(atMs));

  it('is by the clocks of the zone', async () =>
    expect(await start(short, '04:25', 'America/New_York')).toBe(day(8, 25)));

  it('after the last row is refused, naming what there is', async () => {
    await expect(start(short, '10:40')).rejects.toThrow(
      /nothing would be played from 10:40 UTC on: .*08:30 to .*10:25/,
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
