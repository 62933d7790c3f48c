// How hot a cell is: what comes in fades, and the largest share of any target counts.
import { describe, expect, it } from 'vitest';
import { count, eventsPerS, meter, stepMs } from '../../../src/cell/backpressure/meter.ts';
import { heatOf, isHot, mayMerge, together, usedOf } from '../../../src/city/cell-load.ts';
import { epochMs } from '../../../src/lib/brand.ts';

const LIMITS = { users: 1000, eventsPerS: 100, stepMs: 2, autoSplit: true, mergeAfterS: 86_400 };
const START = 1_700_000_000_000;

describe('a meter', () => {
  it('shows a steady rate after a few minutes, and fades when nothing comes', () => {
    const known = meter();
    for (let ms = 0; ms < 300_000; ms += 20) count(known, epochMs(START + ms));
    const end = epochMs(START + 300_000);
    expect(eventsPerS(known, end)).toBeCloseTo(50, 0);
    expect(eventsPerS(known, epochMs(end + 30_000))).toBeCloseTo(50 / Math.E, 0);
    expect(eventsPerS(known, epochMs(end + 600_000))).toBeLessThan(0.001);
  });

  it('reckons the time of a step from what was weighed in it', () => {
    const idle = meter();
    const busy = meter();
    for (let ms = 0; ms < 60_000; ms += 100) {
      count(idle, epochMs(START + ms));
      busy.work += 10_000;
      count(busy, epochMs(START + ms));
    }
    expect(stepMs(idle)).toBeCloseTo(0.008, 5);
    expect(stepMs(busy)).toBeCloseTo(1.008, 5);
  });

  it('never shows a time that runs back as more', () => {
    const known = meter();
    count(known, epochMs(START));
    expect(eventsPerS(known, epochMs(START - 60_000))).toBeCloseTo(1 / 30, 5);
  });
});

describe('heat (LOAD1)', () => {
  it.each([
    [{ users: 1000, eventsPerS: 10, stepMs: 0.1 }, 1],
    [{ users: 10, eventsPerS: 150, stepMs: 0.1 }, 1.5],
    [{ users: 10, eventsPerS: 1, stepMs: 5 }, 2.5],
    [{ users: 0, eventsPerS: 0, stepMs: 0 }, 0],
  ])('of %j is %d', (carried, heat) => {
    expect(heatOf(carried, LIMITS)).toBe(heat);
    expect(usedOf(carried, LIMITS)).toBe(heat / 2);
  });

  it('of cells together is that of all their people and events, and of the longest step', () => {
    const parts = [
      { users: 3, eventsPerS: 0.5, stepMs: 0.2 },
      { users: 4, eventsPerS: 1.5, stepMs: 0.7 },
      { users: 0, eventsPerS: 2, stepMs: 0.1 },
    ];
    expect(together(parts)).toEqual({ users: 7, eventsPerS: 4, stepMs: 0.7 });
  });

  it.each([
    [{ users: 1 }, { eventsPerS: 49 }, true],
    [{ users: 1 }, { eventsPerS: 50 }, false],
    [{ stepMs: 1.9 }, { stepMs: 1.9 }, true],
    [{ stepMs: 2 }, {}, false],
  ])('is measured for a merge by every target: %j and %j', (one, other, may) => {
    const idle = { users: 0, eventsPerS: 50, stepMs: 0 };
    expect(
      mayMerge(
        [
          { ...idle, ...one },
          { ...idle, eventsPerS: 0, ...other },
        ],
        LIMITS,
      ),
    ).toBe(may);
  });

  it('lets cells merge that carry less together than one is to carry', () => {
    const part = (users: number) => ({ users, eventsPerS: 1, stepMs: 0.01 });
    expect(mayMerge([part(500), part(499)], LIMITS)).toBe(true);
    expect(mayMerge([part(500), part(500)], LIMITS)).toBe(false);
  });

  it('splits at twice a target and not before', () => {
    expect(isHot({ users: 1999, eventsPerS: 0, stepMs: 0 }, LIMITS)).toBe(false);
    expect(isHot({ users: 2000, eventsPerS: 0, stepMs: 0 }, LIMITS)).toBe(true);
  });
});
