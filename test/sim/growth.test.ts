// Growth on paper, small: the same run as the command's, in this thread.
import { beforeAll, describe, expect, it } from 'vitest';
import { MEASURED } from '../../src/city/cost.ts';
import { decode } from '../../src/geo/geohash.ts';
import { prng } from '../../src/lib/prng.ts';
import { resolvePolicy } from '../../src/matching/policy.ts';
import type { CellId } from '../../src/protocol/ids.ts';
import { crowdOf, type Habits } from '../../studies/growth/crowd.ts';
import { arrivalMs, PEAK_SHARE, shareAt } from '../../studies/growth/day-curve.ts';
import { cellsOn, planDays, usersOn } from '../../studies/growth/days.ts';
import { drawIn, massIn } from '../../studies/growth/density.ts';
import { otherDesigns } from '../../studies/growth/others.ts';
import type { GrowthReport } from '../../studies/growth/report.ts';
import { type GrowthOptions, growthRun } from '../../studies/growth/run.ts';
import { runSample, type SampleSpec } from '../../studies/growth/sample.ts';
import { placeOf, stratumOf, touching } from '../../studies/growth/strata.ts';
import { madeUpTowns, type Town, townOf } from '../../studies/growth/towns.ts';
import { addUsage, noUsage } from '../../studies/growth/usage.ts';

const HABITS: Habits = { hours: 2, sessions: 2, pingS: 10, moving: 0.5, asks: 1 };
const BASE = '9q8yy' as CellId;
const MIDDLE = { lat: 37.77, lng: -122.42 };
const DENSITY = [{ at: MIDDLE, spreadM: 2500, share: 1 }];

const options = (more: Partial<GrowthOptions> = {}): GrowthOptions => ({
  days: 3,
  to: 400,
  seed: 7,
  boundaries: [],
  cityFiles: [],
  only: false,
  habits: HABITS,
  wholeUsers: 50,
  effort: 0.05,
  ...more,
});
const simulate = async (_label: string, specs: readonly SampleSpec[]) => specs.map(runSample);

describe('a small growth run', () => {
  let report: GrowthReport;
  let again: GrowthReport;
  beforeAll(async () => {
    report = await growthRun(options(), simulate);
    again = await growthRun(options(), simulate);
  }, 120_000);

  it('breaks no rule, and simulates small days whole and larger ones by samples', () => {
    expect(report.violations).toBe(0);
    expect(report.days.map(({ users }) => users)).toEqual([10, 63, 400]);
    expect(report.days.map(({ simulated }) => simulated.how)).toEqual(['whole', 'sampled', 'sampled']);
  });

  it('is the same for the same seed', () => {
    expect(again).toEqual(report);
  });

  it('counts everybody: as many questions as were to be asked, and a ping for each interval', () => {
    const [whole, ...sampled] = report.days;
    // 720 pings a user; a stay begins with one more, over the socket's upgrade, and ends within an interval.
    expect(whole?.messagesPerDay).toBeGreaterThan(10 * 715);
    expect(whole?.messagesPerDay).toBeLessThan(10 * 735);
    for (const { users, questions, messagesPerDay } of sampled) {
      expect(questions).toBe(users);
      expect(messagesPerDay / users).toBeGreaterThan(715);
      expect(messagesPerDay / users).toBeLessThan(735);
    }
  });

  it('has more users and questions each day, never fewer cells, and a bill that grows with them', () => {
    for (const [i, day] of report.days.entries()) {
      const before = report.days[i - 1];
      if (before === undefined) continue;
      expect(day.users).toBeGreaterThan(before.users);
      expect(day.cells).toBeGreaterThanOrEqual(before.cells);
      expect(day.questions).toBeGreaterThan(before.questions);
      expect(day.dollarsPerMonth).toBeGreaterThan(before.dollarsPerMonth);
    }
  });

  it('agrees with the estimate of a plan', () => {
    const { connectionsPerUserHour, question, connection } = report.measured;
    expect(connectionsPerUserHour / MEASURED.connectionsPerUserHour).toBeGreaterThan(0.7);
    expect(connectionsPerUserHour / MEASURED.connectionsPerUserHour).toBeLessThan(1.3);
    // Few people in a small run: questions sleep longer, and cells are emptier, than on the whole.
    expect(question.rows / MEASURED.question.rows).toBeGreaterThan(0.8);
    expect(question.rows / MEASURED.question.rows).toBeLessThan(1.4);
    expect(connection.rows / MEASURED.connection.rows).toBeGreaterThan(0.8);
    expect(connection.rows / MEASURED.connection.rows).toBeLessThan(1.4);
  });
});

