// An object's time: never back, and never stopped for long by a clock that was once ahead.
import { describe, expect, it } from 'vitest';
import { epochMs } from '../../../src/lib/brand.ts';
import { type Clock, LEAD_MAX_MS, movedBack, PATIENCE_MS, patientUntil, tellTime } from '../../../src/lib/clock.ts';

const T = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const clock = (at: number): Clock => ({ clock: epochMs(at), behind: undefined });

describe('TIME1 the time of a step', () => {
  it('follows the clock, and stands still while that is a little behind', () => {
    const known = clock(T);
    expect(tellTime(known, T + 5)).toEqual({ now: T + 5, leadMs: 0 });
    expect(tellTime(known, T + 5 - LEAD_MAX_MS)).toEqual({ now: T + 5, leadMs: 0 });
    expect(patientUntil(known)).toBeUndefined();
  });

  it('TIME2 goes on by what a clock that is far behind moves, and is brought back once that has lasted', () => {
    const known = clock(T + DAY_MS);
    expect(tellTime(known, T)).toEqual({ now: T + DAY_MS, leadMs: 0 });
    expect(patientUntil(known)).toBe(T + PATIENCE_MS);
    expect(tellTime(known, T + 30_000)).toEqual({ now: T + DAY_MS + 30_000, leadMs: 0 });
    expect(tellTime(known, T + PATIENCE_MS)).toEqual({ now: T + PATIENCE_MS, leadMs: DAY_MS - 30_000 });
    expect(patientUntil(known)).toBeUndefined();
    expect(tellTime(known, T + PATIENCE_MS + 1)).toEqual({ now: T + PATIENCE_MS + 1, leadMs: 0 });
  });

  it('TIME2 takes a clock that comes back soon for what it was', () => {
    const known = clock(T);
    tellTime(known, T - DAY_MS);
    tellTime(known, T - DAY_MS + 20_000);
    expect(tellTime(known, T + 40_000)).toEqual({ now: T + 40_000, leadMs: 0 });
    expect(patientUntil(known)).toBeUndefined();
    // Farther back than before: the patience begins anew.
    tellTime(known, T - DAY_MS);
    tellTime(known, T - 2 * DAY_MS);
    expect(patientUntil(known)).toBe(T - 2 * DAY_MS + PATIENCE_MS);
  });

  it('TIME2 moves back what was noted while the clock was ahead, and nothing from before', () => {
    const move = movedBack(epochMs(T), DAY_MS);
    const moved = [T - 5, T, T + 10, T + DAY_MS - 1, T + DAY_MS + 60_000].map((at) => move(epochMs(at)));
    expect(moved).toEqual([T - 5, T, T, T, T + 60_000]);
  });
});
