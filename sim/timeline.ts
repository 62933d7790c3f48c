// What happens next in the simulated world, in order of time; what falls on the same moment, in the order in which it was planned.
import { heap } from '../src/lib/heap.ts';

export type Timeline = {
  readonly now: () => number;
  /** @param ms from now on; what lies in the past happens at once. */
  readonly after: (ms: number, run: () => void) => void;
  /** Runs what is planned up to `until`, which is then the present. */
  readonly run: (until: number) => void;
};

type Timed = { readonly at: number; readonly n: number; readonly run: () => void };

const START_MS = 1_700_000_000_000;

export function timeline(): Timeline {
  const queue = heap<Timed>((a, b) => (a.at !== b.at ? a.at < b.at : a.n < b.n));
  let now = START_MS;
  let planned = 0;
  return {
    now: () => now,
    after: (ms, run) => queue.push({ at: now + Math.max(0, Math.round(ms)), n: planned++, run }),
    run: (until) => {
      for (let next = queue.peek(); next !== undefined && next.at <= until; next = queue.peek()) {
        queue.pop();
        now = next.at;
        next.run();
      }
      now = until;
    },
  };
}
