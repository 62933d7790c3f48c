// One call to an object: retried on a new stub when the platform says so, never when the object is overloaded.
import { busy, type Problem, problem } from '../protocol/problems.ts';
import { MapAwayError } from './map-cache.ts';

export type CallDeps = {
  /** 0 (included) to 1. */
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
};

const RETRIES_MAX = 2;
const RETRY_BASE_MS = 40;

/**
 * Calls and, after a `retryable` failure, calls again up to twice (once when the object was thrown away, should it be the
 * call that it cannot bear): every handler is idempotent. What still fails then, and an overloaded object, is `busy`; one that the
 * platform cannot even start, as its file is no database, is `unreadable`.
 * @throws whatever else the call throws.
 */
export async function callObject<T>(call: () => Promise<T>, { random, sleep }: CallDeps): Promise<T | Problem> {
  for (let tries = 0; ; tries++) {
    try {
      return await call();
    } catch (error) {
      if (isMarked(error, 'overloaded')) return busy('too many calls at once for one place or user');
      const retriesMax = isMarked(error, 'retryable') ? RETRIES_MAX : isMarked(error, 'durableObjectReset') ? 1 : 0;
      if (retriesMax === 0 && isOfPlatform(error)) return unreadable(error);
      if (retriesMax === 0) throw error;
      if (tries >= retriesMax) return busy('this place or user cannot be reached for the moment');
      await sleep(RETRY_BASE_MS * 2 ** tries * (0.5 + random()));
    }
  }
}

/**
 * One object of many failed at what it was asked: to the others that is no news. A map that cannot be read is news to all of them.
 * @throws MapAwayError
 */
export function unreadable(error: unknown): Problem {
  if (error instanceof MapAwayError) throw error;
  return problem('unreadable', error instanceof Error ? error.message : undefined);
}

/** Its own failure, before any code of ours has run: it says no more than a reference into its log. */
const isOfPlatform = (error: unknown): boolean => error instanceof Error && error.message.startsWith('internal error');

// The platform marks its own errors with these properties.
function isMarked(error: unknown, mark: 'overloaded' | 'retryable' | 'durableObjectReset'): boolean {
  return typeof error === 'object' && error !== null && (error as Readonly<Record<string, unknown>>)[mark] === true;
}
