// Ground that comes back: as it was last split.
import { describe, expect, it } from 'vitest';
import { asDivided } from '../../../src/city/redivide.ts';
import { children } from '../../../src/geo/geohash.ts';

const states = (rows: Readonly<Record<string, string>>) => (cell: string) => rows[cell];

describe('asDivided', () => {
  it('takes planned cells as they are where the map knows nothing else of them', () => {
    expect(asDivided(['9q8yz', '9q8yy'], states({ '9q8yy': 'retired' }))).toEqual(['9q8yy', '9q8yz']);
  });

  it('takes the children of one that was split, down to those that were not', () => {
    const cells = asDivided(['9q8yy'], states({ '9q8yy': 'split', '9q8yy0': 'split', '9q8yy1': 'retired' }));
    expect(cells).toHaveLength(31 + 32);
    expect(cells).toEqual(expect.arrayContaining(['9q8yy1', ...children('9q8yy0')]));
    expect(cells).not.toContain('9q8yy0');
  });

  it('takes the parent of those that were merged, once', () => {
    const family = children('9q8yy');
    const merged = Object.fromEntries(family.map((cell) => [cell, 'merged']));
    expect(asDivided(family, states({ ...merged, '9q8yy': 'retired' }))).toEqual(['9q8yy']);
  });

  it('of cells that were merged twice is the one that they were merged into at last', () => {
    const states = new Map([
      ['9q8yykd', 'merged'],
      ['9q8yyk', 'merged'],
      ['9q8yy', 'leaf'],
    ]);
    expect(asDivided(['9q8yykd'], (cell) => states.get(cell))).toEqual(['9q8yy']);
  });
});
