// Calls that are repeated until the service has given a definite answer, and what is still without one.
import { backOffMs, pause } from '../../src/client/back-off.ts';
import { VicinalError } from '../../src/client/vicinal-error.ts';
import type { Outcome } from './history.ts';

export type Settling = {
  /** Repeats the call while nobody knows what became of it, until it is given up. */
  readonly settle: <T>(call: () => Promise<T>) => Promise<Outcome<T>>;
  /** How many have no answer yet. */
  readonly open: () => number;
  /** Those without an answer become `unknown`. */
  readonly giveUp: () => void;
};

export function settling(random: () => number): Settling {
  const stop = new AbortController();
  let open = 0;
  return {
    settle: async (call) => {
      open++;
      try {
        for (let failures = 0; ; failures++) {
          try {
            return { t: 'done', value: await call() };
          } catch (error) {
            if (!(error instanceof VicinalError)) throw error;
            // A connection that was closed here (an app started again) says nothing of the call.
            if (!error.transient && error.code !== 'closed') return { t: 'refused', code: error.code };
            if (stop.signal.aborted) return { t: 'unknown' };
            await pause(backOffMs(Math.min(failures, 1), random), stop.signal);
          }
        }
      } finally {
        open--;
      }
    },
    open: () => open,
    giveUp: () => stop.abort(),
  };
}
