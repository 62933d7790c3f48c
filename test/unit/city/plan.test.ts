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

  it.each([3, 7])('takes the precision %d', (precision) => {
    const plan = planCity({ ...oslo, boundary: square(10.7, 59.9, 0.01), precision });
    expect(plan).toMatchObject({ ok: true, value: { precision } });
  });

  it('takes a name of 100 characters, blanks around it not counted', () => {
    const name = 'x'.repeat(100);
    expect(planCity({ ...oslo, name: `  ${name} ` })).toMatchObject({ ok: true, value: { name } });
  });

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
    expect(plan.ok ? '' : plan.error.detail).toBe(
      [
        'id: must be 2 to 32 characters: a lower-case letter, then lower-case letters, digits and hyphens',
        'name: must be a string of 1 to 100 characters',
        "precision: must be a whole number from 3 to 7: the length of the cells' geohashes",
        'locationHint: must be one of wnam, enam, sam, weur, eeur, apac, oc, afr, me',
      ].join('; '),
    );
    expect(planCity({ ...oslo, name: 7 as unknown as string })).toMatchObject({
      ok: false,
      error: { code: 'bad_field' },
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

  it('says in full why a boundary is refused', () => {
    expect(planCity({ ...oslo, boundary: { type: 'Point', coordinates: [1, 2] } })).toEqual({
      ok: false,
      error: {
        t: 'problem',
        code: 'bad_boundary',
        detail: 'the document has no Polygon and no MultiPolygon',
        more: { reason: 'no_polygon' },
      },
    });
  });

  it.each([
    [
      'a precision that fits',
      { side: 6, precision: 7, cellsMax: 50_000 },
      'precision 7 would take about 18940928 cells, and 50000 is the most for one city: use precision 5 (18769 cells; busy cells can be split later), or a smaller boundary',
      { count: 18_940_928, limit: 50_000, precision: 5 },
    ],
    [
      'the coarsest, if that is what fits',
      { side: 6, precision: 5, cellsMax: 60 },
      'precision 5 would take about 17408 cells, and 60 is the most for one city: use precision 3 (25 cells; busy cells can be split later), or a smaller boundary',
      { count: 17_408, limit: 60, precision: 3 },
    ],
    [
      'no precision below the coarsest',
      { side: 6, precision: 5, cellsMax: 20 },
      'precision 5 would take about 65536 cells, and 20 is the most for one city: use a smaller boundary, or several cities',
      { count: 65_536, limit: 20 },
    ],
    [
      'no precision where none fits',
      { side: 45, precision: 5, cellsMax: 3 },
      'precision 5 would take about 16777216 cells, and 3 is the most for one city: use a smaller boundary, or several cities',
      { count: 16_777_216, limit: 3 },
    ],
  ])('of too many cells names %s', (_, { side, precision, cellsMax }, detail, more) => {
    expect(planCity({ ...oslo, boundary: square(-1, 44, side), precision }, cellsMax)).toEqual({
      ok: false,
      error: { t: 'problem', code: 'too_many_cells', detail, more },
    });
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

describe('the warning that latitude and longitude may be swapped', () => {
  const warningsAt = (lat: number, lng: number): readonly string[] => {
    const plan = planCity({ ...oslo, boundary: square(lng - 0.05, lat - 0.05, 0.1) });
    return plan.ok ? plan.value.warnings : expect.fail(plan.error.detail);
  };

  it('says where the city would come to lie, and where it would with them exchanged', () => {
    expect(warningsAt(10.7, 59.9)).toEqual([
      'the centre, latitude 10.70, longitude 59.90, is 1676 km from any large city; with latitude and longitude exchanged it would be 3 km from one: GeoJSON puts longitude first, are they swapped?',
    ]);
  });

  it.each([
    ['Oslo, where a large city is', 59.9, 10.7],
    ['Alexandria, near Cairo, and with them exchanged nearer', 31.2, 29.92],
    ['the Azores, far from everything, and exchanged not much nearer', 37.74, -25.67],
    ['the Atlantic, far from everything either way', 0, -30],
    ['a desert whose longitude can be no latitude', -21.35, 127],
  ])('is not given for %s', (_, lat, lng) => {
    expect(warningsAt(lat, lng)).toEqual([]);
  });
});
