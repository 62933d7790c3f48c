// A boundary read from GeoJSON. The rule of its area: within one polygon, holes and self-crossings count by even and odd
// (a point is inside when a ray from it meets the rings an odd number of times); several polygons are a union.

import { err, ok, type Result } from '../lib/result.ts';
import type { Bounds } from './bounds.ts';
import { type BoundaryProblem, collectPolygons } from './geojson.ts';
import { type Point, wrapLng } from './point.ts';
import { type Ring, unwrapRing } from './ring.ts';

/** One polygon. Its longitudes are continuous: minLng lies in [-180, 180), maxLng may go beyond 180. */
export type Polygon = {
  /** Every ring's edges, four numbers each: lng, lat, lng, lat. */
  readonly edges: Float64Array;
  readonly bounds: Bounds;
  /** Area in square degrees, holes taken off; only good as a weight. */
  readonly weight: number;
  /** Centre of gravity, its lng continuous like the edges. */
  readonly center: Point;
};

export type MultiPolygon = {
  readonly polygons: readonly Polygon[];
  /** The narrowest bounds of all; maxLng goes beyond 180 where they cross the antimeridian. */
  readonly bounds: Bounds;
  readonly centroid: Point;
};

/**
 * Reads a Polygon, MultiPolygon, GeometryCollection, Feature or FeatureCollection (points and lines in it are passed over).
 * A ring that jumps by more than 180° of longitude crosses the antimeridian, as does one written beyond ±180; a ring that
 * comes round the whole globe holds the nearer pole. Rings need not be closed, nor turn a certain way; what has no area is
 * passed over. Problems: `not_geojson`, `no_polygon`, `bad_coordinates`, `swapped_coordinates`, `empty_polygon`.
 */
export function parseBoundary(input: unknown): Result<MultiPolygon, BoundaryProblem> {
  const found = collectPolygons(input);
  if (!found.ok) return found;
  const polygons = found.value.flatMap((rings) => polygonOf(rings) ?? []);
  if (polygons.length === 0) {
    return err({ code: 'empty_polygon', detail: 'no polygon has an area: each needs a ring of three points or more' });
  }
  const bounds = boundsOfAll(polygons);
  return ok({ polygons, bounds, centroid: centroidOf(polygons, bounds) });
}

/** True when the point lies in the area (by even and odd within each polygon, the union of all); south and west edges do. */
export function polygonContains(boundary: MultiPolygon, point: Point): boolean {
  const lng = wrapLng(point.lng);
  return boundary.polygons.some(({ edges, bounds }) => {
    if (point.lat < bounds.minLat || point.lat > bounds.maxLat) return false;
    return isOdd(edges, lng, point.lat) || isOdd(edges, lng + 360, point.lat);
  });
}

/** Whether a ray to the west meets the edges an odd number of times; an edge includes its lower end only. */
function isOdd(edges: Float64Array, x: number, y: number): boolean {
  let odd = false;
  for (let i = 0; i < edges.length; i += 4) {
    const y1 = edges[i + 1] as number;
    const y2 = edges[i + 3] as number;
    if (y1 > y === y2 > y) continue;
    const x1 = edges[i] as number;
    if (x1 + ((y - y1) / (y2 - y1)) * ((edges[i + 2] as number) - x1) <= x) odd = !odd;
  }
  return odd;
}

/** `undefined` when the outer ring has no area. */
function polygonOf(written: readonly Ring[]): Polygon | undefined {
  const [first, ...others] = written;
  const outer = first === undefined ? undefined : unwrapRing(first);
  if (outer === undefined) return undefined;
  const extent = boundsOfRing(outer);
  const holes = others.flatMap((ring) => {
    const hole = unwrapRing(ring);
    return hole === undefined ? [] : [turnInto(hole, extent)];
  });
  // A hole may stick out of its polygon, by mistake or by even and odd: the bounds are those of all rings.
  const rings = [outer, ...holes];
  const bounds = boundsOfRing(rings.flat());
  if (bounds.minLng < -180) return shapeOf(rings.map((ring) => turned(ring, 360)));
  return shapeOf(rings);
}

function shapeOf(rings: readonly Ring[]): Polygon {
  const bounds = boundsOfRing(rings.flat());
  let area = 0;
  let momentX = 0;
  let momentY = 0;
  for (const [i, ring] of rings.entries()) {
    const part = moments(ring);
    const sign = i === 0 ? 1 : -1;
    area += sign * part.area;
    momentX += sign * part.momentX;
    momentY += sign * part.momentY;
  }
  const center = within(bounds, { lat: momentY / area, lng: momentX / area });
  return { edges: edgesOf(rings), bounds, weight: Math.max(area, 0), center };
}

