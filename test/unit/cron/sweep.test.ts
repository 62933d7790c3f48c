// Which cells the sweep wakes in which minute.
import { describe, expect, it } from 'vitest';
import { SLICE_MAX } from '../../../src/cron/sweep.ts';
import { sliceOf } from '../../../src/lib/slice-of.ts';

describe('WAKE1 the slices of the sweep', () => {
  it.each([0, 1, SLICE_MAX, SLICE_MAX + 1, 2 * SLICE_MAX + 7])('of %i cells reach each of them, in turn', (count) => {
    const cells = Array.from({ length: count }, (_, at) => at);
    const slices = Math.max(1, Math.ceil(count / SLICE_MAX));
    const minutes = Array.from({ length: slices }, (_, i) => sliceOf(cells, 10 + i, SLICE_MAX));
    expect(minutes.flat().sort((a, b) => a - b)).toEqual(cells);
    expect(Math.max(...minutes.map(({ length }) => length))).toBeLessThanOrEqual(SLICE_MAX);
  });
});
