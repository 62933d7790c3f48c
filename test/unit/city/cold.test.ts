// Which split cells are merged again by themselves: who is cold, since when, and how long that must last.
import { describe, expect, it } from 'vitest';
import { isHot, type Limits } from '../../../src/city/cell-load.ts';
import { type ColdSince, coldNow, dueToMerge, type Family, isCold } from '../../../src/city/cold.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import type { CellId, CityId } from '../../../src/protocol/ids.ts';

const LIMITS: Limits = { users: 1000, eventsPerS: 100, stepMs: 2, autoSplit: true, mergeAfterS: 86_400 };
const START = epochMs(1_800_000_000_000);
const HOUR_MS = 3_600_000;
const family = (cell: string, users: number, city = 'sf'): Family => ({
  cell: cell as CellId,
  city: city as CityId,
  carried: { users, eventsPerS: 0, stepMs: 0 },
});
const at = (hours: number) => epochMs(START + hours * HOUR_MS);

describe('MERGE2 a family of 32 parts', () => {
  it('is cold below half of every target of one cell, far from what splits it', () => {
    const idle = { users: 0, eventsPerS: 0, stepMs: 0 };
    expect(isCold(idle, LIMITS)).toBe(true);
    expect(isCold({ ...idle, users: 499 }, LIMITS)).toBe(true);
    for (const warm of [{ users: 500 }, { eventsPerS: 50 }, { stepMs: 1 }])
      expect(isCold({ ...idle, ...warm }, LIMITS)).toBe(false);
    expect(isHot({ ...idle, users: 4 * 499 }, LIMITS), 'four times as many do not split it yet').toBe(false);
  });

  it('must be so at every look for the whole time, and begins anew after one at which it is not', () => {
    let cold: ColdSince = new Map();
    const look = (hours: number, users: number, limits = LIMITS): readonly CellId[] => {
      const families = [family('9q8yy', users)];
      cold = coldNow(families, () => limits, cold, at(hours));
      return dueToMerge(families, () => limits, cold, at(hours));
    };
    for (const hours of [0, 6, 12, 18, 23.9]) expect(look(hours, 10)).toEqual([]);
    expect(look(23.95, 600)).toEqual([]);
    expect(look(24, 10)).toEqual([]);
    for (const hours of [30, 40, 47.9]) expect(look(hours, 10)).toEqual([]);
    expect(look(48, 10)).toEqual(['9q8yy']);
  });

  it('is joined the longest cold first, and not where its city wants none of it, or is no more', () => {
    const families = ['9q8yt', '9q8yv', '9q8yw', '9q8yx'].map((cell, n) => family(cell, 1, ['a', 'b', 'c', 'd'][n]));
    families.push(family('9q8yy', 1, 'a'));
    const limitsOf = (city: CityId): Limits | undefined =>
      ({ a: LIMITS, b: { ...LIMITS, autoSplit: false }, c: { ...LIMITS, mergeAfterS: 0 } })[city as string];
    const before: ColdSince = new Map([
      ['9q8yy' as CellId, at(0)],
      ['9q8yt' as CellId, at(1)],
      ['9q8yv' as CellId, at(0)],
      ['9q8zz' as CellId, at(0)],
    ]);
    const cold = coldNow(families, limitsOf, before, at(30));
    expect([...cold.keys()].sort()).toEqual(['9q8yt', '9q8yy']);
    expect(dueToMerge(families, limitsOf, cold, at(30))).toEqual(['9q8yy', '9q8yt']);
  });

  it.each([
    [['9q8yv', '9q8yt', '9q8yw', '9q8yu']],
    [['9q8yt', '9q8yu', '9q8yv', '9q8yw']],
    [['9q8yw', '9q8yv', '9q8yu', '9q8yt']],
  ])('is joined in the order of names among those as long cold: %j', (cells) => {
    const cold: ColdSince = new Map(cells.map((cell) => [cell as CellId, at(0)]));
    const due = dueToMerge(
      cells.map((cell) => family(cell, 1)),
      () => LIMITS,
      cold,
      at(24),
    );
    expect(due).toEqual(['9q8yt', '9q8yu', '9q8yv', '9q8yw']);
  });
});
