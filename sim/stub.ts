// How a simulated isolate calls one object: again on a new stub after failures that pass, as the shipping edge decides.
import { afterFailure, type FailureMarks } from '../src/engine/retry.ts';
import type { AnyReply } from './node.ts';

const NONE: FailureMarks = { overloaded: false, retryable: false, reset: false };
/** The platform refuses a call that the object has no time for: nothing was carried out. */
export const OVERLOADED: FailureMarks = { ...NONE, overloaded: true };
/** The stub broke: whether the call was carried out nobody knows. */
export const BROKEN: FailureMarks = { ...NONE, retryable: true };
/** The object died while it was called. */
export const RESET: FailureMarks = { ...NONE, reset: true };

/** What the calls need of the world. */
type Time = {
  readonly now: number;
  readonly after: (ms: number, run: () => void) => void;
  readonly random: () => number;
};

/**
 * `done` hears the answer, `busy`, or `failed`, also when there is none within `timeoutMs`.
 * @param once makes the call: it hears an answer, or how it failed, within the time that is left
 */
export function callObject(
  world: Time,
  once: (leftMs: number, heard: (reply: AnyReply) => void) => void,
  timeoutMs: number,
  done: (reply: AnyReply) => void,
): void {
  const until = world.now + timeoutMs;
  const attempt = (tries: number): void =>
    once(until - world.now, (reply) => {
      if (reply.t !== 'failed' || reply.marks === undefined) {
        done(reply);
        return;
      }
      const next = afterFailure(reply.marks, tries, world.random());
      if (next.t === 'refused') done(next.problem);
      else if (next.t === 'thrown' || world.now + next.waitMs >= until) done({ t: 'failed' });
      else world.after(next.waitMs, () => attempt(tries + 1));
    });
  attempt(0);
}
