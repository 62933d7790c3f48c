// Which cells a boundary touches: those whose rectangle, edges included, shares a point with the area or an edge of it.

import { err, ok, type Result } from '../lib/result.ts';
import type { Bounds } from './bounds.ts';
import { boundsOfGrid, checkLength, fromGrid, type GridCell, xBits, yBits } from './geohash.ts';
import type { MultiPolygon } from './polygon.ts';
import { inside, type Layer, layersOf, touchedEdges } from './polygon-layer.ts';

export type TooManyCells = {
  readonly code: 'too_many_cells';
  readonly detail: string;
  /** About how many cells it would take: exact would mean listing them. */
  readonly count: number;
  readonly limit: number;
  readonly length: number;
  /** The greatest length that keeps to the limit, and its exact count; absent when not even length 1 does. */
  readonly fits?: { readonly length: number; readonly count: number };
};

/**
 * The geohashes of one length that the boundary touches, sorted. Refused above `limit` cells, without listing them: cells
 * are split from the coarse down, and the counting stops at the first length that has too many. Throws RangeError for a
 * bad length.
 */
export function coverPolygon(
  boundary: MultiPolygon,
  length: number,
  limit: number,
): Result<readonly string[], TooManyCells> {
  checkLength(length);
  let level: Level = { length: 0, partial: [], full: [], count: 1 };
  level.partial.push({ x: 0, y: 0, layers: layersOf(boundary) });
  while (level.length < length) {
    const next = divide(level, limit);
    if (next.count > limit) return err(tooMany(level, next, length, limit));
    level = next;
  }
  const cells: string[] = [];
  for (const { x, y } of level.partial) cells.push(fromGrid(x, y, length));
  for (const block of level.full) listBlock(block, length, cells);
  return ok(cells.sort());
}

/** A cell with an edge in it; `layers` holds, polygon by polygon, only the edges that touch it. */
type Partial = { readonly x: number; readonly y: number; readonly layers: readonly Layer[] };

/** All cells of one length that count: the split ones, and those inside larger ones that lie wholly in the area. */
type Level = {
  readonly length: number;
  readonly partial: Partial[];
  readonly full: GridCell[];
  count: number;
};

/** The next length; stops, with a count above the limit, once that is exceeded. */
function divide(level: Level, limit: number): Level {
  const length = level.length + 1;
  const next: Level = { length, partial: [], full: [...level.full], count: 0 };
  for (const block of level.full) next.count += cellsIn(block, length);
  const columns = 2 ** (xBits(length) - xBits(level.length));
  const rows = 2 ** (yBits(length) - yBits(level.length));
  for (const cell of level.partial) {
    for (let i = 0; i < columns * rows; i++) {
      const x = cell.x * columns + (i % columns);
      const y = cell.y * rows + Math.floor(i / columns);
      const grid = { x, y, length };
      const layers = touched(cell.layers, boundsOfGrid(grid));
      if (layers === 'none') continue;
      next.count += 1;
      if (next.count > limit) return next;
      if (layers === 'full') next.full.push(grid);
      else next.partial.push({ x, y, layers });
    }
  }
  return next;
}

/** What of the parent's edges touches a cell; without any in a polygon, the cell lies wholly inside it or outside. */
function touched(layers: readonly Layer[], cell: Bounds): readonly Layer[] | 'full' | 'none' {
  const kept: Layer[] = [];
  for (const layer of layers) {
    const edges = touchedEdges(layer, cell);
    if (edges.length > 0) kept.push({ polygon: layer.polygon, edges });
    else if (inside(layer.polygon, cell)) return 'full';
  }
  return kept.length > 0 ? kept : 'none';
}

function cellsIn(block: GridCell, length: number): number {
  return 32 ** (length - block.length);
}

function listBlock(block: GridCell, length: number, out: string[]): void {
  const columns = 2 ** (xBits(length) - xBits(block.length));
  const rows = 2 ** (yBits(length) - yBits(block.length));
  for (let y = block.y * rows; y < (block.y + 1) * rows; y++) {
    for (let x = block.x * columns; x < (block.x + 1) * columns; x++) out.push(fromGrid(x, y, length));
  }
}

function tooMany(fitting: Level, exceeding: Level, length: number, limit: number): TooManyCells {
  const inFull = fitting.full.reduce((sum, block) => sum + cellsIn(block, length), 0);
  // About half of a cell on the edge lies inside; while the area is coarse that is all there is to go by.
  const onEdge = (fitting.partial.length * 32 ** (length - fitting.length)) / 2;
  const count = Math.max(Math.round(inFull + onEdge), exceeding.count);
  const many = `the boundary needs about ${count} cells of length ${length}, and ${limit} is the most`;
  if (fitting.length === 0) {
    return { code: 'too_many_cells', detail: `${many}: use a smaller boundary`, count, limit, length };
  }
  const fits = { length: fitting.length, count: fitting.count };
  const detail = `${many}: use length ${fits.length} (${fits.count} cells), or a smaller boundary`;
  return { code: 'too_many_cells', detail, count, limit, length, fits };
}
