// A result is one of two shapes, told apart by `ok`.
import { describe, expect, it } from 'vitest';
import { err, ok, type Result } from '../../../src/lib/result.ts';

const half = (n: number): Result<number, 'odd'> => (n % 2 === 0 ? ok(n / 2) : err('odd'));

describe('result', () => {
  it('carries a value or a named failure', () => {
    expect(half(4)).toEqual({ ok: true, value: 2 });
    expect(half(3)).toEqual({ ok: false, error: 'odd' });
  });

  it('narrows by ok', () => {
    const result = half(10);
    expect(result.ok ? result.value : result.error).toBe(5);
  });
});
