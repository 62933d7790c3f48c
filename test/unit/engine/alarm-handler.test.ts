// An object's alarm fires: whatever becomes of its work, there is another wake-up.
import { describe, expect, it } from 'vitest';
import { guardRetry, runDue } from '../../../src/engine/alarm-handler.ts';
import { epochMs } from '../../../src/lib/brand.ts';

const NOW = 1_000_000;
const HALF_A_MINUTE_MS = 30_000;

function handler(run: () => boolean) {
  const armed: number[] = [];
  return { armed, ports: { now: () => epochMs(NOW), run, arm: (at: number) => void armed.push(at) } };
}

describe('an alarm that fires', () => {
  it('BOUND3 whose work is refused is woken again after half a minute', () => {
    const { armed, ports } = handler(() => false);
    runDue(ports);
    expect(armed).toEqual([NOW + HALF_A_MINUTE_MS]);
  });

  it('ALARM1 whose work is done arms nothing: the step has armed what it needs', () => {
    const { armed, ports } = handler(() => true);
    runDue(ports);
    expect(armed).toEqual([]);
  });

  it('leaves it to the platform to try again when the object was thrown away', () => {
    const { armed, ports } = handler(() => {
      throw new Error('this object was thrown away');
    });
    expect(() => runDue(ports)).toThrow('thrown away');
    expect(armed).toEqual([]);
  });

  it('for the second time has a wake-up in half a minute before anything is run', () => {
    const { armed, ports } = handler(() => true);
    guardRetry(ports);
    expect(armed).toEqual([NOW + HALF_A_MINUTE_MS]);
  });
});
