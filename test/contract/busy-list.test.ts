// The simulator's list for the sweep keeps what D1 keeps: the same cases run in workerd over D1 (test/worker/busy-list.test.ts).
import { describe } from 'vitest';
import { busyList } from '../../sim/busy-list.ts';
import { busyListContract } from './busy-list.ts';

describe("the simulator's list for the sweep", () => {
  busyListContract(async () => {
    const { mark, list, prune } = busyList();
    return {
      mark: async (cell, until) => mark(cell, until),
      list: async (now) => list(now),
      prune: async (before) => prune(before),
    };
  });
});
