// What drawings as SVG share: rings as paths, numbers that are short, and texts that are safe.
import type { Projection } from './projection.ts';

const POINT_APART = 0.6;

/** Edges joined to lines as far as each begins where the one before ended; points that would not be seen are left out. */
export function ringPath(edges: Float64Array, flat: Projection): string {
  const parts: string[] = [];
  let endLng = Number.NaN;
  let endLat = Number.NaN;
  let drawnX = 0;
  let drawnY = 0;
  for (let at = 0; at < edges.length; at += 4) {
    const [lng1 = 0, lat1 = 0, lng2 = 0, lat2 = 0] = edges.subarray(at, at + 4);
    if (lng1 !== endLng || lat1 !== endLat)
      parts.push(`${parts.length > 0 ? 'z' : ''}M${round(flat.x(lng1))} ${round(flat.y(lat1))}`);
    const x = flat.x(lng2);
    const y = flat.y(lat2);
    if (Math.abs(x - drawnX) + Math.abs(y - drawnY) >= POINT_APART) {
      parts.push(`L${round(x)} ${round(y)}`);
      drawnX = x;
      drawnY = y;
    }
    endLng = lng2;
    endLat = lat2;
  }
  return `${parts.join('')}z`;
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
