// When the UserObject lets go of what it knows.
import type { EpochMs } from '../lib/brand.ts';
import type { Known } from './state.ts';

/** The first time at which something may go. */
export function earliestPurge(known: Iterable<Known>): EpochMs | undefined {
  let first: EpochMs | undefined;
  for (const { purgeAt } of known) if (first === undefined || purgeAt < first) first = purgeAt;
  return first;
}
