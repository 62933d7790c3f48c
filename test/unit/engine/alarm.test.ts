// The one alarm of an object: when a step moves it, and to what time.
import { describe, expect, it } from 'vitest';
import { arm } from '../../../src/engine/alarm.ts';
import { noEffects } from '../../../src/engine/effects.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import { PATIENCE_MS } from '../../../src/lib/clock.ts';

const NOW = 10_000;
const time = (at: number | undefined) => (at === undefined ? undefined : epochMs(at));

/** What a step at NOW arms, and what it knows as armed from then on. */
function armed(before: number | undefined, next: number | undefined, inAlarm: boolean, behindAt?: number) {
  const behind = behindAt === undefined ? undefined : { at: behindAt, clock: epochMs(NOW) };
  const state = { armedAt: time(before), clock: epochMs(NOW), behind };
  const effects = noEffects();
  arm(state, effects, time(next), epochMs(NOW), inAlarm);
  return { arms: effects.alarmAt, known: state.armedAt };
}

describe('the alarm', () => {
  it.each([
    ['is armed when something is due and none is', undefined, NOW + 5, NOW + 5],
    ['is moved earlier', NOW + 9, NOW + 5, NOW + 5],
    ['is never moved later', NOW + 5, NOW + 9, undefined],
    ['stays where it is for the same time', NOW + 5, NOW + 5, undefined],
    ['is left to fire when nothing is due any more', NOW + 5, undefined, undefined],
    ['is none when nothing is due', undefined, undefined, undefined],
  ])('ALARM1 outside its handler %s', (_, before, next, arms) => {
    expect(armed(before, next, false)).toEqual({ arms, known: arms ?? before });
  });

  it.each([NOW - 1, NOW])('ALARM2 of a time that has come (%i) counts as none: it may have been lost', (before) => {
    expect(armed(before, NOW + 9, false)).toEqual({ arms: NOW + 9, known: NOW + 9 });
  });

  it.each([
    ['later than it was for', NOW + 20, NOW + 20],
    ['not at all', undefined, undefined],
  ])('ALARM1 is armed in its handler for what is due, %s', (_, next, arms) => {
    expect(armed(NOW + 5, next, true)).toEqual({ arms, known: arms });
  });

  it('TIME2 ends the patience with a clock that is behind, whatever is due, and is armed once for that', () => {
    const behindAt = 2000;
    const ends = behindAt + PATIENCE_MS;
    expect(armed(NOW + 5, NOW + 9, false, behindAt)).toEqual({ arms: ends, known: ends });
    expect(armed(undefined, undefined, false, behindAt)).toEqual({ arms: ends, known: ends });
    expect(armed(ends, NOW + 9, false, behindAt)).toEqual({ arms: undefined, known: ends });
    expect(armed(ends, NOW + 9, true, behindAt), 'fired').toEqual({ arms: ends, known: ends });
  });
});
