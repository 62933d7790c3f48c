// How much comes in, as means that fade: events a second, the work in them, and how both and the users have been rising.
import type { EpochMs } from '../../lib/brand.ts';

export type Meter = {
  /** Per second, faded to `at`. */
  eventsPerS: number;
  workPerS: number;
  at: number;
  /** Users and groups of sleepers weighed since the last event was counted. */
  work: number;
  /** What the event under way counts: 1, or less when it was refused. */
  weight: number;
  /** The same over ten times as long, to see which way it goes; `usersSlow` in the same way. */
  slowPerS: number;
  usersSlow: number;
  usersAt: number;
  /** When the first event was counted; 0 before it. */
  since: number;
  /** How late the last alarm ran. */
  alarmLagMs: number;
};

/** An event has faded to a third after this long. */
export const FADE_MS = 30_000;
const SLOW_FADE_MS = 300_000;
/** A younger meter has seen too little to say which way it goes. */
const TREND_AFTER_MS = 60_000;
/** What a refused ping counts: it is parsed, weighed and answered, and nothing is searched, stored or called for it. */
const REFUSED_WEIGHT = 0.25;
/** A step without any search, and each user or group of sleepers that is weighed in one: measured by `npm run bench -- --only cell`. */
const STEP_US = 8;
const WEIGHED_US = 0.1;

export const meter = (): Meter => ({
  eventsPerS: 0,
  workPerS: 0,
  at: 0,
  work: 0,
  weight: 1,
  slowPerS: 0,
  usersSlow: 0,
  usersAt: 0,
  since: 0,
  alarmLagMs: 0,
});

/** Counts one event, with the work since the last. */
export function count(known: Meter, now: EpochMs): void {
  if (known.since === 0) known.since = now;
  fade(known, now);
  known.eventsPerS += (known.weight * 1000) / FADE_MS;
  known.slowPerS += (known.weight * 1000) / SLOW_FADE_MS;
  known.workPerS += (known.work * 1000) / FADE_MS;
  known.work = 0;
  known.weight = 1;
}

/** The event under way is a ping that was turned away. */
export function countLess(known: Meter): void {
  known.weight = REFUSED_WEIGHT;
}

export function eventsPerS(known: Meter, now: EpochMs): number {
  return known.eventsPerS * faded(known, now, FADE_MS);
}

/** Mean over the last half minute or so. */
export function stepMs(known: Meter): number {
  const weighed = known.eventsPerS === 0 ? 0 : known.workPerS / known.eventsPerS;
  return (STEP_US + WEIGHED_US * weighed) / 1000;
}

/** Keeps a slow mean of the users beside the present number; by the second is enough. */
export function noteUsers(known: Meter, users: number, now: EpochMs): void {
  const sinceMs = now - known.usersAt;
  if (sinceMs < 1000) return;
  known.usersSlow = known.usersAt === 0 ? users : users + (known.usersSlow - users) * fadedOver(sinceMs, SLOW_FADE_MS);
  known.usersAt = now;
}

/** @param armedAt the time for which it was armed, if that is known. */
export function noteAlarm(known: Meter, armedAt: EpochMs | undefined, now: EpochMs): void {
  if (armedAt !== undefined) known.alarmLagMs = Math.max(0, now - armedAt);
}

/** What changes in a minute, by the distance between the short means and the long; nothing while the meter is young. */
export function trendPerMin(
  known: Meter,
  users: number,
  now: EpochMs,
): { readonly users: number; readonly eventsPerS: number } {
  const ageMs = now - known.since;
  if (known.since === 0 || ageMs < TREND_AFTER_MS) return { users: 0, eventsPerS: 0 };
  // A mean that has not run for long lacks what was before it: this makes up for it.
  const seen = (fadeMs: number): number => 1 - Math.exp(-ageMs / fadeMs);
  const fast = eventsPerS(known, now) / seen(FADE_MS);
  const slow = (known.slowPerS * faded(known, now, SLOW_FADE_MS)) / seen(SLOW_FADE_MS);
  // Behind a steady rise each mean lags by its own fading time, a young one by half of its age at most.
  const lag = (fadeMs: number): number => fadeMs - (ageMs * (1 - seen(fadeMs))) / seen(fadeMs);
  const apartMin = (lag(SLOW_FADE_MS) - lag(FADE_MS)) / 60_000;
  const usersLagMin = (SLOW_FADE_MS * seen(SLOW_FADE_MS)) / 60_000;
  return { users: (users - known.usersSlow) / usersLagMin, eventsPerS: (fast - slow) / apartMin };
}

function fade(known: Meter, now: EpochMs): void {
  const left = faded(known, now, FADE_MS);
  known.eventsPerS *= left;
  known.workPerS *= left;
  known.slowPerS *= faded(known, now, SLOW_FADE_MS);
  known.at = now;
}

const faded = (known: Meter, now: EpochMs, fadeMs: number): number => fadedOver(now - known.at, fadeMs);

/** What is left of 1. Runs several times for each ping, mostly over a few ms, where two terms of the series are exact to 10⁻⁹. */
function fadedOver(ms: number, fadeMs: number): number {
  if (ms <= 0) return 1;
  const x = ms / fadeMs;
  return x < 0.001 ? 1 - x + (x * x) / 2 : Math.exp(-x);
}
