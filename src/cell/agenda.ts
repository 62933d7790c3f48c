// When each entity wants attention next. Replaced entries stay in the heap and are skipped: setting is O(log n), no search.
import type { EpochMs } from '../lib/brand.ts';
import { heap } from '../lib/heap.ts';

export type Agenda = {
  /** `undefined` takes the entry out. */
  readonly set: (key: string, at: EpochMs | undefined) => void;
  readonly get: (key: string) => EpochMs | undefined;
  /** The earliest time, if anything is due at all. */
  readonly next: () => EpochMs | undefined;
  /** Takes out and returns the earliest key due by `now`. */
  readonly takeDue: (now: EpochMs) => string | undefined;
};

export function agenda(): Agenda {
  type Entry = { readonly at: EpochMs; readonly key: string };
  let queue = heap<Entry>(before);
  const due = new Map<string, EpochMs>();
  const top = (): Entry | undefined => {
    for (let entry = queue.peek(); entry !== undefined; entry = queue.peek()) {
      if (due.get(entry.key) === entry.at) return entry;
      queue.pop();
    }
    return undefined;
  };
  const compact = (): void => {
    queue = heap<Entry>(before);
    for (const [key, at] of due) queue.push({ at, key });
  };
  return {
    set: (key, at) => {
      if (due.get(key) === at) return;
      if (at === undefined) {
        due.delete(key);
        return;
      }
      due.set(key, at);
      queue.push({ at, key });
      if (queue.size() > 64 && queue.size() > 4 * due.size) compact();
    },
    get: (key) => due.get(key),
    next: () => top()?.at,
    takeDue: (now) => {
      const entry = top();
      if (entry === undefined || entry.at > now) return undefined;
      queue.pop();
      due.delete(entry.key);
      return entry.key;
    },
  };
}

/** Total, so that two runs of one seed take the same order. */
function before(
  a: { readonly at: number; readonly key: string },
  b: { readonly at: number; readonly key: string },
): boolean {
  return a.at !== b.at ? a.at < b.at : a.key < b.key;
}