describe('one sampled world', () => {
  const spec = (moving: number, people: SampleSpec['people']): SampleSpec => ({
    seed: 3,
    cells: [BASE],
    counted: [BASE],
    people,
    habits: { ...HABITS, moving, asks: 0 },
    policy: {},
    windowMs: [0, Number.MAX_SAFE_INTEGER],
    endMs: 28 * 3_600_000,
  });
  const dayOf = (users: number) => {
    const result = runSample(spec(0, { t: 'day', users, zoneH: -8, density: DENSITY }));
    const usage = noUsage();
    for (const { presence } of result.shares.values()) addUsage(usage, presence);
    return { usage, violations: result.violations };
  };

  it('counts exactly what people who only ping take, and each as much as all', () => {
    const [ten, many] = [dayOf(10), dayOf(40)];
    for (const [users, { usage, violations }] of [
      [10, ten],
      [40, many],
    ] as const) {
      expect(violations).toEqual([]);
      expect(usage.connections).toBe(2 * users);
      // For each stay: the upgrade, two looks at the inbox.
      expect(usage.workerRequests).toBe(2 * users * 3);
      // An hour has 360 pings: the first in the upgrade, then the profile with the second look at the inbox.
      expect(usage.messages).toBe(720 * users);
    }
    // A stay: the claim, the row, its profile, its last point, its end, journals and alarms. No ping is among them.
    for (const { usage } of [ten, many]) {
      expect(usage.rows / usage.connections).toBeLessThan(14);
      expect(usage.rows / usage.connections).toBeGreaterThan(6);
    }
  });
});

describe('where and when people are', () => {
  it('all of them are somewhere: the parts of a cell have what the cell has', () => {
    const world = massIn(DENSITY, { minLat: 30, maxLat: 45, minLng: -130, maxLng: -110 });
    expect(world).toBeCloseTo(1, 5);
    const { minLat, maxLat, minLng, maxLng } = decode(BASE);
    const middle = (minLat + maxLat) / 2;
    const halves =
      massIn(DENSITY, { minLat, maxLat: middle, minLng, maxLng }) +
      massIn(DENSITY, { minLat: middle, maxLat, minLng, maxLng });
    expect(halves).toBeCloseTo(massIn(DENSITY, decode(BASE)), 9);
  });

  it('stand inside the cell that they are drawn in, however far from its centres', () => {
    const draw = prng(5);
    for (const cell of [BASE, '9q8yz', 'u2edk', '9q8yyk8']) {
      const bounds = decode(cell);
      for (let n = 0; n < 200; n++) {
        const { lat, lng } = drawIn(DENSITY, bounds, draw);
        expect(lat >= bounds.minLat && lat <= bounds.maxLat && lng >= bounds.minLng && lng <= bounds.maxLng).toBe(true);
      }
    }
  });

  it('has a day and a night where they are', () => {
    const whole = Array.from({ length: 24 }, (_, hour) => shareAt(hour, -8)).reduce((sum, share) => sum + share, 0);
    expect(whole).toBeCloseTo(1, 9);
    // Seven in the evening in San Francisco is three at night in UTC.
    expect(shareAt(3, -8)).toBeCloseTo(PEAK_SHARE, 9);
    expect(shareAt(11, -8)).toBeLessThan(PEAK_SHARE / 10);
    expect(shareAt(3, 5.5)).toBe(shareAt(3, 5.9));
    expect(arrivalMs(-8, 0, 0)).toBe(8 * 3_600_000);
  });

  it('plans stays that do not overlap, for all hours of everybody', () => {
    const lives = crowdOf(
      { t: 'day', users: 30, zoneH: 1, density: DENSITY },
      [BASE],
      { ...HABITS, hours: 12, sessions: 4, asks: 2.5 },
      prng(1),
    );
    expect(lives).toHaveLength(120);
    const asked = lives.reduce((sum, { asksAtMs }) => sum + asksAtMs.length, 0);
    expect(asked).toBeGreaterThanOrEqual(60);
    expect(asked).toBeLessThanOrEqual(90);
    for (const one of lives)
      for (const other of lives)
        if (one !== other && one.user === other.user)
          expect(one.fromMs >= other.untilMs || other.fromMs >= one.untilMs).toBe(true);
  });
});

