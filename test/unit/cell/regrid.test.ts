// A coarser privacy grid: nobody's point stays finer, whether or not they ping again.
import { describe, expect, it } from 'vitest';
import { snap } from '../../../src/geo/snap.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, cem, dee, mapRow, need, policyWith } from '../support/names.ts';

const fine = (metres: number) => snap(at(metres), 9);
const coarse = (metres: number) => snap(at(metres), 7);

describe('PRIV1 a coarser grid', () => {
  it('reaches who is held, connected or not, who is arriving, and what a socket carries over a restart', () => {
    const cell = cellHarness({ policy: { gridLength: 9 }, respond: () => undefined, manual: [] });
    cell.ping(ana, { point: fine(100) });
    cell.connect(bob, { point: fine(200) });
    const stale = [...cell.attachments.entries()];
    const policy = policyWith({ gridLength: 7 });
    cell.request({ t: 'load' }, { mapRow: mapRow({ policy, version: 99 }) });
    expect(cell.resident(ana)?.point).toEqual(coarse(100));
    expect(cell.resident(bob)?.point).toEqual(coarse(200));
    const scout = { t: 'scout', need: need({ asker: dee, point: coarse(100), radiusM: 1 }), policy, limit: 5 } as const;
    expect(cell.request(scout)).toMatchObject({ candidates: [{ user: ana, distanceM: 0 }] });
    cell.restart();
    expect(cell.resident(ana)?.point).toEqual(coarse(100));
    expect(cell.resident(bob)?.point).toEqual(coarse(200));
    for (const [user, soft] of stale) cell.attachments.set(user, soft);
    cell.restart();
    expect(cell.resident(bob)?.point, 'an attachment from before').toEqual(coarse(200));
  });

  it('reaches a ping whose claim is on its way, and that claim is still about it', () => {
    const cell = cellHarness({ policy: { gridLength: 9 }, manual: ['claim'] });
    cell.ping(cem, { point: fine(300) });
    cell.request({ t: 'load' }, { mapRow: mapRow({ policy: policyWith({ gridLength: 7 }), version: 99 }) });
    cell.answer('claim', { t: 'refused' });
    expect(cell.state().claims.size).toBe(0);
    cell.ping(cem, { point: coarse(300) });
    cell.request({ t: 'load' }, { mapRow: mapRow({ policy: policyWith({ gridLength: 6 }), version: 100 }) });
    cell.answer('claim', { t: 'granted', epoch: 1, record: null });
    expect(cell.resident(cem)?.point).toEqual(snap(at(300), 6));
  });

  it('a finer one, and the same, write nothing', () => {
    const cell = cellHarness({ policy: { gridLength: 7 } });
    cell.ping(ana, { point: coarse(100) });
    for (const gridLength of [7, 9]) {
      const birthRow = mapRow({ policy: policyWith({ gridLength }), version: 99 + gridLength });
      const effects = cell.step({
        t: 'request',
        envelope: { request: { t: 'load' }, mapRow: birthRow },
        token: 900 + gridLength,
      });
      expect(effects.rows.map(({ table }) => table)).toEqual(['meta']);
    }
    expect(cell.resident(ana)?.point).toEqual(coarse(100));
  });
});
