// Reads the rings of polygons out of a GeoJSON document (RFC 7946) that nobody has checked, and says what is wrong where.

import { err, ok, type Result } from '../lib/result.ts';
import type { Ring } from './ring.ts';

/** `path` leads to the offending value, as in `features[3].geometry.coordinates[0][12]`; empty for the document itself. */
export type BoundaryProblem =
  | { readonly code: 'not_geojson'; readonly detail: string; readonly path: string }
  | { readonly code: 'no_polygon'; readonly detail: string }
  | { readonly code: 'bad_coordinates'; readonly detail: string; readonly path: string }
  | { readonly code: 'swapped_coordinates'; readonly detail: string; readonly path: string }
  | { readonly code: 'projected_coordinates'; readonly detail: string; readonly path: string }
  | { readonly code: 'empty_polygon'; readonly detail: string };

/** All polygons in the document, each as its rings, the outer one first. Rings keep what is written, closing point included. */
export function collectPolygons(input: unknown): Result<readonly (readonly Ring[])[], BoundaryProblem> {
  const polygons: (readonly Ring[])[] = [];
  const problem = visit(input, '', polygons, 0);
  if (problem !== undefined) return err(problem);
  if (polygons.length > 0) return ok(polygons);
  return err({ code: 'no_polygon', detail: 'the document has no Polygon and no MultiPolygon' });
}

type Json = Readonly<Record<string, unknown>>;
type Found = (readonly Ring[])[];

// Collections in collections are legal but senseless; without a limit a hostile document could exhaust the stack.
const DEPTH_MAX = 8;
const PASSED_OVER = new Set(['Point', 'MultiPoint', 'LineString', 'MultiLineString']);
// Some programs go on counting: rings are unwrapped, but ten turns are none of any program's.
const LNG_MAX = 3600;
/** What a swapped pair may hold at most: a longitude where the latitude should be. */
const SWAPPED_MAX = 180;

function visit(value: unknown, path: string, out: Found, depth: number): BoundaryProblem | undefined {
  if (depth > DEPTH_MAX) return notGeojson(path, `collections are nested more than ${DEPTH_MAX} deep`);
  if (!isObject(value)) return notGeojson(path, `expected a GeoJSON object, got ${kindOf(value)}`);
  switch (value.type) {
    case 'FeatureCollection':
      return visitAll(value.features, join(path, 'features'), out, depth);
    case 'GeometryCollection':
      return visitAll(value.geometries, join(path, 'geometries'), out, depth);
    case 'Feature':
      // A feature without a place is legal.
      if (value.geometry === null) return undefined;
      return visit(value.geometry, join(path, 'geometry'), out, depth + 1);
    case 'Polygon':
      return readPolygon(value.coordinates, join(path, 'coordinates'), out);
    case 'MultiPolygon':
      return readAll(value.coordinates, join(path, 'coordinates'), (item, at) => readPolygon(item, at, out));
    default:
      if (typeof value.type === 'string' && PASSED_OVER.has(value.type)) return undefined;
      return notGeojson(join(path, 'type'), `not a GeoJSON type: ${quote(value.type)}${looksLike(value)}`);
  }
}

function visitAll(value: unknown, path: string, out: Found, depth: number): BoundaryProblem | undefined {
  if (!Array.isArray(value)) return notGeojson(path, `expected an array, got ${kindOf(value)}`);
  return first(value, (item, i) => visit(item, `${path}[${i}]`, out, depth + 1));
}

function readPolygon(value: unknown, path: string, out: Found): BoundaryProblem | undefined {
  const rings: Ring[] = [];
  const problem = readAll(value, path, (item, at) => readRing(item, at, rings));
  if (problem === undefined) out.push(rings);
  return problem;
}

function readRing(value: unknown, path: string, out: Ring[]): BoundaryProblem | undefined {
  const ring: (readonly [number, number])[] = [];
  const problem = readAll(value, path, (item, at) => {
    if (!Array.isArray(item) || !Number.isFinite(item[0]) || !Number.isFinite(item[1])) {
      return badCoordinates(at, `expected [longitude, latitude] in numbers, got ${quote(item)}`);
    }
    ring.push([item[0], item[1]]);
    return undefined;
  });
  if (problem !== undefined) return problem;
  out.push(ring);
  return checkRing(ring, path);
}