describe('the plan of days', () => {
  const limits = (() => {
    const resolved = resolvePolicy({});
    if (!resolved.ok) throw new Error('the default policy is bad');
    return resolved.value.limits;
  })();
  const carriedOf = (users: number) => ({ users, eventsPerS: users * 0.115, stepMs: 0.05 });

  it('goes from ten users to as many as wanted, by the same factor each day', () => {
    expect(Array.from({ length: 10 }, (_, i) => usersOn(i + 1, 10, 10_000_000))).toEqual([
      10, 46, 215, 1000, 4642, 21_544, 100_000, 464_159, 2_154_435, 10_000_000,
    ]);
    expect(usersOn(1, 1, 500)).toBe(500);
    expect([10, 250, 1000, 10_000_000].map(cellsOn)).toEqual([1, 2, 4, 10_048]);
  });

  it('splits cells that are twice over their limits, into all their children, and no others', () => {
    const ring = [
      [-122.52, 37.7],
      [-122.35, 37.7],
      [-122.35, 37.82],
      [-122.52, 37.82],
      [-122.52, 37.7],
    ];
    const boundary = { type: 'Polygon', coordinates: [ring] };
    const town: Town = { ...townOf({ id: 'sf', name: 'sf', boundary }, new Set(), prng(1)), density: DENSITY };
    const [day] = planDays([town], { days: 1, to: 200_000 }, HABITS, limits, carriedOf);
    const leaves = day?.towns[0]?.leaves ?? [];
    expect(day?.splits).toBeGreaterThan(0);
    expect(leaves).toHaveLength(town.cells.length + 31 * (day?.splits ?? 0));
    expect(leaves.reduce((sum, { users }) => sum + users, 0)).toBeCloseTo(200_000, 3);
    for (const { users } of leaves)
      expect(users * HABITS.hours * PEAK_SHARE * 0.115).toBeLessThan(2 * limits.eventsPerS);
  });

  it('makes up cities whose cells are theirs alone', () => {
    const towns = madeUpTowns(300, new Set(), prng(3));
    const cells = towns.flatMap((town) => town.cells.map(({ cell }) => cell));
    expect(cells.length).toBeGreaterThanOrEqual(300);
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(towns.map(({ zoneH }) => zoneH)).size).toBeGreaterThan(3);
  });
});

describe('a place to sample', () => {
  it('has all neighbours of every counted cell in it', () => {
    const [town] = madeUpTowns(1, new Set(), prng(9));
    if (town === undefined) throw new Error('no town');
    const leaves = town.cells.map(({ cell, mass }) => ({ cell, users: 20_000 * mass }));
    const leaf = leaves[0];
    if (leaf === undefined) throw new Error('no cell');
    const place = placeOf({ town: { town, users: 20_000, leaves }, leaf, utcHour: 12, people: 1 }, HABITS);
    expect(place.counted).toContain(leaf.cell);
    for (const cell of place.counted)
      for (const other of leaves) if (touching(cell, other.cell)) expect(place.cells).toContain(other.cell);
  });

  it('sorts by the length of a cell and the people in it', () => {
    expect(stratumOf(BASE, 1)).toBe('5:0');
    expect(stratumOf(BASE, 5)).toBe('5:1');
    expect(stratumOf('9q8yyk' as CellId, 0.001)).toBe('6:-2');
    expect(stratumOf('9q8yyk' as CellId, 1e9)).toBe('6:5');
  });
});

describe('the other designs', () => {
  it('are priced by what is published: two servers however few people come, and a row for each ping', () => {
    const day = { messagesPerDay: 7200, eventsPerSPeak: 1, dollarsPerMonth: 1 } as never;
    const { serverDollarsPerMonth, serverPairs, rowPerPingDollarsPerMonth } = otherDesigns(day);
    expect(serverPairs).toBe(1);
    expect(serverDollarsPerMonth).toBeCloseTo(2 * 2.6112 * 730, 0);
    expect(rowPerPingDollarsPerMonth).toBeCloseTo(1 + (7200 * 30) / 1e6, 6);
    expect(
      otherDesigns({ messagesPerDay: 7.2e9, eventsPerSPeak: 500_000, dollarsPerMonth: 1 } as never).serverPairs,
    ).toBe(2);
  });
});
