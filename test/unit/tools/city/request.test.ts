// What the options of `npm run city` come to: ids from files, policies from parts, and every bad field named.
import { describe, expect, it } from 'vitest';
import { badPolicy, resolvePolicy } from '../../../../src/matching/policy.ts';
import { CITY_COMMAND, layered, policyOf } from '../../../../tools/city/options.ts';
import { idOf, plannedOf, wordsOf } from '../../../../tools/city/request.ts';
import { parseCommand } from '../../../../tools/support/args.ts';

const policy = (...argv: readonly string[]): unknown => {
  const parsed = parseCommand(CITY_COMMAND, ['add', 'x.geojson', ...argv]);
  if (parsed === 'help') throw new Error('no help was asked for');
  return policyOf(parsed.options);
};

describe('the policy of a command', () => {
  it('is nothing when nothing is said, and else all that is said, the shorthand over the file', () => {
    expect(policy()).toBeUndefined();
    expect(policy('--grid', '8', '--limits', 'users=500,autoSplit=false')).toEqual({
      gridLength: 8,
      limits: { users: 500, autoSplit: false },
    });
    expect(policy('--policy', '{"limits":{"users":1,"stepMs":3},"cooldownMs":0}', '--limits', 'users=7')).toEqual({
      limits: { users: 7, stepMs: 3 },
      cooldownMs: 0,
    });
  });

  it.each([
    ['--limits', 'users'],
    ['--limits', 'users=1,,'],
    ['--policy', '{"a":'],
  ])('refuses %s %s as bad usage', (option, value) => {
    expect(() => policy(option, value)).toThrow(expect.objectContaining({ name: 'UsageError' }));
  });

  it('leaves it to the policy to say what is wrong with a limit', () => {
    const resolved = resolvePolicy(policy('--limits', 'users=many,speed=9'));
    expect(resolved.ok).toBe(false);
    if (resolved.ok) return;
    expect(wordsOf(badPolicy(resolved.error)).split('\n')).toEqual([
      'bad_policy: 2 fields cannot be used',
      '  policy.limits.users: must be a whole number from 1 to 15000, not "many"',
      '  policy.limits.speed: is not a field of limits, which has users, eventsPerS, stepMs, autoSplit, mergeAfterS',
    ]);
  });

  it('is laid over another section by section', () => {
    const under = { gridLength: 7, offers: { ttlMs: 1, spare: 2 }, radiusStepsM: [1, 2] };
    expect(layered(under, { offers: { ttlMs: 9 }, radiusStepsM: [3] })).toEqual({
      gridLength: 7,
      offers: { ttlMs: 9, spare: 2 },
      radiusStepsM: [3],
    });
    expect(layered(under, undefined)).toBe(under);
  });
});

describe('the id of a file', () => {
  it.each([
    ['Data/New_York boroughs.geojson.gz', 'new-york-boroughs'],
    ['oslo.json', 'oslo'],
    ['/tmp/2024-Paris.GeoJSON', 'paris'],
    ['Köln & Süd.geojson', 'koeln-sued'],
    ['Malmø São_Paulo.json', 'malmoe-sao-paulo'],
    ['a-name-that-is-rather-long-for-a-city.json', 'a-name-that-is-rather-long-for-a'],
  ])('of %s is %s', (file, id) => {
    expect(idOf(file)).toBe(id);
  });
});

describe('a file over the city that is there', () => {
  const boundary = {
    type: 'Polygon',
    coordinates: [
      [
        [10.6, 59.8],
        [10.8, 59.8],
        [10.7, 60],
      ],
    ],
  };
  const current = {
    name: 'Christiania',
    boundary: {},
    precision: 4,
    locationHint: 'enam',
    policy: { gridLength: 5, limits: { users: 5 } },
    version: 7,
    state: 'live',
  };
  const planned = (...argv: readonly string[]) => {
    const parsed = parseCommand(CITY_COMMAND, ['add', 'oslo.geojson', ...argv]);
    if (parsed === 'help') throw new Error('no help was asked for');
    return plannedOf(parsed.options, { file: 'oslo.geojson', id: 'oslo', boundary, isOneOfMany: false }, current);
  };

  it('keeps what is not said', () => {
    const { name, precision, locationHint, policy } = current;
    expect(planned()).toMatchObject({
      version: 7,
      request: { id: 'oslo', name, precision, locationHint, policy, boundary },
    });
  });

  it('takes what is said, of the policy field by field', () => {
    const { request } = planned('--name', 'Oslo', '--limits', 'stepMs=3', '--hint', 'weur');
    expect(request).toMatchObject({ name: 'Oslo', locationHint: 'weur', precision: 4 });
    expect(request.policy).toEqual({ gridLength: 5, limits: { users: 5, stepMs: 3 } });
    expect(() => planned('--precision', '6')).toThrow(/policy\.gridLength/);
  });
});
