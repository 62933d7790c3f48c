// What a change of a city changes, as the audit tells it.
import { describe, expect, it } from 'vitest';
import { changesOf, type Described, overridesOf } from '../../../src/city/changes.ts';
import { DEFAULT_POLICY } from '../../../src/matching/policy.ts';
import { policyWith } from '../support/names.ts';

const oslo: Described = { name: 'Oslo', precision: 5, locationHint: 'weur', boundary: '{}', policy: DEFAULT_POLICY };

describe('changesOf', () => {
  it('names each field with what it was and what it is', () => {
    const policy = policyWith({ offers: { ttlMs: 20_000 }, radiusStepsM: [500, 1000], gridLength: 8 });
    expect(changesOf(oslo, { ...oslo, name: 'Christiania', policy })).toEqual([
      { field: 'name', from: 'Oslo', to: 'Christiania' },
      { field: 'policy.gridLength', from: 7, to: 8 },
      { field: 'policy.radiusStepsM', from: DEFAULT_POLICY.radiusStepsM, to: [500, 1000] },
      { field: 'policy.offers.ttlMs', from: 30_000, to: 20_000 },
    ]);
  });

  it('says of a boundary only that it is another one', () => {
    expect(changesOf(oslo, { ...oslo, boundary: '{"type":"Polygon"}' })).toEqual([{ field: 'boundary' }]);
  });

  it.each([
    ['added', undefined, { a: 1 }, { to: { a: 1 } }],
    ['taken away', { a: 1 }, undefined, { from: { a: 1 } }],
    ['made a list', { a: 1 }, [1], { from: { a: 1 }, to: [1] }],
    ['made a section', 1, { a: 1 }, { from: 1, to: { a: 1 } }],
  ])('tells a section that was %s as a whole, with nothing for what is not there', (_, from, to, told) => {
    const policyOf = (limits: unknown) => ({ ...DEFAULT_POLICY, limits }) as unknown as Described['policy'];
    expect(changesOf({ ...oslo, policy: policyOf(from) }, { ...oslo, policy: policyOf(to) })).toStrictEqual([
      { field: 'policy.limits', ...told },
    ]);
  });

  it('takes a default that is spelled out for no change', () => {
    expect(changesOf(oslo, { ...oslo, policy: { ...DEFAULT_POLICY } })).toEqual([]);
    expect(overridesOf(DEFAULT_POLICY, { ...DEFAULT_POLICY, limits: { ...DEFAULT_POLICY.limits, users: 1 } })).toEqual([
      { field: 'policy.limits.users', from: 1000, to: 1 },
    ]);
  });
});
