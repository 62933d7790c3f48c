// Brands exist for the type checker alone: at run time they cost and change nothing.
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Brand, type EpochMs, epochMs, plusMs } from '../../../src/lib/brand.ts';

describe('brands', () => {
  it('keep the value', () => {
    expect(epochMs(1_700_000_000_000)).toBe(1_700_000_000_000);
    expect(plusMs(epochMs(1000), 250)).toBe(1250);
  });

  it('are not made by accident, nor mixed up', () => {
    expectTypeOf<number>().not.toExtend<EpochMs>();
    expectTypeOf<EpochMs>().toExtend<number>();
    expectTypeOf<Brand<string, 'A'>>().not.toExtend<Brand<string, 'B'>>();
    expectTypeOf(plusMs(epochMs(0), 1)).toEqualTypeOf<EpochMs>();
  });
});
