// How many of a day's people are connected at which hour, where they live: few at night, most in the evening.

/** By local hour; only the shape counts. */
const CURVE = [
  0.25, 0.15, 0.1, 0.08, 0.1, 0.2, 0.45, 0.8, 1.05, 1.1, 1.15, 1.3, 1.45, 1.3, 1.15, 1.15, 1.3, 1.55, 1.75, 1.8, 1.65,
  1.35, 0.9, 0.5,
] as const;
const SUM = CURVE.reduce((sum, value) => sum + value, 0);

/** The share of a day's connected time that falls into an hour of UTC, `zoneH` hours behind the local one. */
export function shareAt(utcHour: number, zoneH: number): number {
  return (CURVE[localHour(utcHour, zoneH)] ?? 0) / SUM;
}

export const PEAK_SHARE = Math.max(...CURVE) / SUM;

/** The moment at which somebody comes, in ms of the UTC day, from two draws in [0, 1). */
export function arrivalMs(zoneH: number, hour: number, within: number): number {
  let left = hour * SUM;
  let local = CURVE.findIndex((value) => {
    left -= value;
    return left < 0;
  });
  if (local < 0) local = CURVE.length - 1;
  const utc = (((local - zoneH) % 24) + 24) % 24;
  return ((utc + within) * 3_600_000) % 86_400_000;
}

function localHour(utcHour: number, zoneH: number): number {
  return Math.floor((((utcHour + zoneH) % 24) + 24) % 24);
}
