// A cell whose people are connected: changes of its city reach it although nobody of the edge comes by.
import { describe, expect, it } from 'vitest';
import { mapWatch } from '../../../src/edge/map-watch.ts';
import type { MapRow } from '../../../src/messages/map-row.ts';
import { CELL, mapRow as mapRowOf } from '../support/names.ts';

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

function world() {
  const calls = { leaf: 0, mapRow: 0 };
  const applied: MapRow[] = [];
  const failures: unknown[] = [];
  const state = { version: 3, row: mapRowOf({ version: 4 }) as MapRow | undefined, away: false, now: 0 };
  const watch = mapWatch({
    leaf: async () => {
      calls.leaf++;
      return { version: state.version };
    },
    mapRow: async () => {
      calls.mapRow++;
      if (state.away) throw new Error('D1 is away');
      return state.row;
    },
    apply: (row) => applied.push(row),
    failed: (error) => failures.push(error),
    now: () => state.now,
  });
  return { calls, applied, failures, state, watch };
}

describe('EDGE2 PRIV1 a cell with sockets', () => {
  it('reads its row once the isolate knows of a newer one, and not before', async () => {
    const { calls, applied, state, watch } = world();
    watch(CELL, 3);
    await settled();
    expect({ calls, applied }).toEqual({ calls: { leaf: 1, mapRow: 0 }, applied: [] });
    state.version = 4;
    watch(CELL, 3);
    watch(CELL, 3);
    await settled();
    expect(calls).toEqual({ leaf: 2, mapRow: 1 });
    expect(applied).toMatchObject([{ version: 4 }]);
    watch(CELL, 4);
    await settled();
    expect(applied).toHaveLength(1);
  });

  it('takes no older row, nor none, and rests when D1 is away', async () => {
    const { calls, applied, failures, state, watch } = world();
    state.version = 9;
    watch(CELL, 4);
    await settled();
    state.row = undefined;
    watch(CELL, 3);
    await settled();
    expect({ mapRows: calls.mapRow, applied }).toEqual({ mapRows: 2, applied: [] });
    state.away = true;
    for (let i = 0; i < 5; i++) {
      watch(CELL, 3);
      await settled();
    }
    expect(failures).toHaveLength(1);
    Object.assign(state, { away: false, now: 5000, row: mapRowOf({ version: 9 }) });
    watch(CELL, 3);
    await settled();
    expect(applied).toMatchObject([{ version: 9 }]);
  });
});
