// What becomes of a call to an object that failed: made again on a new stub when the platform says so, never when the object is
// overloaded. The edge asks this over promises, the simulated one over its timeline.
import { busy, type Problem } from '../protocol/problems.ts';

/** As the platform marks its own errors. */
export type FailureMarks = {
  readonly overloaded: boolean;
  /** The way there broke: whether the call was carried out nobody knows. */
  readonly retryable: boolean;
  /** The object was thrown away, in this call or in another. */
  readonly reset: boolean;
};

export type AfterFailure =
  | { readonly t: 'again'; readonly waitMs: number }
  | { readonly t: 'refused'; readonly problem: Problem }
  /** No failure of the platform that passes: its caller is told. */
  | { readonly t: 'thrown' };

const RETRIES_MAX = 2;
const RETRY_BASE_MS = 40;

/**
 * Up to twice again after a `retryable` failure, once when the object was thrown away, should it be the call that it cannot bear:
 * every handler is idempotent. What still fails then, and an overloaded object, is `busy`.
 * @param tries how often it was made again before
 * @param random 0 (included) to 1
 */
export function afterFailure(marks: FailureMarks, tries: number, random: number): AfterFailure {
  if (marks.overloaded) return refused('too many calls at once for one place or user');
  const retriesMax = marks.retryable ? RETRIES_MAX : marks.reset ? 1 : 0;
  if (retriesMax === 0) return { t: 'thrown' };
  if (tries >= retriesMax) return refused('this place or user cannot be reached for the moment');
  return { t: 'again', waitMs: RETRY_BASE_MS * 2 ** tries * (0.5 + random) };
}

const refused = (detail: string): AfterFailure => ({ t: 'refused', problem: busy(detail) });
