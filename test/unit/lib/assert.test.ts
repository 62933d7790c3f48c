// Assertions stop the program with a message that says what was believed.
import { describe, expect, it } from 'vitest';
import { assert, present, unreachable } from '../../../src/lib/assert.ts';

describe('assert', () => {
  it('passes what is true and narrows it', () => {
    const value: string | undefined = ['a'][0];
    assert(value !== undefined, 'there is a first');
    expect(value.length).toBe(1);
  });

  it.each([false, 0, '', null, undefined])('stops at %j', (condition) => {
    expect(() => assert(condition, 'a cell has an id')).toThrow('assertion failed: a cell has an id');
  });
});

describe('present', () => {
  it.each([0, '', false, Number.NaN])('passes %j: falsy is not absent', (value) => {
    expect(present(value, 'value')).toBe(value);
  });

  it.each([undefined, null])('stops at %j', (value) => {
    expect(() => present(value, 'row of alice')).toThrow('no row of alice');
  });
});

describe('unreachable', () => {
  it('names the value that nothing handles', () => {
    expect(() => unreachable({ t: 'new' } as never, 'event')).toThrow('unreachable event: {"t":"new"}');
  });
});
