// What the simulated world suffers: which fault strikes when, who is out of reach until then, and how long a message is on its way.
import type { Prng } from '../src/lib/prng.ts';
import type { CellId } from '../src/protocol/ids.ts';
import { type Faults, NO_FAULTS, type SimOptions } from './options.ts';

export type Weather = {
  readonly faults: () => Faults;
  /** Draws whether the fault strikes now. */
  readonly strikes: (fault: keyof Faults) => boolean;
  /** Ends all faults; clocks stay as they are. */
  readonly heal: () => void;
  /** A cell that nobody reaches, for a while. */
  readonly isSilent: (cell: CellId, now: number) => boolean;
  readonly isD1Away: (now: number) => boolean;
  /** Of one message on its way, in ms. */
  readonly delay: () => number;
};

/** @param struck is told of each fault. */
export function weather(draw: Prng, options: Pick<SimOptions, 'faults' | 'delayMs'>, struck: () => void): Weather {
  let faults = options.faults;
  const silentUntil = new Map<CellId, number>();
  let d1AwayUntil = 0;
  const strikes = (fault: keyof Faults): boolean => {
    const chance = faults[fault] ?? 0;
    if (chance === 0 || !draw.chance(chance, 10_000)) return false;
    struck();
    return true;
  };
  return {
    faults: () => faults,
    strikes,
    heal: () => {
      faults = { ...NO_FAULTS, skewMs: faults.skewMs };
      silentUntil.clear();
      d1AwayUntil = 0;
    },
    isSilent: (cell, now) => {
      if ((silentUntil.get(cell) ?? 0) > now) return true;
      if (!strikes('silentCell')) return false;
      silentUntil.set(cell, now + draw.below(60_000));
      return true;
    },
    isD1Away: (now) => {
      if (d1AwayUntil > now) return true;
      if (!strikes('d1Away')) return false;
      d1AwayUntil = now + draw.below(120_000);
      return true;
    },
    delay: () => {
      const usual = 1 + draw.exponential(options.delayMs);
      return strikes('hold') ? usual + draw.below(20_000) : usual;
    },
  };
}
