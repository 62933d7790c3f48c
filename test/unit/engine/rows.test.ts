// How large a row may be: in bytes of UTF-8, whatever its text is made of.
import { describe, expect, it } from 'vitest';
import { ROW_BYTES_MAX, requireSmall, TooLarge } from '../../../src/engine/rows.ts';

const check = (value: string | null) => () => requireSmall([{ table: 'questions', key: 'q', value }]);

describe('BOUND2 a row', () => {
  it.each([
    ['one byte a unit', 'a', 1],
    ['two', 'é', 2],
    ['three', '漢', 3],
    ['four for a pair', '🙂', 4],
  ])('of %s is taken up to the bound, and refused by its table beyond it', (_, letter, bytes) => {
    const most = Math.floor(ROW_BYTES_MAX / bytes);
    expect(check(letter.repeat(most))).not.toThrow();
    expect(check(letter.repeat(most + 1))).toThrow(TooLarge);
    expect(check(letter.repeat(most + 1))).toThrow(/a row of questions would have \d+ bytes/);
  });

  it('that is deleted has no size', () => {
    expect(check(null)).not.toThrow();
  });
});
