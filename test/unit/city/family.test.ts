// The parts of a cell.
import { expect, it } from 'vitest';
import { childrenOf } from '../../../src/city/family.ts';
import { CELL } from '../support/names.ts';

it('MERGE1 a family is the parent and its 32 children: one letter more each, none twice', () => {
  const family = childrenOf(CELL);
  expect(new Set(family).size).toBe(32);
  for (const child of family) expect(child).toMatch(/^9q8yy[0-9b-hjkmnp-z]$/);
});
