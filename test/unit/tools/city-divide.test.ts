// When `city split` and `city merge` have waited long enough, by what the map shows.
import { describe, expect, it } from 'vitest';
import { progressOf } from '../../../tools/city/divide.ts';

const parts = (leaves: number, filling: number): readonly { readonly cell: string; readonly state: string }[] =>
  Array.from({ length: leaves + filling }, (_, i) => ({ cell: `9q8yy${i}`, state: i < leaves ? 'leaf' : 'filling' }));

describe('how far a change of the map is', () => {
  it.each([
    [
      'before the map has changed',
      [{ cell: '9q8yy', state: 'splitting' }],
      { done: false, ready: 0, note: 'splitting' },
    ],
    ['while parts are filled', parts(10, 22), { done: false, ready: 10, note: '10 leaf, 22 filling' }],
    ['at the end', parts(32, 0), { done: true, ready: 32, note: '32 leaf' }],
    ['when a part was divided again', parts(63, 0), { done: true, ready: 63, note: '63 leaf' }],
    ['when a page has not all of them', parts(31, 0), { done: false, ready: 31, note: '31 leaf' }],
  ])('SPLIT1 of a split, %s', (_when, cells, progress) => {
    expect(progressOf('split', '9q8yy', cells)).toEqual(progress);
  });

  it.each([
    ['before the map has changed', parts(32, 0), { done: false, ready: 0, note: 'merging' }],
    ['while it is filled', [{ cell: '9q8yy', state: 'filling' }], { done: false, ready: 0, note: 'filling' }],
    ['at the end', [{ cell: '9q8yy', state: 'leaf' }], { done: true, ready: 1, note: 'leaf' }],
  ])('MERGE1 of a merge, %s', (_when, cells, progress) => {
    expect(progressOf('merge', '9q8yy', cells)).toEqual(progress);
  });
});
