// An object's time: it never runs back. A machine's clock that was once far ahead must not stop it for as long: after a while of
// patience what is stored is brought back to the clock.
import { type EpochMs, epochMs } from './brand.ts';

/** The stored time may lead the clock by so much: until then time stands still. */
export const LEAD_MAX_MS = 120_000;
/** A clock that is behind by more is believed after so long; meanwhile time goes on by what it has moved. A glitch is shorter. */
export const PATIENCE_MS = 60_000;

export type Clock = {
  /** The largest time seen. */
  clock: EpochMs;
  /** Volatile: since when the machine's clock has been far behind, and what the time was then. */
  behind: { readonly at: number; readonly clock: EpochMs } | undefined;
};

/** The time of this step; with `leadMs`, what is stored is to be moved back by so much first. */
export function tellTime(known: Clock, at: number): { readonly now: EpochMs; readonly leadMs: number } {
  const leadMs = known.clock - at;
  if (leadMs <= LEAD_MAX_MS) {
    known.behind = undefined;
    known.clock = epochMs(Math.max(at, known.clock));
    return { now: known.clock, leadMs: 0 };
  }
  if (known.behind === undefined || at < known.behind.at) known.behind = { at, clock: known.clock };
  const movedMs = at - known.behind.at;
  if (movedMs < PATIENCE_MS) {
    known.clock = epochMs(Math.max(known.clock, known.behind.clock + movedMs));
    return { now: known.clock, leadMs: 0 };
  }
  known.behind = undefined;
  known.clock = epochMs(at);
  return { now: known.clock, leadMs };
}

/** On the machine's clock, when a step has to be taken to end the patience. */
export const patientUntil = ({ behind }: Clock): EpochMs | undefined =>
  behind === undefined ? undefined : epochMs(behind.at + PATIENCE_MS);

/**
 * Moves a stored time back: what is to come stays as far ahead as it was, what was noted while the clock was ahead is now, and what is
 * past stays.
 */
export function movedBack(now: EpochMs, leadMs: number): (time: EpochMs) => EpochMs {
  return (time) => (time <= now ? time : epochMs(Math.max(now, time - leadMs)));
}
