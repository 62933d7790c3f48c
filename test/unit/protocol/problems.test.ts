// Problems: every code has a status of its kind, a title, and advice.
import { expect, it } from 'vitest';
import { PROBLEMS } from '../../../src/protocol/problems.ts';

it.each(Object.entries(PROBLEMS))('%s is stable, and says what happened and what to do', (code, kind) => {
  expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  expect(kind.status).toBeGreaterThanOrEqual(400);
  expect(kind.status).toBeLessThan(504);
  expect(kind.title).toMatch(/^[A-Za-z].{5,}[^.]$/);
  expect(kind.advice).toMatch(/^\S.{5,}\.$/);
});
