// The ground of cells and of boundaries.
import { describe, expect, it } from 'vitest';
import { areaKm2, boundaryKm2 } from '../../../src/city/area.ts';
import { boxPolygon, boxRing } from '../../../src/geo/box-polygon.ts';
import { decode } from '../../../src/geo/geohash.ts';
import { parseBoundary } from '../../../src/geo/polygon.ts';

const km2 = (boundary: unknown): number => {
  const parsed = parseBoundary(boundary);
  return parsed.ok ? boundaryKm2(parsed.value) : expect.fail(JSON.stringify(parsed.error));
};
const boxOf = (cell: string) => {
  const { minLng, minLat, maxLng, maxLat } = decode(cell);
  return [minLng, minLat, maxLng, maxLat] as const;
};

describe('the area of a boundary', () => {
  it.each(['9q8yy', 'u4x', 'gbz', 'b0', 'xn7'])('is that of a cell with the same corners: %s', (cell) => {
    expect(km2(boxPolygon(...boxOf(cell))) / areaKm2([cell])).toBeCloseTo(1, 2);
  });

  it('has its holes taken off, and several polygons added up', () => {
    const whole = km2(boxPolygon(0, 0, 1, 1));
    const hole = km2(boxPolygon(0.2, 0.2, 0.4, 0.4));
    const holed = { type: 'Polygon', coordinates: [boxRing(0, 0, 1, 1), boxRing(0.2, 0.2, 0.4, 0.4)] };
    expect(km2(holed)).toBeCloseTo(whole - hole, 3);
    const two = { type: 'MultiPolygon', coordinates: [[boxRing(0, 0, 1, 1)], [boxRing(5, 5, 6, 6)]] };
    expect(km2(two)).toBeCloseTo(whole + km2(boxPolygon(5, 5, 6, 6)), 3);
  });

  it('is whole for a ring that comes by the meridian of its start, or by its parallel, before it ends', () => {
    const bent = [
      [1, 1],
      [1, 2],
      [0, 2],
      [0, 0],
      [2, 0],
      [2, 1],
      [1, 1],
    ];
    const boxes = [boxPolygon(0, 0, 1, 2), boxPolygon(1, 0, 2, 1)].map(km2);
    const sum = boxes.reduce((all, one) => all + one, 0);
    for (const ring of [bent, bent.toReversed()])
      expect(km2({ type: 'Polygon', coordinates: [ring] })).toBeCloseTo(sum, 3);
  });
});
