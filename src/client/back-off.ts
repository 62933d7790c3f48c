// How long to wait before the next try, and a wait that can be cut short.

const FIRST_MS = 250;
const MAX_MS = 20_000;

/**
 * Milliseconds before try number `failures` + 1: doubling from 250 ms to 20 s, spread evenly over the upper half, so that
 * clients that lost the same server do not all return at once.
 */
export function backOffMs(failures: number, random: () => number): number {
  const fullMs = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures, 16));
  return fullMs * (0.5 + random() / 2);
}

/** What a busy service asked for, and up to a quarter more: those whom it refused together do not all return together. */
export function retryAfterMs(retryAfterS: number, random: () => number): number {
  return retryAfterS * 1000 * (1 + random() / 4);
}

/** Resolves after `ms`, or as soon as the signal is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
