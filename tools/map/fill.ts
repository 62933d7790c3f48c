// Polygons as dots: the area by even and odd, line by line, and the edges.
import type { Projection } from './projection.ts';

type Put = (x: number, y: number) => void;

/** All dots whose middle lies in the polygon. Edges as lng, lat, lng, lat. */
export function scanPolygon(edges: Float64Array, flat: Projection, width: number, height: number, put: Put): void {
  const crossings: number[][] = Array.from({ length: height }, () => []);
  eachEdge(edges, flat, (x1, y1, x2, y2) => {
    const from = Math.max(0, Math.ceil(Math.min(y1, y2) - 0.5));
    const to = Math.min(height - 1, Math.ceil(Math.max(y1, y2) - 0.5) - 1);
    for (let y = from; y <= to; y++) crossings[y]?.push(x1 + ((y + 0.5 - y1) / (y2 - y1)) * (x2 - x1));
  });
  for (const [y, found] of crossings.entries()) {
    found.sort((a, b) => a - b);
    for (let i = 0; i + 1 < found.length; i += 2) {
      const from = Math.max(0, Math.ceil((found[i] as number) - 0.5));
      const to = Math.min(width - 1, Math.ceil((found[i + 1] as number) - 0.5) - 1);
      for (let x = from; x <= to; x++) put(x, y);
    }
  }
}

/** The dots along every edge. */
export function paintEdges(edges: Float64Array, flat: Projection, put: Put): void {
  eachEdge(edges, flat, (x1, y1, x2, y2) => {
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1))));
    for (let i = 0; i <= steps; i++) {
      put(Math.floor(x1 + ((x2 - x1) * i) / steps), Math.floor(y1 + ((y2 - y1) * i) / steps));
    }
  });
}

function eachEdge(
  edges: Float64Array,
  flat: Projection,
  take: (x1: number, y1: number, x2: number, y2: number) => void,
): void {
  for (let at = 0; at < edges.length; at += 4) {
    const [lng1, lat1, lng2, lat2] = edges.subarray(at, at + 4) as unknown as readonly [number, number, number, number];
    take(flat.x(lng1), flat.y(lat1), flat.x(lng2), flat.y(lat2));
  }
}
