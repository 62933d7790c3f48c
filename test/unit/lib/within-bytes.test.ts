// What fits into a message: at the edge of its number and of its bytes.
import { describe, expect, it } from 'vitest';
import { withinBytes } from '../../../src/lib/within-bytes.ts';

describe('the part of a list that fits', () => {
  it('BOUND1 ends at the number', () => {
    expect(withinBytes([1, 2, 3], 2, 1000)).toEqual([1, 2]);
    expect(withinBytes([1, 2], 2, 1000)).toEqual([1, 2]);
    expect(withinBytes([], 2, 1000)).toEqual([]);
  });

  it('BOUND1 ends at the bytes of UTF-8, commas counted', () => {
    // Each is five bytes, and a comma.
    expect(withinBytes(['€', '€', '€'], 10, 18)).toHaveLength(3);
    expect(withinBytes(['€', '€', '€'], 10, 17)).toHaveLength(2);
  });

  it('BOUND1 has one item at least', () => {
    expect(withinBytes(['x'.repeat(100), 'y'], 10, 50)).toEqual(['x'.repeat(100)]);
  });
});
