// What many wide sleepers cost while nobody calls, before and after their cell is split: rows and scouts, counted. What the same
// does to a real service is measured by `npm run bench -- --only storm`.
import { describe, expect, it } from 'vitest';
import { anywhereIn } from '../../sim/map.ts';
import { SCOUTS_MAX, SCOUTS_PER_S_MAX, SCOUTS_PER_S_MIN } from '../../src/cell/questions/scout-budget.ts';
import { children, decode } from '../../src/geo/geohash.ts';
import { prng } from '../../src/lib/prng.ts';
import type { CellId } from '../../src/protocol/ids.ts';
import { counted, HERE, POLICY } from './counted.ts';

const SLEEPERS = 300;
const MINUTE_MS = 60_000;
/** They try again at an even rate, so that one minute can be compared with another. */
const EVERY_MS = 30_000;
const ASKED_EVERY_MS = EVERY_MS / SLEEPERS;

function asleep() {
  const draw = prng(5);
  const town = counted({
    cells: 9,
    policy: {
      ...POLICY,
      backOff: { firstMs: EVERY_MS, factor: 1, maxMs: EVERY_MS },
      radiusGrowth: [1],
      radiusStepsM: [500, 5000],
      radiusDefaultM: 5000,
      question: { ttlDefaultMs: 3_600_000, ttlMaxMs: 3_600_000 },
    },
  });
  const { world, rows, run, ask } = town;
  // Asked all at once, some hundred scouts would be shed on their way.
  for (let n = 0; n < SLEEPERS; n++) {
    ask(anywhereIn(decode(HERE), draw));
    run(ASKED_EVERY_MS);
  }
  run(2 * MINUTE_MS);
  /** Rows by table, and scouts, of the next minute. */
  const minute = () => {
    rows.length = 0;
    world.calls.length = 0;
    run(MINUTE_MS);
    return {
      rows: rows.length,
      beacons: rows.filter(({ table }) => table === 'beacons').length,
      scouts: world.of('scout').length,
      // A cell that reads its map row anew writes it.
      mapRows: rows.filter(({ node, table }) => table === 'meta' && !node.startsWith(HERE)).length,
    };
  };
  return { ...town, minute };
}

describe('300 wide sleepers and no client', () => {
  it('CALM1 CALM2 write no beacon while they sleep, and send no more scouts than their cell has for tries by time', () => {
    const { world, minute } = asleep();
    const laid = [...world.cells.values()].reduce((sum, { state }) => sum + (state?.beacons.size ?? 0), 0);
    expect(laid, 'the circles reach other cells').toBeGreaterThan(4 * SLEEPERS);
    const { rows, beacons, scouts } = minute();
    expect(beacons).toBe(0);
    // Two tries of each, and of each no more than an alarm, which those that wake together share.
    expect(rows).toBeLessThanOrEqual(2 * SLEEPERS);
    expect(scouts).toBeGreaterThan(0);
    expect(scouts).toBeLessThanOrEqual(SCOUTS_MAX + SCOUTS_PER_S_MAX * 60);
  });

  it('CALM3 a division lays the beacons of its parts once, and a minute later it is as before', () => {
    const { world, minute } = asleep();
    const before = minute();
    const parent = world.cells.get(HERE);
    if (parent === undefined) throw new Error('no cell');
    world.request(parent, { t: 'split' }, 10_000, () => undefined);
    const during = minute();
    expect(world.cells.get(children(HERE)[0] as CellId)?.state?.role.phase.t).toBe('leaf');
    // Each part is told of all that touches it, once; nothing but that is written beyond what the hand-over of a question costs.
    expect(during.beacons).toBeLessThanOrEqual(SLEEPERS * 32 + SLEEPERS * 8);
    const after = minute();
    expect(after.beacons).toBe(0);
    // None of the parts begins with a purse of its own, and each spends what its sleepers may, or the little that one may.
    const most = Math.max(SCOUTS_PER_S_MAX, 32 * SCOUTS_PER_S_MIN) * 60;
    expect(after.scouts).toBeLessThanOrEqual(most + 32);
    expect(after.scouts).toBeGreaterThan(before.scouts / 2);
    expect([during.mapRows, after.mapRows], 'cells around answer scouts as they are').toEqual([0, 0]);
    // The tries are as many as before; those of 32 cells share fewer alarms.
    expect(after.rows).toBeLessThanOrEqual(before.rows + 2 * SLEEPERS);
    expect(during.rows).toBeLessThanOrEqual(during.beacons + 10 * SLEEPERS + 32 * 20);
  });
});
