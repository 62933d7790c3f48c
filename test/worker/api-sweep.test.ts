// The sweep: wakes the cells that have open questions, though D1 or a cell should fail.
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { sweep } from '../../src/cron/sweep.ts';
import { epochMs } from '../../src/lib/brand.ts';
import type { CellId } from '../../src/protocol/ids.ts';
import { problem } from '../../src/protocol/problems.ts';
import type { BusyStore } from '../../src/store/busy-store.ts';
import { d1BusyStore } from '../../src/store/sql/d1-busy-store.ts';

const NOW = epochMs(1_800_000_000_000);
const cell = (name: string): CellId => name as CellId;

function cellsThat(answer: (cell: CellId) => Promise<undefined | ReturnType<typeof problem>>) {
  const woken: CellId[] = [];
  const errors: (CellId | undefined)[] = [];
  return {
    woken,
    errors,
    router: {
      peek: async (each: CellId) => {
        woken.push(each);
        return answer(each);
      },
    },
    onError: (each: CellId | undefined) => void errors.push(each),
    loads: { prune: async () => {} },
  };
}

describe('WAKE1: the sweep', () => {
  it('visits the cells that are busy, and forgets those that were long ago', async () => {
    const busy = d1BusyStore(env.DB);
    await busy.mark(cell('9q8yy'), epochMs(NOW + 1));
    await busy.mark(cell('9q8yv'), epochMs(NOW + 1));
    await busy.mark(cell('9q8yv'), epochMs(NOW - 5));
    await busy.mark(cell('9q8yt'), NOW);
    await busy.mark(cell('u4xsu'), epochMs(NOW - 25 * 3_600_000));
    const world = cellsThat(async () => undefined);
    expect(await sweep({ ...world, busy }, NOW)).toEqual({ cells: 2, woken: 2, failed: 0 });
    expect(world.woken.sort()).toEqual(['9q8yv', '9q8yy']);
    const { results } = await env.DB.prepare('SELECT cell FROM busy ORDER BY cell').all();
    expect(results.map((row) => row['cell'])).toEqual(['9q8yt', '9q8yv', '9q8yy']);
  });

  it('goes on when a cell fails', async () => {
    const busy = d1BusyStore(env.DB);
    const world = cellsThat(async (each) => {
      if (each === '9q8yv') throw new Error('it does not answer');
      return problem('busy');
    });
    expect(await sweep({ ...world, busy }, NOW)).toEqual({ cells: 2, woken: 0, failed: 2 });
    expect(world.errors.sort()).toEqual(['9q8yv', '9q8yy']);
  });

  it('uses what D1 said last when D1 is away', async () => {
    const away = (): never => {
      throw new Error('D1 is away');
    };
    const busy: BusyStore = { mark: away, list: async () => away(), prune: away };
    const world = cellsThat(async () => undefined);
    expect(await sweep({ ...world, busy }, NOW)).toEqual({ cells: 2, woken: 2, failed: 0 });
    expect(world.errors).toEqual([undefined]);
  });
});
