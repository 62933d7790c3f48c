// What the sweep's list promises, as cases that every implementation passes: D1 in workerd, and the simulator's.
import { expect, it } from 'vitest';
import { epochMs } from '../../src/lib/brand.ts';
import type { CellId } from '../../src/protocol/ids.ts';
import type { BusyStore } from '../../src/store/busy-store.ts';

const A = '9q8yyk' as CellId;
const B = '9q8yym' as CellId;
const at = epochMs;

export function busyListContract(make: () => Promise<BusyStore>): void {
  it('WAKE1 lists by name the cells that are busy beyond now', async () => {
    const list = await make();
    expect(await list.list(at(1))).toEqual([]);
    await list.mark(B, at(100));
    await list.mark(A, at(200));
    expect(await list.list(at(99))).toEqual([A, B]);
    expect(await list.list(at(100))).toEqual([A]);
    expect(await list.list(at(200))).toEqual([]);
  });

  it('WAKE1 a mark never makes it earlier: they may overtake each other', async () => {
    const list = await make();
    await list.mark(A, at(200));
    await list.mark(A, at(100));
    expect(await list.list(at(150))).toEqual([A]);
    await list.mark(A, at(300));
    expect(await list.list(at(250))).toEqual([A]);
  });

  it('WAKE1 forgets what was over before, and nothing else', async () => {
    const list = await make();
    await list.mark(A, at(100));
    await list.mark(B, at(200));
    await list.prune(at(200));
    expect(await list.list(at(0))).toEqual([B]);
  });
}
