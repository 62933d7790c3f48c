// Near a border the holder decides: GPS jitter moves nobody.
import { describe, expect, it } from 'vitest';
import { decode } from '../../../src/geo/geohash.ts';
import { shifted } from '../../../src/geo/shifted.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { bob, CELL, NEAR } from '../support/names.ts';

const { maxLng, minLng, maxLat, minLat } = decode(CELL);
const lat = (minLat + maxLat) / 2;
/** So many metres east of the cell's eastern border. */
const beyond = (eastM: number) => shifted({ lat, lng: maxLng }, 0, eastM);
const inside = { lat, lng: (minLng + maxLng) / 2 };
const moved = [{ user: bob, frame: { t: 'moved', reason: 'border' }, close: true }];

describe('a socket at the border', () => {
  it('BORDER1 is told to move at once beyond the margin', () => {
    const cell = cellHarness();
    cell.connect(bob);
    expect(cell.ping(bob, { point: beyond(125) }, true)).toEqual({ t: 'moved', to: [] });
    expect(cell.frames).toEqual(moved);
    expect(cell.resident(bob), 'the row stays until it is recalled').toMatchObject({ phase: 'live', point: { lat } });
  });

  it('BORDER1 stays within the margin until the third point in a row outside', () => {
    const cell = cellHarness();
    cell.connect(bob);
    cell.ping(bob, { point: beyond(60) }, true);
    cell.ping(bob, { point: beyond(60) }, true);
    expect(cell.frames).toEqual([]);
    expect(cell.resident(bob)?.point).toEqual(beyond(60));
    cell.ping(bob, { point: beyond(60) }, true);
    expect(cell.frames).toEqual(moved);
  });

  it('BORDER1 a point inside forgives those outside', () => {
    const cell = cellHarness();
    cell.connect(bob);
    for (let i = 0; i < 10; i++) cell.ping(bob, { point: i % 3 === 2 ? inside : beyond(60) }, true);
    expect(cell.frames).toEqual([]);
  });

  it('BORDER1 over HTTP the edge has decided already: nobody is told to move', () => {
    const cell = cellHarness();
    cell.ping(bob);
    for (let i = 0; i < 5; i++) expect(cell.ping(bob, { point: beyond(100) })).toMatchObject({ t: 'present' });
    expect(cell.frames).toEqual([]);
  });

  it('BORDER1 a scout is sent to a neighbour that only the margin reaches', () => {
    const cell = cellHarness();
    const west = NEAR.filter((near) => decode(near).maxLng === minLng && decode(near).minLat === minLat);
    const near = (metres: number) => shifted({ lat, lng: minLng }, 0, metres);
    const ask = (n: number, point: { lat: number; lng: number }) => {
      const before = cell.sentOf('scout').length;
      cell.request({
        t: 'ask',
        question: {
          id: `q-${CELL}-token00${n}` as never,
          asker: bob,
          point,
          text: 'x',
          languages: [],
          radiusM: 500,
          answersWanted: 1,
        },
      });
      return cell
        .sentOf('scout')
        .slice(before)
        .map(({ address }) => address);
    };
    expect(ask(1, near(610))).toEqual([{ to: 'cell', cell: west[0] }]);
    expect(ask(2, near(630))).toEqual([]);
  });
});
