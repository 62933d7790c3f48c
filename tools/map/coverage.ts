// What a drawing of a city shows: its boundary, its leaves, and how much of what each can carry it carries.
import type { Bounds } from '../../src/geo/bounds.ts';
import { decode } from '../../src/geo/geohash.ts';
import type { MultiPolygon } from '../../src/geo/polygon.ts';

export type CoveredCell = {
  readonly cell: string;
  /** Share of what it can carry before it splits; absent where nobody asked. */
  readonly used?: number;
  /** What it keeps cannot be read. */
  readonly state?: 'unreadable';
};

export type Coverage = {
  readonly id: string;
  readonly name: string;
  readonly boundary: MultiPolygon;
  /** Leaves, of any length, in any order. */
  readonly cells: readonly CoveredCell[];
};

/** How hot: as much as is wanted in normal times, more than at a peak, enough to split. */
export type Heat = 'warm' | 'hot' | 'split';

export const HEATS: readonly { readonly heat: Heat; readonly from: number; readonly sign: string }[] = [
  { heat: 'split', from: 1, sign: '▲' },
  { heat: 'hot', from: 0.75, sign: '●' },
  { heat: 'warm', from: 0.5, sign: '○' },
];

export function heatOf({ used = 0 }: CoveredCell): Heat | undefined {
  return HEATS.find(({ from }) => used >= from)?.heat;
}

/** A cell's rectangle, turned round the globe to lie beside the boundary. */
export function placed(cell: string, boundary: MultiPolygon): Bounds {
  const { minLat, maxLat, minLng, maxLng } = decode(cell);
  const frame = frameOf(boundary);
  const middle = (frame.minLng + frame.maxLng) / 2;
  const turn = Math.round((middle - (minLng + maxLng) / 2) / 360) * 360;
  return { minLat, maxLat, minLng: minLng + turn, maxLng: maxLng + turn };
}

/** All that is to be seen. */
export function extentOf({ boundary, cells }: Coverage): Bounds {
  let { minLat, minLng, maxLat, maxLng } = frameOf(boundary);
  for (const { cell } of cells) {
    const box = placed(cell, boundary);
    minLat = Math.min(minLat, box.minLat);
    minLng = Math.min(minLng, box.minLng);
    maxLat = Math.max(maxLat, box.maxLat);
    maxLng = Math.max(maxLng, box.maxLng);
  }
  return { minLat, minLng, maxLat, maxLng };
}

/** The boundary's edges, polygon by polygon, each turned to lie within the frame of all: lng, lat, lng, lat. */
export function outlines(boundary: MultiPolygon): readonly Float64Array[] {
  const { minLng } = frameOf(boundary);
  return boundary.polygons.map(({ edges, bounds: own }) => {
    if (own.minLng >= minLng || isRound(own)) return edges;
    return edges.map((value, at) => (at % 2 === 0 ? value + 360 : value));
  });
}

const isRound = ({ minLng, maxLng }: Bounds): boolean => maxLng - minLng >= 360;
const frames = new WeakMap<MultiPolygon, Bounds>();

/** The bounds; of a ring round a pole, the turn of the globe in which its edges run: from where it begins, not from -180. */
function frameOf(boundary: MultiPolygon): Bounds {
  const known = frames.get(boundary);
  if (known !== undefined) return known;
  const round = boundary.polygons.find(({ bounds }) => isRound(bounds));
  const minLng = round?.edges.reduce((min, value, at) => (at % 2 === 0 ? Math.min(min, value) : min), Infinity);
  const frame = minLng === undefined ? boundary.bounds : { ...boundary.bounds, minLng, maxLng: minLng + 360 };
  frames.set(boundary, frame);
  return frame;
}

/** Leaves by length, the shortest first. */
export function countByLength(cells: readonly CoveredCell[]): readonly (readonly [length: number, count: number])[] {
  const counts = new Map<number, number>();
  for (const { cell } of cells) counts.set(cell.length, (counts.get(cell.length) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b);
}
