// How long after a ping the next one goes when nothing has changed.
import type { ConnectOptions } from './connect-options.ts';

/** When the service does not say how often; and how often the inbox is looked into. */
export const KEEP_ALIVE_MS = 25_000;

/** @param toldS what the service asked for; it knows how long the lease is. */
export function keepAliveMs(
  { keepAliveMs, ttlS, eager }: Pick<ConnectOptions, 'keepAliveMs' | 'ttlS' | 'eager'>,
  toldS: number | undefined,
  random: () => number,
): number {
  if (toldS === undefined) return keepAliveMs ?? Math.min(KEEP_ALIVE_MS, ((ttlS ?? Infinity) * 1000) / 3);
  // A little later than told, each by another little, so that those who came together do not stay together.
  const told = toldS * 1000 * (1 + random() / 10);
  return eager === true ? (keepAliveMs ?? told) : Math.max(keepAliveMs ?? 0, told);
}
