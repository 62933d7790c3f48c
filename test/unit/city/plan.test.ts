// Rollouts on paper: the cells of real cities, and what is said about requests that cannot be carried out.
import { describe, expect, it } from 'vitest';
import { CITY_CELLS_MAX, type CityRequest, planCity } from '../../../src/city/plan.ts';
import { boxPolygon } from '../../../src/geo/box-polygon.ts';
import { hasRealData, readRealData } from '../geo/real-data.ts';

const square = (west: number, south: number, side: number): unknown =>
  boxPolygon(west, south, west + side, south + side);
const oslo: CityRequest = { id: 'oslo', name: ' Oslo ', boundary: square(10.6, 59.8, 0.2) };

describe('planCity', () => {
  it('plans cells, bounds, centroid and hint, at precision 5 unless told otherwise', () => {
    const plan = planCity(oslo);
    expect(plan).toMatchObject({
      ok: true,
      value: { id: 'oslo', name: 'Oslo', precision: 5, locationHint: 'weur', bounds: { minLat: 59.8, minLng: 10.6 } },
    });
    if (!plan.ok) return;
    expect(plan.value.cells.length).toBeGreaterThan(10);
    expect(plan.value.cells).toEqual([...plan.value.cells].sort());
    expect(plan.value.cells.every((cell) => cell.length === 5)).toBe(true);
    expect(plan.value.centroid.lat).toBeCloseTo(59.9, 9);
  });

  it('takes the precision and the hint that it is given', () => {
    const plan = planCity({ ...oslo, precision: 6, locationHint: 'eeur' });
    expect(plan).toMatchObject({ ok: true, value: { precision: 6, locationHint: 'eeur' } });
  });

  it.skipIf(!hasRealData('boundaries'))(
    'rolls out real files, self-crossing rings and all (needs the real data)',
    () => {
      const cities = [
        ['new_york_boroughs', 73, 'enam'],
        ['san_francisco_neighborhoods', 12, 'wnam'],
        ['austin_neighborhoods', 27, 'enam'],
        ['chicago_neighborhoods', 60, 'enam'],
      ] as const;
      for (const [name, cells, locationHint] of cities) {
        const boundary = JSON.parse(readRealData(`boundaries/${name}.geojson.gz`));
        const plan = planCity({ id: 'a-city', name, boundary });
        expect(plan).toMatchObject({ ok: true, value: { locationHint } });
        expect(plan.ok && plan.value.cells.length).toBe(cells);
      }
    },
  );

  it.each(['', 'x', 'Oslo', '1oslo', 'os lo', 'oslo_', `o${'s'.repeat(32)}`])('refuses the id %j', (id) => {
    const plan = planCity({ ...oslo, id });
    expect(plan).toMatchObject({ ok: false, error: { code: 'bad_field', errors: [{ field: 'id' }] } });
  });

  it('names every bad field at once', () => {
    const plan = planCity({ ...oslo, id: '?', name: '  ', precision: 8, locationHint: 'moon' });
    expect(plan).toMatchObject({
      ok: false,
      error: {
        code: 'bad_field',
        errors: [{ field: 'id' }, { field: 'name' }, { field: 'precision' }, { field: 'locationHint' }],
      },
    });
    for (const precision of [2, 5.5, Number.NaN]) expect(planCity({ ...oslo, precision }).ok).toBe(false);
    for (const name of ['x'.repeat(101), ' ', '\u200b\u3164']) expect(planCity({ ...oslo, name }).ok).toBe(false);
  });

  it.each([
    [{ type: 'Topology' }, 'not_geojson', 'type'],
    [{ type: 'Point', coordinates: [1, 2] }, 'no_polygon', undefined],
    [square(59.8, 170, 0.2), 'swapped_coordinates', 'coordinates[0][0]'],
    [{ type: 'Polygon', coordinates: [[[1, 2], 3]] }, 'bad_coordinates', 'coordinates[0][1]'],
    [{ type: 'Polygon', coordinates: [] }, 'empty_polygon', undefined],
  ])('refuses the boundary %j as %s', (boundary, reason, path) => {
    const plan = planCity({ ...oslo, boundary });
    const more = path === undefined ? { reason } : { reason, path };
    expect(plan).toMatchObject({ ok: false, error: { t: 'problem', code: 'bad_boundary', more } });
  });

  it('refuses too many cells and says what to do', () => {
    const france = planCity({ ...oslo, boundary: square(-1, 44, 6), precision: 7 });
    expect(france).toMatchObject({
      ok: false,
      error: { code: 'too_many_cells', more: { limit: CITY_CELLS_MAX, precision: 5 } },
    });
    if (!france.ok) {
      expect(france.error.detail).toMatch(
        /^precision 7 would take about \d+ cells, and 50000 is the most for one city: use precision 5 \(\d+ cells/,
      );
    }
    const tiny = planCity({ ...oslo, boundary: square(-60, -40, 100) }, 100);
    expect(tiny).toMatchObject({ ok: false, error: { code: 'too_many_cells' } });
    if (!tiny.ok) expect(tiny.error.detail).toContain('use a smaller boundary, or several cities');
  });
});
