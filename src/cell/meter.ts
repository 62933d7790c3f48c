// How much comes in, as means that fade: events a second, and the time of a step as reckoned from the work that was counted.
import type { EpochMs } from '../lib/brand.ts';

export type Meter = {
  /** Per second, faded to `at`. */
  eventsPerS: number;
  workPerS: number;
  at: number;
  /** Users and groups of sleepers weighed since the last event was counted. */
  work: number;
};

/** An event has faded to a third after this long. */
const FADE_MS = 30_000;
/** A step without any search, and each user or group of sleepers that is weighed in one: measured by `npm run bench -- --only cell`. */
const STEP_US = 8;
const WEIGHED_US = 0.1;

export const meter = (): Meter => ({ eventsPerS: 0, workPerS: 0, at: 0, work: 0 });

/** Counts one event, with the work since the last. */
export function count(known: Meter, now: EpochMs): void {
  fade(known, now);
  known.eventsPerS += 1000 / FADE_MS;
  known.workPerS += (known.work * 1000) / FADE_MS;
  known.work = 0;
}

export function eventsPerS(known: Meter, now: EpochMs): number {
  return known.eventsPerS * faded(known, now);
}

/** Mean over the last half minute or so. */
export function stepMs(known: Meter): number {
  const weighed = known.eventsPerS === 0 ? 0 : known.workPerS / known.eventsPerS;
  return (STEP_US + WEIGHED_US * weighed) / 1000;
}

function fade(known: Meter, now: EpochMs): void {
  const left = faded(known, now);
  known.eventsPerS *= left;
  known.workPerS *= left;
  known.at = now;
}

const faded = (known: Meter, now: EpochMs): number => Math.exp(-Math.max(0, now - known.at) / FADE_MS);
