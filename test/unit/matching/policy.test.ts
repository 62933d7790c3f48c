// A city's policy: what is laid over the defaults, what is refused and by which name; back-off and radius stages.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  badPolicy,
  contradictionsOf,
  DEFAULT_POLICY,
  resolvePolicy,
  splitByHand,
} from '../../../src/matching/policy.ts';
import { cellsAt, looksNoFarther, radiusAt, sleepMs, widenings } from '../../../src/matching/stages.ts';
import { policyWith } from '../support/names.ts';

const fieldsOf = (patch: unknown): readonly string[] => {
  const result = resolvePolicy(patch);
  return result.ok ? [] : result.error.map(({ field }) => field);
};

describe('a policy', () => {
  it('with nothing overridden is the default, which is itself valid', () => {
    expect(resolvePolicy({})).toEqual({ ok: true, value: DEFAULT_POLICY });
    expect(resolvePolicy(DEFAULT_POLICY)).toEqual({ ok: true, value: DEFAULT_POLICY });
  });

  it('overrides a part of a section and leaves the rest', () => {
    const result = resolvePolicy({ offers: { spare: 3 }, weights: { nearness: 9 }, scoutTimeMs: 100 });
    expect(result).toEqual({
      ok: true,
      value: policyWith({ offers: { spare: 3 }, weights: { nearness: 9 }, scoutTimeMs: 100 }),
    });
  });

  it('LOAD1 splits by hand alone where one process carries all cells, unless it says otherwise; what is wrong stays wrong', () => {
    expect(splitByHand({})).toEqual({ limits: { autoSplit: false } });
    expect(splitByHand({ cooldownMs: 1, limits: { users: 5 } })).toEqual({
      cooldownMs: 1,
      limits: { users: 5, autoSplit: false },
    });
    expect(splitByHand({ limits: { autoSplit: true } })).toEqual({ limits: { autoSplit: true } });
    for (const wrong of [7, null, [], { limits: 7 }, { limits: [] }]) expect(splitByHand(wrong)).toEqual(wrong);
  });

  it('overrides a list as a whole', () => {
    expect(resolvePolicy({ radiusStepsM: [100, 200] })).toMatchObject({ value: { radiusStepsM: [100, 200] } });
  });

  it.each<[string, unknown]>([
    ['gridLength', { gridLength: 12 }],
    ['gridLength', { gridLength: 6.5 }],
    ['radiusStepsM', { radiusStepsM: [] }],
    ['radiusStepsM', { radiusStepsM: [1000, 1000] }],
    ['radiusStepsM.1', { radiusStepsM: [100, '200'] }],
    ['radiusStepsM.0', { radiusStepsM: [10] }],
    ['radiusGrowth', { radiusGrowth: [2, 1] }],
    ['weights.idle', { weights: { idle: -1 } }],
    ['weights', { weights: { nearness: 0, topicFit: 0, reputation: 0, idle: 0, freshness: 0 } }],
    ['weights.luck', { weights: { luck: 1 } }],
    ['offers.max', { offers: { max: 0 } }],
    ['offers.ttlMs', { offers: { ttlMs: 10 } }],
    ['backOff.factor', { backOff: { factor: 0.5 } }],
    ['question.ttlMaxMs', { question: { ttlMaxMs: Number.NaN } }],
    ['presence.ttlDefaultMs', { presence: { ttlDefaultMs: null } }],
    ['scoutCellsMax', { scoutCellsMax: 1e9 }],
    ['stray', { stray: 1 }],
    ['policy', null],
    ['policy', 'x'],
    ['policy', []],
    ['weights', { weights: [] }],
    ['offers', { offers: [1] }],
    ['limits', { limits: [] }],
  ])('names %s as what cannot be used in %j', (field, patch) => {
    expect(fieldsOf(patch)).toEqual([field]);
    const result = resolvePolicy(patch);
    expect(result.ok ? '' : result.error[0]?.message).not.toBe('');
  });

  it.each<[string, unknown, number?]>([
    ['gridLength', {}, 8],
    ['radiusDefaultM', { radiusStepsM: [500, 1000] }],
    ['backOff.maxMs', { backOff: { firstMs: 60_000, maxMs: 5000 } }],
    ['question.ttlMaxMs', { question: { ttlMaxMs: 60_000 } }],
    ['presence.ttlMaxMs', { presence: { ttlDefaultMs: 20_000, ttlMaxMs: 10_000 } }],
    ['presence.ttlMaxMs', { presence: { ttlMaxMs: 120_000, pingEveryS: 121 } }],
  ])('names %s as what contradicts the rest of %j; one that is stored still loads', (field, patch, precision = 5) => {
    const stored = resolvePolicy(patch);
    if (!stored.ok) throw new Error('it does not load');
    const errors = contradictionsOf(stored.value, precision);
    expect(errors).toEqual([{ field, message: expect.stringMatching(/^must be at (least|most) .*, \d+, not \d+\b/) }]);
  });

  it.each<[string, unknown, number]>([
    ['must be at least the precision, 8, not 7: a cell is not smaller than the grid', {}, 8],
    [
      'must be at most the last of radiusStepsM, 1000, not 2000',
      { radiusStepsM: [500, 1000], radiusDefaultM: 2000 },
      5,
    ],
    ['must be at least firstMs, 60000, not 5000', { backOff: { firstMs: 60_000, maxMs: 5000 } }, 5],
    ['must be at least ttlDefaultMs, 900000, not 60000', { question: { ttlMaxMs: 60_000 } }, 5],
    ['must be at least ttlDefaultMs, 20000, not 10000', { presence: { ttlDefaultMs: 20_000, ttlMaxMs: 10_000 } }, 5],
    ['must be at least pingEveryS in ms, 121000, not 120000', { presence: { ttlMaxMs: 120_000, pingEveryS: 121 } }, 5],
  ])('says of a contradiction: %s', (message, patch, precision) => {
    const stored = resolvePolicy(patch);
    expect(stored.ok && contradictionsOf(stored.value, precision).map((error) => error.message)).toEqual([message]);
  });

  it('is refused by the names of its fields in the request that sent it', () => {
    const errors = [
      { field: 'policy', message: 'must be an object' },
      { field: 'offers.max', message: 'must be at least 1' },
    ];
    expect(badPolicy(errors)).toMatchObject({
      code: 'bad_policy',
      detail: 'policy must be an object; policy.offers.max must be at least 1',
      errors: [
        { field: 'policy', message: 'must be an object' },
        { field: 'policy.offers.max', message: 'must be at least 1' },
      ],
    });
  });

  it('that fits together, to the last number, has no contradiction', () => {
    const edge = {
      radiusStepsM: [500, 1500],
      backOff: { firstMs: 5000, maxMs: 5000 },
      question: { ttlDefaultMs: 60_000, ttlMaxMs: 60_000 },
      presence: { ttlDefaultMs: 60_000, ttlMaxMs: 60_000, pingEveryS: 60 },
    };
    const resolved = resolvePolicy(edge);
    expect(resolved.ok && contradictionsOf(resolved.value, 7)).toEqual([]);
  });

  it('names every field that is wrong', () => {
    expect(fieldsOf({ gridLength: 0, offers: { spare: -1 } })).toEqual(['gridLength', 'offers.spare']);
  });
});

