// A status out of what cells told and what the hottest say now.
import { describe, expect, it } from 'vitest';
import { statusOf } from '../../../src/city/status.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import type { CellId, CityId } from '../../../src/protocol/ids.ts';
import type { CellLoad, CityLoad, ToldLoad } from '../../../src/protocol/status.ts';

const NOW = epochMs(1_800_000_000_000);
const QUESTIONS = { open: 0, dormant: 0, matched: 0, answered: 0, expired: 0, cancelled: 0 };

const told = (cell: string, used: number, more: Partial<CellLoad> = {}): ToldLoad => ({
  t: 'load',
  cell: cell as CellId,
  city: 'sf' as CityId,
  life: 'leaf',
  users: 10,
  eventsPerS: 1,
  stepMs: 0.01,
  used,
  strain: 0,
  queueAgeMs: 0,
  alarmLagMs: 0,
  sockets: 0,
  questions: QUESTIONS,
  beacons: 0,
  outbox: 0,
  journal: 0,
  endsInMs: 0,
  toldAt: epochMs(NOW - 60_000),
  ...more,
});
const total = (more: Partial<CityLoad> = {}): CityLoad => ({
  city: 'sf' as CityId,
  cells: 30,
  used: 0.6,
  users: 700,
  eventsPerS: 20,
  sockets: 0,
  outbox: 3,
  queueAgeMs: 5000,
  alarmLagMs: 0,
  questions: { ...QUESTIONS, open: 4 },
  ...more,
});
const CITIES = [
  { id: 'sf' as CityId, name: 'San Francisco', state: 'live', cells: 261 },
  { id: 'sea' as CityId, name: 'Seattle', state: 'draining', cells: 90 },
];
const live = (...loads: CellLoad[]) => new Map(loads.map((load) => [load.cell, load]));

