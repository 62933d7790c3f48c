// How long `city remove` says that it takes yet: by the last question, not by how many of the cells have none.
import { describe, expect, it } from 'vitest';
import { leftMsOf } from '../../../../tools/city/remove.ts';

describe('the time that is left of a removal', () => {
  const endsAt = '2026-01-01T00:00:43.000Z';
  const now = Date.parse('2026-01-01T00:00:00.000Z');

  it.each([
    ['until the last question ends', { open: 2, endsAt }, now, 43_000],
    ['none when it should have ended', { open: 1, endsAt }, now + 60_000, 0],
    ['unknown when no question is open', { open: 0 }, now, undefined],
    ['unknown when nobody has said when', { open: 3 }, now, undefined],
  ])('GONE1 %s', (_when, answer, nowMs, leftMs) => {
    expect(leftMsOf(answer, nowMs)).toBe(leftMs);
  });
});
