// What becomes of an ask by what the asker's object says.
import { describe, expect, it } from 'vitest';
import { afterAdmit } from '../../../src/engine/admission.ts';
import { busy, problem } from '../../../src/protocol/problems.ts';

const tooMany = problem('too_many_questions');

describe('OPEN1: an ask', () => {
  it('goes to its cell when it is let through', () => {
    expect(afterAdmit({ t: 'admitted' }, 1, false)).toEqual({ t: 'ask' });
  });

  it('is tried three times in all, as an end may be on its way, and then refused', () => {
    expect(afterAdmit(tooMany, 1, false)).toEqual({ t: 'again', waitMs: 150 });
    expect(afterAdmit(tooMany, 2, false)).toEqual({ t: 'again', waitMs: 150 });
    expect(afterAdmit(tooMany, 3, false)).toEqual({ t: 'refused', problem: tooMany });
  });

  it('that is refused for anything else is not tried again', () => {
    expect(afterAdmit(busy('x'), 1, false)).toEqual({ t: 'refused', problem: busy('x') });
  });

  it('under a key goes to its cell all the same, with why no new one is asked', () => {
    expect(afterAdmit(tooMany, 3, true)).toEqual({ t: 'ask', refused: tooMany });
  });
});
