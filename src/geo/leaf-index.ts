// The leaves of a cell map, found by point: sorted arrays of integers, one part for each three-letter prefix. Leaves have 3
// to 7 characters and never overlap, so the leaf that holds a point is the last one that does not start after it.

import { gridX, gridY, isGeohash, letterValue } from './geohash.ts';
import { checkPoint, type Point } from './point.ts';

export const LEAF_MIN_LENGTH = 3;
export const LEAF_MAX_LENGTH = 7;

/** The leaves of one prefix. `starts` are the 20 bits after the prefix, rising; the arrays run side by side. */
export type LeafPart = {
  readonly starts: Uint32Array;
  readonly lengths: Uint8Array;
  readonly cells: readonly string[];
};

export type LeafIndex = {
  /** The leaves of a prefix, given as a number of 15 bits (`prefixCode`). */
  readonly part: (prefix: number) => LeafPart | undefined;
};

/**
 * Indexes leaves. Throws RangeError for what is no geohash of 3 to 7 characters, and when one holds another: a caller that
 * cannot be sure sorts that out before.
 */
export function leafIndex(cells: Iterable<string>): LeafIndex {
  const groups = new Map<number, string[]>();
  for (const cell of cells) {
    if (!isLeafName(cell)) throw new RangeError(`"${cell}" is not a geohash of 3 to 7 characters`);
    const code = prefixCode(cell);
    const group = groups.get(code);
    if (group === undefined) groups.set(code, [cell]);
    else group.push(cell);
  }
  const parts = new Map<number, LeafPart>();
  for (const [code, group] of groups) parts.set(code, leafPart(group));
  return { part: (prefix) => parts.get(prefix) };
}

/** Sorts the leaves of one prefix. Throws RangeError when one holds another. */
export function leafPart(leaves: readonly string[]): LeafPart {
  const cells = [...leaves].sort();
  const starts = new Uint32Array(cells.length);
  const lengths = new Uint8Array(cells.length);
  let before = '';
  for (const [i, cell] of cells.entries()) {
    // In alphabetical order a cell stands right before the first one inside it.
    if (i > 0 && cell.startsWith(before)) throw new RangeError(`leaves overlap: "${before}" holds "${cell}"`);
    before = cell;
    starts[i] = startCode(cell);
    lengths[i] = cell.length;
  }
  return { starts, lengths, cells };
}

/** The position of the leaf that holds the 20 bits, -1 when none does. */
export function findLeaf(part: LeafPart, code: number): number {
  const { starts, lengths } = part;
  const at = firstFrom(starts, code + 1, 0, starts.length) - 1;
  if (at < 0) return -1;
  return code < (starts[at] as number) + span(lengths[at] as number) ? at : -1;
}

/** The first position in [lo, hi) whose start is not below `code`; `hi` when there is none. */
export function firstFrom(starts: Uint32Array, code: number, lo: number, hi: number): number {
  let low = lo;
  let high = hi;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] as number) < code) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many codes of 20 bits a cell of this length (3 to 7) covers. */
export function span(length: number): number {
  return 1 << (5 * (LEAF_MAX_LENGTH - length));
}

/** Where a point lies: its prefix (15 bits) and what follows (20 bits). Throws RangeError for a bad point. */
export function codesOf(point: Point): { readonly prefix: number; readonly code: number } {
  checkPoint(point);
  const x = gridX(point.lng) >> 12;
  const y = gridY(point.lat) >> 13;
  return { prefix: prefixOfGrid(x >> 10, y >> 10), code: (spread(y & 1023) << 1) | spread(x & 1023) };
}

/** The number of the three-letter cell in column `x` and row `y`. */
export function prefixOfGrid(x: number, y: number): number {
  return spread(x) | (spread(y) << 1);
}

/** The number of the first three letters, which must be letters of a geohash. */
export function prefixCode(cell: string): number {
  return (
    (letterValue(cell.charCodeAt(0)) << 10) | (letterValue(cell.charCodeAt(1)) << 5) | letterValue(cell.charCodeAt(2))
  );
}

/** The 20 bits after the prefix of a geohash of 3 characters or more: those of its south-west corner, cut after 7 characters. */
export function startCode(cell: string): number {
  const end = Math.min(cell.length, LEAF_MAX_LENGTH);
  let code = 0;
  for (let i = LEAF_MIN_LENGTH; i < end; i++) code = (code << 5) | letterValue(cell.charCodeAt(i));
  return code << (5 * (LEAF_MAX_LENGTH - end));
}

export function isLeafName(cell: string): boolean {
  return cell.length >= LEAF_MIN_LENGTH && cell.length <= LEAF_MAX_LENGTH && isGeohash(cell);
}

// Ten bits, with a gap before each: half of an interleaved code.
const SPREAD = Uint32Array.from({ length: 1024 }, (_, value) => {
  let bits = 0;
  for (let bit = 0; bit < 10; bit++) bits |= ((value >> bit) & 1) << (2 * bit);
  return bits;
});

function spread(value: number): number {
  return SPREAD[value] as number;
}
