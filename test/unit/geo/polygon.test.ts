// Boundaries as people send them: good ones, odd ones, and what is said about bad ones.
import { describe, expect, it } from 'vitest';
import { boxRing, type Position } from '../../../src/geo/box-polygon.ts';
import { type MultiPolygon, parseBoundary, polygonContains } from '../../../src/geo/polygon.ts';

const polygon = (...rings: readonly (readonly Position[])[]) => ({ type: 'Polygon', coordinates: rings });

function parsed(input: unknown): MultiPolygon {
  const result = parseBoundary(input);
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}

const holds = (boundary: MultiPolygon, lng: number, lat: number): boolean => polygonContains(boundary, { lat, lng });

describe('parseBoundary', () => {
  it('reads all four kinds to the same', () => {
    const geometry = polygon(boxRing(-122.5, 37.7, -122.4, 37.8));
    const multi = { type: 'MultiPolygon', coordinates: [geometry.coordinates] };
    const feature = { type: 'Feature', properties: null, geometry };
    const collection = { type: 'FeatureCollection', features: [feature] };
    const geometries = { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [0, 0] }, geometry] };
    const expected = parsed(geometry);
    expect(expected.bounds).toEqual({ minLat: 37.7, minLng: -122.5, maxLat: 37.8, maxLng: -122.4 });
    expect(expected.centroid.lat).toBeCloseTo(37.75, 9);
    expect(expected.centroid.lng).toBeCloseTo(-122.45, 9);
    for (const input of [multi, feature, collection, geometries]) expect(parsed(input)).toEqual(expected);
  });

  it('passes over heights, features without a place, repeated points and rings that are not closed', () => {
    const open = [
      [0, 0, 12],
      [2, 0, 13],
      [2, 0, 13],
      [2, 2, 14],
      [0, 2, 15],
    ];
    const features = [
      { type: 'Feature', properties: {}, geometry: null },
      { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [open] } },
    ];
    expect(parsed({ type: 'FeatureCollection', features })).toEqual(parsed(polygon(boxRing(0, 0, 2, 2))));
  });

  it('holes are not inside, islands in them are, whichever way the rings turn', () => {
    const hole = [...boxRing(2, 2, 8, 8)].reverse();
    for (const ring of [hole, boxRing(2, 2, 8, 8)]) {
      const coordinates = [[boxRing(0, 0, 10, 10), ring], [boxRing(4, 4, 6, 6)]];
      const boundary = parsed({ type: 'MultiPolygon', coordinates });
      expect([1, 3, 5].map((at) => holds(boundary, at, at))).toEqual([true, false, true]);
      expect(boundary.centroid).toEqual({ lat: 5, lng: 5 });
    }
  });

  it('a ring that crosses itself counts by even and odd; polygons that overlap are a union', () => {
    const bow: Position[] = [
      [0, 0],
      [4, 4],
      [4, 0],
      [0, 4],
    ];
    const tie = parsed(polygon(bow));
    expect([holds(tie, 0.5, 2), holds(tie, 3.5, 2), holds(tie, 2, 0.5), holds(tie, 2, 3.5)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(tie.centroid).toEqual({ lat: 2, lng: 2 });
    const twice = parsed({ type: 'MultiPolygon', coordinates: [[boxRing(0, 0, 4, 4)], [boxRing(2, 2, 6, 6)]] });
    expect([1, 3, 5].map((at) => holds(twice, at, at))).toEqual([true, true, true]);
  });
});