function checkRing(ring: Ring, path: string): BoundaryProblem | undefined {
  const at = ring.findIndex(([lng, lat]) => Math.abs(lat) > 90 || Math.abs(lng) > LNG_MAX);
  const bad = ring[at];
  if (bad === undefined) return undefined;
  const where = `${path}[${at}]`;
  const fitsSwapped = ring.every(([lng, lat]) => Math.abs(lng) <= 90 && Math.abs(lat) <= SWAPPED_MAX);
  // One point among others that fit is a slip of its own.
  const beyond = ring.filter(([, lat]) => Math.abs(lat) > 90).length;
  if (fitsSwapped && beyond * 2 > ring.length) {
    const detail = `${where} is ${quote(bad)}: no latitude is ${bad[1]}. GeoJSON puts longitude first; latitude and longitude seem to be swapped`;
    return { code: 'swapped_coordinates', detail, path: where };
  }
  const far = ring.filter(([x, y]) => Math.abs(y) > 90 && Math.max(Math.abs(x), Math.abs(y)) > 2 * SWAPPED_MAX).length;
  if (far * 2 > ring.length) {
    const detail = `${where} is ${quote(bad)}: these are no degrees but look like metres of a map projection (${projectionOf(ring)}). GeoJSON is in WGS 84 degrees; convert it, for example: npx mapshaper FILE -proj wgs84 -o degrees.geojson`;
    return { code: 'projected_coordinates', detail, path: where };
  }
  const limit =
    Math.abs(bad[1]) > 90 ? 'latitude must be from -90 to 90' : `longitude must be from -${LNG_MAX} to ${LNG_MAX}`;
  return badCoordinates(where, `${limit}, got ${quote(bad)}`);
}

const MERCATOR_MAX = 20_037_509;

function projectionOf(ring: Ring): string {
  const isMercator = ring.every(([x, y]) => Math.abs(x) <= MERCATOR_MAX && Math.abs(y) <= MERCATOR_MAX);
  return isMercator ? 'EPSG:3857, Web Mercator, or a national grid' : 'a national grid';
}

/** What is no GeoJSON but well known, said as the end of a sentence. */
function looksLike(value: Json): string {
  if (value.type === 'Topology')
    return '. This is TopoJSON; convert it, for example: npx mapshaper FILE -o format=geojson boundary.geojson';
  if (value.rings !== undefined || value.spatialReference !== undefined || value.geometryType !== undefined)
    return '. This looks like Esri JSON; convert it, for example: npx mapshaper FILE -o format=geojson boundary.geojson';
  const inner = Object.entries(value).find(([, one]) => isObject(one) && GEOJSON_TYPES.has(String(one.type)));
  return inner === undefined
    ? ''
    : `. Its member ${quote(inner[0])} is a GeoJSON ${String((inner[1] as Json).type)}: send that alone`;
}

const GEOJSON_TYPES = new Set(['FeatureCollection', 'Feature', 'GeometryCollection', 'Polygon', 'MultiPolygon']);

/** Reads every item of an array of coordinates, up to the first problem. */
function readAll(
  value: unknown,
  path: string,
  read: (item: unknown, path: string) => BoundaryProblem | undefined,
): BoundaryProblem | undefined {
  if (!Array.isArray(value)) return badCoordinates(path, `expected an array of coordinates, got ${kindOf(value)}`);
  return first(value, (item, i) => read(item, `${path}[${i}]`));
}

function first(
  items: readonly unknown[],
  check: (item: unknown, index: number) => BoundaryProblem | undefined,
): BoundaryProblem | undefined {
  for (const [i, item] of items.entries()) {
    const problem = check(item, i);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function notGeojson(path: string, why: string): BoundaryProblem {
  return { code: 'not_geojson', detail: path === '' ? why : `${path}: ${why}`, path };
}

function badCoordinates(path: string, why: string): BoundaryProblem {
  return { code: 'bad_coordinates', detail: `${path}: ${why}`, path };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

/** A value for a message, kept short and shallow: it came from outside, and may be nested deeper than the stack. */
function quote(value: unknown): string {
  if (!Array.isArray(value)) return brief(value);
  return `[${value.slice(0, 3).map(brief).join(', ')}${value.length > 3 ? ', …' : ''}]`;
}

function brief(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length <= 40 ? value : `${value.slice(0, 40)}…`);
  return typeof value === 'object' || value === undefined ? kindOf(value) : String(value);
}
