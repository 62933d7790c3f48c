// Overlaps of a plan with the cities that are there.
import { describe, expect, it } from 'vitest';
import { overlapsOf } from '../../../src/city/overlaps.ts';

const leaf = (cell: string, city: string) => ({ cell, city });

describe('overlapsOf', () => {
  it.each([
    ['nobody else', [leaf('9q8yy', 'sf'), leaf('9q8yz', 'oak')], []],
    ['the very cell', [leaf('9q8yv', 'oak')], [{ city: 'oak', cells: 1 }]],
    ['a larger cell around both', [leaf('9q8y', 'oak')], [{ city: 'oak', cells: 2 }]],
    ['several finer cells in one', [leaf('9q8yvb', 'oak'), leaf('9q8yvc', 'oak')], [{ city: 'oak', cells: 1 }]],
    [
      'two cities in one cell',
      [leaf('9q8yvb', 'oak'), leaf('9q8yvc', 'bay')],
      [
        { city: 'bay', cells: 1 },
        { city: 'oak', cells: 1 },
      ],
    ],
    [
      'cities that come in any order',
      [leaf('9q8yvb', 'bay'), leaf('9q8yvc', 'oak'), leaf('9q8yvd', 'alameda')],
      [
        { city: 'alameda', cells: 1 },
        { city: 'bay', cells: 1 },
        { city: 'oak', cells: 1 },
      ],
    ],
  ])('of a plan with %s', (_, leaves, overlaps) => {
    expect(overlapsOf('sf', ['9q8yv', '9q8yy'], leaves)).toEqual(overlaps);
  });
});
