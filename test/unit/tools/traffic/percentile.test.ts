import { describe, expect, it } from 'vitest';
import { mean, percentile } from '../../../../tools/traffic/percentile.ts';

describe('percentile', () => {
  it('is null of nothing, and the value of one', () => {
    expect(percentile([], 50)).toBeNull();
    expect([0, 50, 95, 100].map((p) => percentile([7], p))).toEqual([7, 7, 7, 7]);
  });

  it('takes the nearest rank, in numerical order', () => {
    const values = [100, 9, 10, 1000, 2, 30, 40, 50, 60, 70];
    expect(percentile(values, 50)).toBe(40);
    expect(percentile(values, 95)).toBe(1000);
    expect(percentile(values, 10)).toBe(2);
    expect(values[0]).toBe(100);
  });
});

describe('mean', () => {
  it('is null of nothing', () => {
    expect(mean([])).toBeNull();
    expect(mean([1, 2, 6])).toBe(3);
  });
});
