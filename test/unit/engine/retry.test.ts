// What is decided about a call that failed, by what the platform says of it.
import { describe, expect, it } from 'vitest';
import { type AfterFailure, afterFailure, type FailureMarks } from '../../../src/engine/retry.ts';

const NONE: FailureMarks = { overloaded: false, retryable: false, reset: false };

/** Until it is not made again. */
const course = (marks: Partial<FailureMarks>, random = 0.5): readonly (number | string)[] => {
  const steps: (number | string)[] = [];
  for (let tries = 0; tries < 10; tries++) {
    const next: AfterFailure = afterFailure({ ...NONE, ...marks }, tries, random);
    if (next.t === 'again') {
      steps.push(next.waitMs);
      continue;
    }
    return [...steps, next.t === 'refused' ? next.problem.code : next.t];
  }
  return steps;
};

describe('EDGE1: a call that failed', () => {
  it.each([
    ['is made again twice where the way broke', { retryable: true }, [40, 80, 'busy']],
    ['is made again once where the object was thrown away', { reset: true }, [40, 'busy']],
    ['twice where both are said', { retryable: true, reset: true }, [40, 80, 'busy']],
    ['never where the object is overloaded, whatever else is said', { overloaded: true, retryable: true }, ['busy']],
    ['is told to its caller where nothing is said', {}, ['thrown']],
  ])('%s', (_, marks, expected) => {
    expect(course(marks)).toEqual(expected);
  });

  it('waits half as long to half as long again, as chance has it', () => {
    expect(course({ reset: true }, 0)).toEqual([20, 'busy']);
    expect(course({ reset: true }, 1)).toEqual([60, 'busy']);
  });
});
