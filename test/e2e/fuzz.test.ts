// Requests and frames that no decent client sends, among those that one does, while cells split: 20,000 of them in `npm run bench -- --only fuzz`.
import { expect, it } from 'vitest';
import { assault } from '../support/assault.ts';
import { useService } from './support/service.ts';

const COUNT = 4000;
const CELLS_AT_FIRST = 60;

const box = useService();

it('EDGE1 nothing that is sent is answered 5xx, and no socket ends under the hands of its user', {
  timeout: 300_000,
}, async () => {
  const { requests, frames, statuses, faults, leaves, broken } = await assault(box.service(), COUNT, 3);
  expect(faults).toEqual([]);
  expect(broken).toBe(0);
  expect(requests + frames).toBeGreaterThanOrEqual(COUNT);
  // The situation that it is about: much was refused, much was done, and cells were split meanwhile.
  expect(Math.min(requests, frames)).toBeGreaterThan(300);
  for (const status of [200, 201, 400, 403, 404, 422])
    expect(statuses.get(status) ?? 0, `${status}`).toBeGreaterThan(0);
  expect(leaves).toBeGreaterThan(CELLS_AT_FIRST + 31);
  expect(box.logs().filter((line) => line.includes('"level":"error"'))).toEqual([]);
});