describe('the stages', () => {
  it('SLEEP1 sleeps grow by the factor from the first, up to the cap, for ever', () => {
    const policy = policyWith({ backOff: { firstMs: 1000, factor: 1.5, maxMs: 4000 } });
    expect([1, 2, 3, 4, 5, 5000].map((stage) => sleepMs(policy, stage))).toEqual([1000, 1500, 2250, 3375, 4000, 4000]);
    expect(sleepMs(policyWith({ backOff: { firstMs: 9000, factor: 2, maxMs: 5000 } }), 1)).toBe(5000);
  });

  it('SLEEP1 radii grow by the stages, up to the last step', () => {
    const policy = policyWith({ radiusGrowth: [1, 1.5, 4], radiusStepsM: [500, 3000] });
    expect([0, 1, 2, 3, 99].map((stage) => radiusAt(policy, 1000, stage))).toEqual([1000, 1500, 3000, 3000, 3000]);
    expect(radiusAt(policy, 5000, 0), 'a policy that was narrowed holds for questions of before').toBe(3000);
  });

  it('SLEEP1 CALM1 a try looks farther where its radius has grown, and those that did are counted', () => {
    const policy = policyWith({ radiusGrowth: [1, 1.5, 1.5, 4], radiusStepsM: [500, 3000] });
    const stages = [0, 1, 2, 3, 4, 99];
    expect(stages.map((stage) => looksNoFarther(policy, 1000, stage))).toEqual([false, false, true, false, true, true]);
    expect(stages.map((stage) => widenings(policy, 1000, stage))).toEqual([0, 1, 1, 2, 2, 2]);
    expect(
      stages.map((stage) => widenings(policy, 3000, stage)),
      'at the last step already',
    ).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('REACH1 ask the nearest cells first, then half of them and the next of the others in turn', () => {
    const cells = [...'abcdefg'];
    expect(cellsAt(cells, 7, 9)).toEqual(cells);
    expect(cellsAt([], 0, 3)).toEqual([]);
    expect([0, 1, 2, 3].map((stage) => cellsAt(cells, 4, stage).join(''))).toEqual(['abcd', 'abef', 'abgc', 'abde']);
    expect([0, 1, 2].map((stage) => cellsAt(cells, 1, stage).join(''))).toEqual(['a', 'b', 'c']);
    expect(cellsAt(cells, 0, 2)).toEqual([]);
  });

  it('REACH1 come upon every cell of the circle, and ask no more than they may, none twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 200 }), (count, most) => {
        const cells = Array.from({ length: count }, (_, i) => i);
        const seen = new Set<number>();
        const tries = Math.ceil(count / Math.ceil(most / 2));
        for (let stage = 0; stage <= tries; stage++) {
          const asked = cellsAt(cells, most, stage);
          expect(asked.length).toBe(Math.min(count, most));
          expect(new Set(asked).size).toBe(asked.length);
          for (const cell of asked) seen.add(cell);
        }
        expect(seen.size).toBe(count);
      }),
    );
  });

  it('SLEEP1 never shrink from one stage to the next, whatever the policy', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 100, noNaN: true }), { minLength: 1, maxLength: 16 }),
        fc.integer({ min: 50, max: 9000 }),
        fc.double({ min: 1, max: 10, noNaN: true }),
        (growth, askedM, factor) => {
          const policy = policyWith({ radiusGrowth: growth.sort((a, b) => a - b), backOff: { factor } });
          for (let stage = 1; stage < 40; stage++) {
            expect(radiusAt(policy, askedM, stage)).toBeGreaterThanOrEqual(radiusAt(policy, askedM, stage - 1));
            expect(radiusAt(policy, askedM, stage)).toBeLessThanOrEqual(8000);
            expect(sleepMs(policy, stage + 1)).toBeGreaterThanOrEqual(sleepMs(policy, stage));
            expect(sleepMs(policy, stage)).toBeLessThanOrEqual(300_000);
          }
        },
      ),
    );
  });
});