describe('the antimeridian and the poles', () => {
  const jumping: Position[] = [
    [178, -18],
    [-178, -18],
    [-178, -16],
    [178, -16],
  ];

  it.each([
    ['a ring that jumps', polygon(jumping)],
    ['a ring beyond 180', polygon(boxRing(178, -18, 182, -16))],
    ['a ring beyond -180', polygon(boxRing(-182, -18, -178, -16))],
    [
      'two polygons that meet there',
      { type: 'MultiPolygon', coordinates: [[boxRing(178, -18, 180, -16)], [boxRing(-180, -18, -178, -16)]] },
    ],
  ])('%s covers both sides and nothing else', (_, input) => {
    const boundary = parsed(input);
    expect(boundary.bounds).toEqual({ minLat: -18, minLng: 178, maxLat: -16, maxLng: 182 });
    expect(Math.abs(boundary.centroid.lng)).toBeCloseTo(180, 9);
    expect([179, -179, 180, 177, -177, 0].map((lng) => holds(boundary, lng, -17))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('a hole beyond the antimeridian is where its polygon is, however it is written', () => {
    const hole: Position[] = [
      [-179.5, -17.5],
      [-178.5, -17.5],
      [-178.5, -16.5],
      [-179.5, -16.5],
    ];
    const boundary = parsed(polygon(jumping, hole));
    expect([holds(boundary, -179, -17), holds(boundary, -178.2, -17), holds(boundary, 179, -17)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('a hole that sticks out of its polygon is area outside of it, beyond the antimeridian too', () => {
    const boundary = parsed(polygon(boxRing(-179, -18, -170, -10), boxRing(-182, -16, -178, -12)));
    expect([-178.5, -179.5, 179, -175, 177].map((lng) => holds(boundary, lng, -14))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(boundary.bounds).toEqual({ minLat: -18, minLng: 178, maxLat: -10, maxLng: 190 });
  });

  it('a ring round the globe holds the nearer pole', () => {
    const north: Position[] = [
      [-120, 80],
      [0, 80],
      [120, 80],
    ];
    const cap = parsed(polygon(north));
    expect([holds(cap, 50, 85), holds(cap, -170, 89.9), holds(cap, 170, 85), holds(cap, 50, 75)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    const south = parsed(
      polygon([
        [-180, -70],
        [0, -65],
        [180, -70],
        [180, -90],
        [-180, -90],
      ]),
    );
    expect([holds(south, 10, -80), holds(south, -179, -89), holds(south, 10, -60)]).toEqual([true, true, false]);
  });

  it('the whole world in four corners is the whole world', () => {
    const world = parsed(polygon(boxRing(-180, -90, 180, 90)));
    expect(world.bounds).toEqual({ minLat: -90, minLng: -180, maxLat: 90, maxLng: 180 });
    expect(holds(world, 100, 40)).toBe(true);
  });
});

describe('problems', () => {
  const line = { type: 'LineString', coordinates: boxRing(0, 0, 1, 1) };
  const nested = (depth: number): unknown =>
    depth === 0 ? line : { type: 'GeometryCollection', geometries: [nested(depth - 1)] };
  const inFeature = (geometry: unknown) => ({ type: 'FeatureCollection', features: [{ type: 'Feature', geometry }] });

  it.each<readonly [name: string, input: unknown, code: string, detail: string]>([
    ['nothing', undefined, 'not_geojson', 'expected a GeoJSON object, got nothing'],
    ['null', null, 'not_geojson', 'expected a GeoJSON object, got null'],
    ['a text', '{"type":"Polygon"}', 'not_geojson', 'expected a GeoJSON object, got a value of type string'],
    ['an array', [1], 'not_geojson', 'expected a GeoJSON object, got an array'],
    ['an empty object', {}, 'not_geojson', 'type: not a GeoJSON type: nothing'],
    ['TopoJSON', { type: 'Topology' }, 'not_geojson', 'type: not a GeoJSON type: "Topology"'],
    ['no features', { type: 'FeatureCollection' }, 'not_geojson', 'features: expected an array, got nothing'],
    [
      'a bad feature',
      inFeature(7),
      'not_geojson',
      'features[0].geometry: expected a GeoJSON object, got a value of type number',
    ],
    ['endless nesting', nested(5000), 'not_geojson', 'nested more than 8 deep'],
    ['a line', line, 'no_polygon', 'the document has no Polygon and no MultiPolygon'],
    ['an empty collection', { type: 'FeatureCollection', features: [] }, 'no_polygon', 'has no Polygon'],
    [
      'no coordinates',
      { type: 'Polygon' },
      'bad_coordinates',
      'coordinates: expected an array of coordinates, got nothing',
    ],
    [
      'a ring too flat',
      { type: 'Polygon', coordinates: boxRing(0, 0, 1, 1) },
      'bad_coordinates',
      'coordinates[0][0]: expected [longitude, latitude] in numbers, got 0',
    ],
    [
      'texts',
      { type: 'Polygon', coordinates: [[['1', '2']]] },
      'bad_coordinates',
      'coordinates[0][0]: expected [longitude, latitude] in numbers, got ["1", "2"]',
    ],
    ['NaN', polygon([[Number.NaN, 3]]), 'bad_coordinates', 'got [NaN, 3]'],
    ['a short position', { type: 'Polygon', coordinates: [[[1]]] }, 'bad_coordinates', 'got [1]'],
    [
      'metres',
      polygon([[551_000, 4_180_000]]),
      'projected_coordinates',
      'look like metres of a map projection (EPSG:3857, Web Mercator, or a national grid)',
    ],
    [
      'TopoJSON',
      { type: 'Topology', objects: {}, arcs: [] },
      'not_geojson',
      'not a GeoJSON type: "Topology". This is TopoJSON; convert it',
    ],
    [
      'Esri JSON',
      { geometryType: 'esriGeometryPolygon', features: [] },
      'not_geojson',
      'This looks like Esri JSON; convert it',
    ],
    [
      'a collection in a wrapper',
      { status: 'ok', data: { type: 'FeatureCollection', features: [] } },
      'not_geojson',
      'Its member "data" is a GeoJSON FeatureCollection: send that alone',
    ],
    ['too far east', polygon([[4000, 3]]), 'bad_coordinates', 'longitude must be from -3600 to 3600, got [4000, 3]'],
    [
      'swapped',
      polygon([
        [37.7, -122.4],
        [37.8, -122.4],
        [37.8, -122.5],
      ]),
      'swapped_coordinates',
      'coordinates[0][0] is [37.7, -122.4]: no latitude is -122.4. GeoJSON puts longitude first; latitude and longitude seem to be swapped',
    ],
    [
      'a slip in one point',
      polygon([
        [10, 59],
        [10.1, 95],
        [10.1, 59.1],
      ]),
      'bad_coordinates',
      'coordinates[0][1]: latitude must be from -90 to 90, got [10.1, 95]',
    ],
    ['no rings', { type: 'Polygon', coordinates: [] }, 'empty_polygon', 'no polygon has an area'],
    ['a point', polygon([[1, 2]]), 'empty_polygon', 'no polygon has an area'],
    [
      'a straight line',
      polygon([
        [0, 0],
        [1, 1],
        [3, 3],
        [0, 0],
      ]),
      'empty_polygon',
      'no polygon has an area',
    ],
    [
      'two points',
      polygon([
        [0, 0],
        [1, 1],
        [0, 0],
      ]),
      'empty_polygon',
      'no polygon has an area',
    ],
  ])('%s', (_, input, code, detail) => {
    const result = parseBoundary(input);
    expect(result).toMatchObject({ ok: false, error: { code } });
    if (!result.ok) expect(result.error.detail).toContain(detail);
  });

  it('name the place in a large document', () => {
    const good = { type: 'Feature', geometry: polygon(boxRing(0, 0, 1, 1)) };
    const bad = {
      type: 'Feature',
      geometry: {
        type: 'MultiPolygon',
        coordinates: [
          [boxRing(0, 0, 1, 1)],
          [
            [
              [0, 0],
              [1, 95],
              [1, 1],
            ],
          ],
        ],
      },
    };
    const result = parseBoundary({ type: 'FeatureCollection', features: [good, bad] });
    expect(result).toMatchObject({ error: { path: 'features[1].geometry.coordinates[1][0][1]' } });
  });

  it('a hostile depth of arrays is refused, not a crash', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(parseBoundary({ type: 'MultiPolygon', coordinates: deep })).toMatchObject({
      error: { code: 'bad_coordinates' },
    });
  });
});

describe('longitudes that go on counting', () => {
  it('GEO4 are unwrapped, however often they went round', () => {
    const at = (turns: number) => {
      const result = parseBoundary({
        type: 'Polygon',
        coordinates: [boxRing(10 + 360 * turns, 59, 11 + 360 * turns, 60)],
      });
      return result.ok ? result.value.bounds : undefined;
    };
    for (const turns of [1, 2, -3, 9]) expect(at(turns)).toEqual(at(0));
  });
});
