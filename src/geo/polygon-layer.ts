// The geometry under the polygon cover: which edges touch a rectangle, and whether a rectangle without edges lies inside.

import type { Bounds } from './bounds.ts';
import type { MultiPolygon, Polygon } from './polygon.ts';

/** A polygon's edges and extent, turned round the globe if need be; `bands` find the edges at a latitude. */
export type Shape = {
  /** lng, lat, lng, lat for each edge. */
  readonly edges: Float64Array;
  readonly bounds: Bounds;
  readonly bands: readonly Uint32Array[];
};

/** A polygon and those of its edges, by number, that matter in one place. */
export type Layer = { readonly polygon: Shape; readonly edges: Uint32Array };

/** Every polygon with all of its edges, and a second time one turn west when it reaches beyond 180°. */
export function layersOf(boundary: MultiPolygon): readonly Layer[] {
  return boundary.polygons.flatMap((polygon) => {
    const turned = polygon.bounds.maxLng > 180 ? [layerOf(polygon, 360)] : [];
    return [layerOf(polygon, 0), ...turned];
  });
}

/** The edges of the layer that share a point with the rectangle. */
export function touchedEdges({ polygon, edges }: Layer, cell: Bounds): Uint32Array {
  if (!meet(polygon.bounds, cell)) return NO_EDGES;
  return edges.filter((edge) => touches(polygon.edges, 4 * edge, cell));
}

/** Whether a rectangle that no edge touches lies inside the polygon, by even and odd. */
export function inside({ edges, bounds, bands }: Shape, cell: Bounds): boolean {
  if (!meet(bounds, cell)) return false;
  const x = (cell.minLng + cell.maxLng) / 2;
  const y = (cell.minLat + cell.maxLat) / 2;
  let odd = false;
  for (const edge of bands[bandOf(bounds, bands.length, y)] ?? NO_EDGES) {
    const at = 4 * edge;
    const y1 = edges[at + 1] as number;
    const y2 = edges[at + 3] as number;
    if (y1 > y === y2 > y) continue;
    const x1 = edges[at] as number;
    if (x1 + ((y - y1) / (y2 - y1)) * ((edges[at + 2] as number) - x1) <= x) odd = !odd;
  }
  return odd;
}

const NO_EDGES = new Uint32Array(0);
const EDGES_PER_BAND = 4;
const BANDS_MAX = 4096;

function layerOf(polygon: Polygon, turnWest: number): Layer {
  const edges = polygon.edges.map((value, i) => (i % 2 === 0 ? value - turnWest : value));
  const { minLat, minLng, maxLat, maxLng } = polygon.bounds;
  const bounds = { minLat, minLng: minLng - turnWest, maxLat, maxLng: maxLng - turnWest };
  const all = Uint32Array.from({ length: edges.length / 4 }, (_, i) => i);
  return { polygon: { edges, bounds, bands: bandsOf(edges, bounds) }, edges: all };
}

/** For each of equal bands of latitude, the edges that reach into it. */
function bandsOf(edges: Float64Array, bounds: Bounds): readonly Uint32Array[] {
  const count = Math.max(1, Math.min(BANDS_MAX, Math.floor(edges.length / 4 / EDGES_PER_BAND)));
  const bands: number[][] = Array.from({ length: count }, () => []);
  for (let at = 0; at < edges.length; at += 4) {
    const y1 = edges[at + 1] as number;
    const y2 = edges[at + 3] as number;
    const last = bandOf(bounds, count, Math.max(y1, y2));
    for (let band = bandOf(bounds, count, Math.min(y1, y2)); band <= last; band++)
      (bands[band] as number[]).push(at / 4);
  }
  return bands.map((band) => Uint32Array.from(band));
}

/** The band of a latitude; it never falls as the latitude rises, so an edge's bands hold every latitude of the edge. */
function bandOf({ minLat, maxLat }: Bounds, count: number, lat: number): number {
  const band = Math.floor(((lat - minLat) / (maxLat - minLat)) * count);
  return Math.max(0, Math.min(count - 1, band));
}

function meet(a: Bounds, b: Bounds): boolean {
  return a.minLat <= b.maxLat && a.maxLat >= b.minLat && a.minLng <= b.maxLng && a.maxLng >= b.minLng;
}

function touches(edges: Float64Array, at: number, { minLat, minLng, maxLat, maxLng }: Bounds): boolean {
  const x1 = edges[at] as number;
  const y1 = edges[at + 1] as number;
  const x2 = edges[at + 2] as number;
  const y2 = edges[at + 3] as number;
  if ((x1 < minLng && x2 < minLng) || (x1 > maxLng && x2 > maxLng)) return false;
  if ((y1 < minLat && y2 < minLat) || (y1 > maxLat && y2 > maxLat)) return false;
  if (x1 >= minLng && x1 <= maxLng && y1 >= minLat && y1 <= maxLat) return true;
  // The boxes meet: the edge misses the rectangle only when all four corners lie on one side of its line.
  const dx = x2 - x1;
  const dy = y2 - y1;
  const sw = dx * (minLat - y1) - dy * (minLng - x1);
  const se = dx * (minLat - y1) - dy * (maxLng - x1);
  const nw = dx * (maxLat - y1) - dy * (minLng - x1);
  const ne = dx * (maxLat - y1) - dy * (maxLng - x1);
  return !((sw > 0 && se > 0 && nw > 0 && ne > 0) || (sw < 0 && se < 0 && nw < 0 && ne < 0));
}
