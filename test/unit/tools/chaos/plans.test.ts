// Which cells the chaos run splits, and when: by the seed alone.
import { describe, expect, it } from 'vitest';
import { prng } from '../../../../src/lib/prng.ts';
import { plansFor } from '../../../chaos/divider.ts';

const CELLS = ['9q8yyh', '9q8yyj', '9q8yyk'];

describe('what the chaos run divides', () => {
  it('follows from the seed', () => {
    expect(plansFor(CELLS, 7, prng(5))).toEqual(plansFor(CELLS, 7, prng(5)));
    expect(plansFor(CELLS, 7, prng(5))).not.toEqual(plansFor(CELLS, 7, prng(6)));
  });

  it('is every cell once before any is taken again, each joined after it was divided, in its share of the time', () => {
    const plans = plansFor(CELLS, 6, prng(7));
    expect(new Set(plans.slice(0, 3).map(({ cell }) => cell))).toEqual(new Set(CELLS));
    expect(new Set(plans.slice(3).map(({ cell }) => cell))).toEqual(new Set(CELLS));
    for (const [i, { splitAt, mergeAt }] of plans.entries()) {
      expect(splitAt).toBeGreaterThan(i / 6);
      expect(mergeAt).toBeGreaterThan(splitAt);
      expect(mergeAt).toBeLessThan((i + 1) / 6);
    }
  });

  it('is nothing when nothing is asked for', () => {
    expect(plansFor(CELLS, 0, prng(1))).toEqual([]);
  });
});