function edgesOf(rings: readonly Ring[]): Float64Array {
  const edges: number[] = [];
  for (const ring of rings) {
    for (const [i, [lng, lat]] of ring.entries()) {
      const [nextLng, nextLat] = ring[(i + 1) % ring.length] as Ring[number];
      edges.push(lng, lat, nextLng, nextLat);
    }
  }
  return Float64Array.from(edges);
}

/** A hole turned round the globe, so that it lies where its outer ring was unwrapped to. */
function turnInto(ring: Ring, outer: Bounds): Ring {
  const inner = boundsOfRing(ring);
  const turn = Math.round((outer.minLng + outer.maxLng - inner.minLng - inner.maxLng) / 720) * 360;
  return turn === 0 ? ring : turned(ring, turn);
}

function turned(ring: Ring, turn: number): Ring {
  return ring.map(([lng, lat]) => [lng + turn, lat] as const);
}

function boundsOfRing(ring: Ring): Bounds {
  let minLat = 90;
  let maxLat = -90;
  let minLng = Number.POSITIVE_INFINITY;
  let maxLng = Number.NEGATIVE_INFINITY;
  for (const [lng, lat] of ring) {
    minLat = Math.min(minLat, lat);
    maxLat = Math.max(maxLat, lat);
    minLng = Math.min(minLng, lng);
    maxLng = Math.max(maxLng, lng);
  }
  return { minLat, minLng, maxLat, maxLng };
}

/** Area and first moments, made positive whichever way the ring turns; taken from its first point, to keep digits. */
function moments(ring: Ring): { readonly area: number; readonly momentX: number; readonly momentY: number } {
  const [x0, y0] = ring[0] as Ring[number];
  let area = 0;
  let momentX = 0;
  let momentY = 0;
  for (const [i, [lng, lat]] of ring.entries()) {
    const [nextLng, nextLat] = ring[(i + 1) % ring.length] as Ring[number];
    const cross = (lng - x0) * (nextLat - y0) - (nextLng - x0) * (lat - y0);
    area += cross / 2;
    momentX += (cross * (lng + nextLng - 2 * x0)) / 6;
    momentY += (cross * (lat + nextLat - 2 * y0)) / 6;
  }
  const sign = Math.sign(area);
  return { area: area * sign, momentX: (momentX + area * x0) * sign, momentY: (momentY + area * y0) * sign };
}

/** The centre, or the middle of the bounds where self-crossings leave none (also for NaN). */
function within(bounds: Bounds, { lat, lng }: Point): Point {
  const inside = lat >= bounds.minLat && lat <= bounds.maxLat && lng >= bounds.minLng && lng <= bounds.maxLng;
  return inside ? { lat, lng } : { lat: (bounds.minLat + bounds.maxLat) / 2, lng: (bounds.minLng + bounds.maxLng) / 2 };
}

/** The narrowest bounds: they leave out the widest gap of longitudes. */
function boundsOfAll(polygons: readonly Polygon[]): Bounds {
  let minLat = 90;
  let maxLat = -90;
  for (const { bounds } of polygons) {
    minLat = Math.min(minLat, bounds.minLat);
    maxLat = Math.max(maxLat, bounds.maxLat);
  }
  const spans = polygons.flatMap(({ bounds }) => foldedSpans(bounds)).sort((a, b) => a[0] - b[0]);
  const [firstMin] = spans[0] as Span;
  let reach = Number.NEGATIVE_INFINITY;
  let widest = 0;
  let lngs: Span = [-180, 180];
  for (const [i, [, max]] of spans.entries()) {
    reach = Math.max(reach, max);
    const next = spans[i + 1]?.[0];
    const gap = (next ?? firstMin + 360) - reach;
    if (gap <= widest) continue;
    widest = gap;
    lngs = next === undefined ? [firstMin, reach] : [next, reach + 360];
  }
  return { minLat, minLng: lngs[0], maxLat, maxLng: lngs[1] };
}

type Span = readonly [min: number, max: number];

/** The longitudes of bounds within [-180, 180], in two pieces when they cross the antimeridian. */
function foldedSpans({ minLng, maxLng }: Bounds): readonly Span[] {
  if (maxLng <= 180) return [[minLng, maxLng]];
  return [
    [minLng, 180],
    [-180, Math.min(180, maxLng - 360)],
  ];
}

function centroidOf(polygons: readonly Polygon[], bounds: Bounds): Point {
  let weight = 0;
  let lat = 0;
  let lng = 0;
  for (const polygon of polygons) {
    const turn = polygon.bounds.minLng < bounds.minLng - 1e-9 ? 360 : 0;
    weight += polygon.weight;
    lat += polygon.weight * polygon.center.lat;
    lng += polygon.weight * (polygon.center.lng + turn);
  }
  const center = within(bounds, { lat: lat / weight, lng: lng / weight });
  return { lat: center.lat, lng: wrapLng(center.lng) };
}
