// Which cells a circle touches: exactly those with a point within the radius, whatever the latitude.

import type { Bounds } from './bounds.ts';
import { degreesBox, minDistanceToBoundsM } from './distance.ts';
import { boundsOfGrid, checkLength, decode, fromGrid, xBits, yBits } from './geohash.ts';
import {
  firstFrom,
  LEAF_MIN_LENGTH,
  type LeafIndex,
  type LeafPart,
  leafIndex,
  prefixOfGrid,
  span,
} from './leaf-index.ts';
import { checkPoint, type Point } from './point.ts';

/** A cell and the distance from the centre of the circle to the nearest point of the cell, 0 when it holds the centre. */
export type CoverCell = { readonly cell: string; readonly distanceM: number };

/** Beyond this many cells a cover at a fixed length is a mistake. */
export const COVER_CELLS_MAX = 100_000;

/**
 * The leaves (3 to 7 characters, none inside another) that the circle touches, nearest first, equally near ones by name.
 * A set is indexed at each call: keep a `leafIndex` for more than one. Throws RangeError for a bad point or radius.
 */
export function coverCircle(
  center: Point,
  radiusM: number,
  leaves: LeafIndex | ReadonlySet<string>,
): readonly CoverCell[] {
  checkCircle(center, radiusM);
  const index = leaves instanceof Set ? leafIndex(leaves) : (leaves as LeafIndex);
  const circle: Circle = { center, radiusM, box: boxAround(center, radiusM), found: [] };
  const block = blockOf(circle.box, LEAF_MIN_LENGTH);
  for (let row = 0; row < block.rows; row++) {
    for (let step = 0; step < block.columns; step++) {
      const part = index.part(prefixOfGrid(column(block, step), block.south + row));
      if (part !== undefined) walk(circle, part, 0, part.starts.length, LEAF_MIN_LENGTH);
    }
  }
  return circle.found.sort(byDistance);
}

/**
 * All cells of one length that the circle touches, nearest first, equally near ones by name. Length 3 names the parts of
 * the cell map that a circle needs. Throws RangeError for a bad point, radius or length, and above `COVER_CELLS_MAX` cells.
 */
export function coverCircleAtLength(center: Point, radiusM: number, length: number): readonly CoverCell[] {
  checkCircle(center, radiusM);
  checkLength(length);
  const block = blockOf(boxAround(center, radiusM), length);
  const cells = block.columns * block.rows;
  if (cells > COVER_CELLS_MAX) {
    throw new RangeError(
      `a circle of ${radiusM} m touches up to ${cells} cells of length ${length}: use a shorter length`,
    );
  }
  const found: CoverCell[] = [];
  for (let y = block.south; y < block.south + block.rows; y++) {
    for (let step = 0; step < block.columns; step++) {
      const x = column(block, step);
      const distanceM = minDistanceToBoundsM(center, boundsOfGrid({ x, y, length }));
      if (distanceM <= radiusM) found.push({ cell: fromGrid(x, y, length), distanceM });
    }
  }
  return found.sort(byDistance);
}

/**
 * All cells of one length that the circle touches: of the longest of 1 to `lengthMax` letters of which its box holds no more than
 * `cellsMax` (the shortest, where none fits). A circle that reaches a pole holds all longitudes, and is covered by large cells.
 */
export function coverCircleWithin(
  center: Point,
  radiusM: number,
  lengthMax: number,
  cellsMax: number,
): { readonly length: number; readonly cells: readonly CoverCell[] } {
  checkCircle(center, radiusM);
  const box = boxAround(center, radiusM);
  let length = lengthMax;
  for (; length > 1; length--) {
    const { columns, rows } = blockOf(box, length);
    if (columns * rows <= cellsMax) break;
  }
  return { length, cells: coverCircleAtLength(center, radiusM, length) };
}

type Circle = {
  readonly center: Point;
  readonly radiusM: number;
  readonly box: Bounds;
  readonly found: CoverCell[];
};

// Below this many leaves it is cheaper to look at each than to go down one level more.
const SCAN_MAX = 12;

/** Goes down the leaves [lo, hi) of a part, which all lie in one cell of `length` characters. */
function walk(circle: Circle, part: LeafPart, lo: number, hi: number, length: number): void {
  const { starts, cells } = part;
  if (hi - lo <= SCAN_MAX) {
    for (let i = lo; i < hi; i++) take(circle, cells[i] as string);
    return;
  }
  const childSpan = span(length + 1);
  for (let i = lo; i < hi; ) {
    const start = starts[i] as number;
    const end = firstFrom(starts, start - (start % childSpan) + childSpan, i + 1, hi);
    const first = cells[i] as string;
    if (end - i === 1) take(circle, first);
    else if (overlaps(circle.box, decode(first.slice(0, length + 1)))) walk(circle, part, i, end, length + 1);
    i = end;
  }
}

function take({ center, radiusM, box, found }: Circle, cell: string): void {
  const bounds = decode(cell);
  if (!overlaps(box, bounds)) return;
  const distanceM = minDistanceToBoundsM(center, bounds);
  if (distanceM <= radiusM) found.push({ cell, distanceM });
}

/** Whether a box, which may reach beyond ±180, and a cell's bounds have a point in common. */
function overlaps(box: Bounds, cell: Bounds): boolean {
  if (cell.maxLat < box.minLat || cell.minLat > box.maxLat) return false;
  if (cell.maxLng >= box.minLng && cell.minLng <= box.maxLng) return true;
  return cell.minLng + 360 <= box.maxLng || cell.maxLng - 360 >= box.minLng;
}

/** A block of the grid of one length; the columns run east from `west` and fold at `width`. */
type Block = {
  readonly west: number;
  readonly columns: number;
  readonly south: number;
  readonly rows: number;
  readonly width: number;
};

/** The columns and rows that a box touches, none twice. */
function blockOf(box: Bounds, length: number): Block {
  const width = 2 ** xBits(length);
  const height = 2 ** yBits(length);
  const west = Math.floor(((box.minLng + 180) / 360) * width);
  const east = Math.floor(((box.maxLng + 180) / 360) * width);
  const south = Math.max(0, Math.floor(((box.minLat + 90) / 180) * height));
  const north = Math.min(height - 1, Math.floor(((box.maxLat + 90) / 180) * height));
  return { west, columns: Math.min(width, east - west + 1), south, rows: north - south + 1, width };
}

function column({ west, width }: Block, step: number): number {
  return (((west + step) % width) + width) % width;
}

// A circle touches a cell when it reaches its edge: the box needs room for rounding.
const MARGIN_M = 0.001;

function boxAround(center: Point, radiusM: number): Bounds {
  return degreesBox(center, radiusM + MARGIN_M);
}

function checkCircle(center: Point, radiusM: number): void {
  checkPoint(center);
  if (!(radiusM >= 0 && radiusM < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`a radius must be a number of metres from 0, got ${radiusM}`);
  }
}

function byDistance(a: CoverCell, b: CoverCell): number {
  return a.distanceM - b.distanceM || (a.cell < b.cell ? -1 : 1);
}
