// Whether there is room on the disk under this process. It cannot see that itself: who started it watches, and tells it
// (decision 0061). On the platform nobody does, and there is always room.
import { type Problem, problem } from '../protocol/problems.ts';

export type DiskWord = { readonly full: boolean; readonly freeBytes: number };

/** A word is repeated every second or two while it is true; one that is not any more is forgotten. */
const WORD_MS = 15_000;
const RETRY_AFTER_S = 10;

let last: (DiskWord & { readonly untilMs: number }) | undefined;

export function noteDisk(word: DiskWord, nowMs: number): void {
  last = word.full ? { ...word, untilMs: nowMs + WORD_MS } : undefined;
}

/** The refusal for whatever would write, while there is no room. */
export function diskProblem(nowMs: number): Problem | undefined {
  if (last === undefined || nowMs > last.untilMs) return undefined;
  const mib = Math.floor(last.freeBytes / 2 ** 20);
  return { ...problem('storage_full', `${mib} MiB are free on its disk`), retryAfterS: RETRY_AFTER_S };
}