describe('OPS1: a status', () => {
  it('mends what was told by what is said now, in the sums and in the order', () => {
    const hottest = [told('a', 0.6), told('b', 0.4)];
    const now = told('b', 0.8, { users: 60, questions: { ...QUESTIONS, open: 2 }, queueAgeMs: 9000 });
    const status = statusOf({ cities: CITIES, totals: [total()], hottest, live: live(now) }, NOW);
    expect(status.cells.map(({ cell, used, headroom, live: asked }) => [cell, used, headroom, asked])).toEqual([
      ['b', 0.8, 0.2, true],
      ['a', 0.6, 0.4, false],
    ]);
    expect(status.cells.map(({ asOf }) => Date.parse(asOf) - NOW)).toEqual([0, -60_000]);
    expect(status.cities[0]).toMatchObject({
      id: 'sf',
      cells: 261,
      cellsTold: 30,
      users: 750,
      questions: { open: 6 },
      queueAgeMs: 9000,
      outbox: 3,
      used: 0.8,
      headroom: 0.2,
    });
  });

  it('OPS1 mends every sum, and a peak by what is seen', () => {
    const hottest = [told('a', 0.6, { eventsPerS: 2, sockets: 5, outbox: 1, alarmLagMs: 10 })];
    const now = told('a', 0.7, { eventsPerS: 4.26, sockets: 9, outbox: 7, alarmLagMs: 80, users: 4 });
    const totals = [total({ sockets: 40, alarmLagMs: 50 })];
    expect(statusOf({ cities: CITIES, totals, hottest, live: live(now) }, NOW).cities[0]).toMatchObject({
      users: 694,
      eventsPerS: 22.3,
      sockets: 44,
      outbox: 9,
      queueAgeMs: 5000,
      alarmLagMs: 80,
      used: 0.7,
      headroom: 0.3,
    });
  });

  it('OPS1 sums each city by what its own cells say', () => {
    const sea = 'sea' as CityId;
    const hottest = [told('a', 0.6), told('b', 0.4, { city: sea })];
    const now = live(told('a', 0.9, { users: 30 }), told('b', 0.2, { city: sea, users: 11, queueAgeMs: 70 }));
    const totals = [total(), total({ city: sea, cells: 2, users: 15, used: 0.4, queueAgeMs: 60 })];
    const { cities } = statusOf({ cities: CITIES, totals, hottest, live: now }, NOW);
    expect(cities.map(({ id, state, users, used, queueAgeMs }) => [id, state, users, used, queueAgeMs])).toEqual([
      ['sf', 'live', 720, 0.9, 5000],
      ['sea', 'draining', 16, 0.2, 70],
    ]);
  });

  it('OPS1 leaves a city as it was told where none of its cells is among the hottest', () => {
    const status = statusOf({ cities: CITIES, totals: [total()], hottest: [], live: live() }, NOW);
    const { city: _, cells: cellsTold, ...sums } = total();
    expect(status.cities[0]).toEqual({
      id: 'sf',
      name: 'San Francisco',
      state: 'live',
      cells: 261,
      cellsTold,
      ...sums,
      headroom: 0.4,
    });
  });

  it('OPS1 says of a cell that gave no answer why, and nothing of that of others', () => {
    const silent = new Map([['b' as CellId, 'busy']]);
    const hottest = [told('a', 0.6), told('b', 0.4)];
    const { cells } = statusOf({ cities: CITIES, totals: [], hottest, live: live(), silent }, NOW);
    expect(cells.map((cell) => ('silent' in cell ? cell.silent : 'nothing'))).toEqual(['nothing', 'busy']);
  });

  it.each([[['a', 'b', 'c']], [['c', 'b', 'a']], [['b', 'c', 'a']]])(
    'OPS1 lists cells that are equally hot by name, however they come: %j',
    (names) => {
      const hottest = names.map((cell) => told(cell, 0.5));
      const { cells } = statusOf({ cities: CITIES, totals: [], hottest, live: live() }, NOW);
      expect(cells.map(({ cell }) => cell)).toEqual(['a', 'b', 'c']);
    },
  );

  it('keeps a peak that was told, unless every cell that told is seen', () => {
    const seen = (cells: number): number | null | undefined =>
      statusOf({ cities: CITIES, totals: [total({ cells })], hottest: [told('a', 0.6)], live: live() }, NOW).cities[0]
        ?.queueAgeMs;
    expect([seen(2), seen(1)]).toEqual([5000, 0]);
  });

  it('OPS1 shows what nobody has told as unknown, which is not 0', () => {
    const status = statusOf({ cities: CITIES, totals: [], hottest: [], live: live() }, NOW);
    const { id, name, state, cells, cellsTold, ...carried } = status.cities[1] ?? expect.fail('no city');
    expect({ id, name, state, cells, cellsTold }).toEqual({
      id: 'sea',
      name: 'Seattle',
      state: 'draining',
      cells: 90,
      cellsTold: 0,
    });
    expect(Object.keys(carried).sort()).toEqual(
      ['users', 'questions', 'eventsPerS', 'sockets', 'outbox', 'queueAgeMs', 'alarmLagMs', 'used', 'headroom'].sort(),
    );
    expect(new Set(Object.values(carried))).toEqual(new Set([null]));
    expect(status).toMatchObject({ cells: [], hotNext: null, target: { normal: 0.5, peak: 0.75, splits: 1 } });
  });

  it('names the next to be hot with its time by its trend, and without one that has none', () => {
    const nextOf = (...hottest: ToldLoad[]) =>
      statusOf({ cities: CITIES, totals: [], hottest, live: live() }, NOW).hotNext;
    expect(nextOf(told('a', 0.6, { hotInS: 600 }))).toStrictEqual({ cell: 'a', city: 'sf', used: 0.6, hotInS: 600 });
    expect(nextOf(told('a', 0.6))).toStrictEqual({ cell: 'a', city: 'sf', used: 0.6 });
    expect(nextOf(told('a', 0.6, { hotInS: 80_000 }))).toStrictEqual({ cell: 'a', city: 'sf', used: 0.6 });
  });

  it.each([
    [
      'the one that gets there first',
      [told('a', 0.9), told('b', 0.5, { hotInS: 600 }), told('c', 0.7, { hotInS: 900 })],
      'b',
    ],
    ['the hottest when none rises', [told('a', 0.5), told('b', 0.9)], 'b'],
    ['none that is just as hot as splits it', [told('a', 1, { hotInS: 0 }), told('b', 0.6)], 'b'],
    ['one that is a quarter full, by its trend', [told('a', 0.25, { hotInS: 3600 })], 'a'],
    ['one by a trend of two hours', [told('a', 0.4, { hotInS: 7200 })], 'a'],
    ['none by a trend of more', [told('a', 0.4, { hotInS: 7201 })], undefined],
    ['none that has no trend before one that has', [told('a', 0.9), told('b', 0.3, { hotInS: 7200 })], 'b'],
    ['none that is hot already', [told('a', 1.2, { hotInS: 0 }), told('b', 0.6)], 'b'],
    ['none with nobody in it', [told('a', 0.6, { users: 0, hotInS: 60 }), told('b', 0.5)], 'b'],
    ['none that is nearly empty, whatever its trend', [told('a', 0.01, { hotInS: 3600 })], undefined],
    ['none by a trend of a day', [told('a', 0.4, { hotInS: 72_000 })], undefined],
    ['none while all is as usual', [told('a', 0.4)], undefined],
    ['none where nobody is anywhere', [told('a', 0.4, { users: 0 })], undefined],
  ])('names %s as the next to be hot', (_, hottest, cell) => {
    const status = statusOf({ cities: CITIES, totals: [total()], hottest, live: live() }, NOW);
    expect(status.hotNext?.cell).toBe(cell);
  });
});
