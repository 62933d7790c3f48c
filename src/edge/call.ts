// One call to an object: retried on a new stub when the platform says so, never when the object is overloaded.
import { afterFailure, type FailureMarks } from '../engine/retry.ts';
import { type Problem, problem } from '../protocol/problems.ts';
import { MapAwayError } from './map-cache.ts';

export type CallDeps = {
  /** 0 (included) to 1. */
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
};

/**
 * Calls, and calls again after failures that pass (`src/engine/retry.ts`). An object that the platform cannot even start, as its
 * file is no database, is `unreadable`.
 * @throws whatever else the call throws.
 */
export async function callObject<T>(call: () => Promise<T>, { random, sleep }: CallDeps): Promise<T | Problem> {
  for (let tries = 0; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const next = afterFailure(marksOf(error), tries, random());
      if (next.t === 'refused') return next.problem;
      if (next.t === 'thrown' && isOfPlatform(error)) return unreadable(error);
      if (next.t === 'thrown') throw error;
      await sleep(next.waitMs);
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

/** The platform marks its own errors with these properties. */
function marksOf(error: unknown): FailureMarks {
  const isMarked = (mark: string): boolean =>
    typeof error === 'object' && error !== null && (error as Readonly<Record<string, unknown>>)[mark] === true;
  return {
    overloaded: isMarked('overloaded'),
    retryable: isMarked('retryable'),
    reset: isMarked('durableObjectReset'),
  };
}
