// Geohashes: the names of the cells. Base 32, 1 to 12 characters; a cell includes its south and west edges, not the others,
// except that the north pole and lng 180 belong to the last row and column.

import type { Bounds } from './bounds.ts';
import { checkPoint, type Point } from './point.ts';

export const MAX_LENGTH = 12;

export type Neighbors = {
  readonly n: string | undefined;
  readonly ne: string | undefined;
  readonly e: string;
  readonly se: string | undefined;
  readonly s: string | undefined;
  readonly sw: string | undefined;
  readonly w: string;
  readonly nw: string | undefined;
};

/** A cell as column `x` (from the antimeridian east) and row `y` (from the south pole) in the grid of its length. */
export type GridCell = { readonly x: number; readonly y: number; readonly length: number };

/** The geohash of `length` characters that holds the point. Throws RangeError for a bad point or length. */
export function encode(point: Point, length: number): string {
  checkPoint(point);
  checkLength(length);
  return name(gridX(point.lng), gridY(point.lat), length);
}

/** The rectangle of a geohash. The numbers are exact. Throws RangeError for what is not a geohash. */
export function decode(hash: string): Bounds {
  return boundsOfGrid(toGrid(hash));
}

/** The middle of the rectangle of a geohash; exact, and encoded again it gives the same geohash. */
export function center(hash: string): Point {
  const { x, y, length } = toGrid(hash);
  return {
    lat: ((y + 0.5) * 180) / 2 ** yBits(length) - 90,
    lng: ((x + 0.5) * 360) / 2 ** xBits(length) - 180,
  };
}

/** The eight cells around, over the antimeridian too; `undefined` beyond a pole. */
export function neighbors(hash: string): Neighbors {
  const { x, y, length } = toGrid(hash);
  const columns = 2 ** xBits(length);
  const rows = 2 ** yBits(length);
  const at = (dx: number, dy: number): string | undefined =>
    y + dy < 0 || y + dy >= rows ? undefined : fromGrid((x + dx + columns) % columns, y + dy, length);
  return {
    n: at(0, 1),
    ne: at(1, 1),
    e: fromGrid((x + 1) % columns, y, length),
    se: at(1, -1),
    s: at(0, -1),
    sw: at(-1, -1),
    w: fromGrid((x + columns - 1) % columns, y, length),
    nw: at(-1, 1),
  };
}

/** The cell around this one. Throws RangeError for one character, which has none. */
export function parent(hash: string): string {
  checkHash(hash);
  if (hash.length === 1) throw new RangeError(`the geohash "${hash}" of one character has no parent`);
  return hash.slice(0, -1);
}

/** The 32 cells inside this one, in the order of the alphabet. Throws RangeError for 12 characters, which have none. */
export function children(hash: string): readonly string[] {
  checkHash(hash);
  if (hash.length === MAX_LENGTH) throw new RangeError(`the geohash "${hash}" of 12 characters has no children`);
  return Array.from(ALPHABET, (letter) => hash + letter);
}

/** True for 1 to 12 lower-case characters of the geohash alphabet (no a, i, l, o). */
export function isGeohash(value: unknown): value is string {
  return typeof value === 'string' && badCharacter(value) === undefined;
}

/** Column and row of a geohash. Throws RangeError for what is not a geohash. */
export function toGrid(hash: string): GridCell {
  const { length } = hash;
  if (length < 1 || length > MAX_LENGTH) throw badHash(hash);
  let x = 0;
  let y = 0;
  for (let i = 0; i < length; i++) {
    const value = letterValue(hash.charCodeAt(i));
    if (value < 0) throw badHash(hash);
    // Bits alternate, longitude first: a character at an even place holds 3 bits of longitude, at an odd place 2.
    if ((i & 1) === 0) {
      x = (x << 3) | (THREE[value] as number);
      y = (y << 2) | (TWO[value] as number);
    } else {
      x = (x << 2) | (TWO[value] as number);
      y = (y << 3) | (THREE[value] as number);
    }
  }
  return { x, y, length };
}

/** The geohash of a column and a row, which must lie in the grid of that length. */
export function fromGrid(x: number, y: number, length: number): string {
  return name(x << (30 - xBits(length)), y << (30 - yBits(length)), length);
}

/** The exact rectangle of a column and a row. */
export function boundsOfGrid({ x, y, length }: GridCell): Bounds {
  const width = 360 / 2 ** xBits(length);
  const height = 180 / 2 ** yBits(length);
  return {
    minLat: y * height - 90,
    minLng: x * width - 180,
    maxLat: (y + 1) * height - 90,
    maxLng: (x + 1) * width - 180,
  };
}

/** Bits of longitude in a geohash of this length: 2 to this power columns. */
export function xBits(length: number): number {
  return (5 * length + 1) >> 1;
}

/** Bits of latitude in a geohash of this length: 2 to this power rows. */
export function yBits(length: number): number {
  return (5 * length) >> 1;
}

/** The column of a longitude in the finest grid (2^30 columns). */
export function gridX(lng: number): number {
  return place(lng, -180, 360 / 2 ** 30, 2 ** 30 / 360);
}

/** The row of a latitude in the finest grid (2^30 rows). */
export function gridY(lat: number): number {
  return place(lat, -90, 180 / 2 ** 30, 2 ** 30 / 180);
}

/** The value 0 to 31 of a character code, -1 for one outside the alphabet. */
export function letterValue(code: number): number {
  return code < 128 ? (VALUES[code] as number) : -1;
}

/** Throws RangeError unless the length is a whole number from 1 to 12. */
export function checkLength(length: number): void {
  if (Number.isInteger(length) && length >= 1 && length <= MAX_LENGTH) return;
  throw new RangeError(`a geohash length must be a whole number from 1 to 12, got ${length}`);
}

const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz';
const VALUES = new Int8Array(128).fill(-1);
const THREE = new Uint8Array(32);
const TWO = new Uint8Array(32);
// Two characters hold five bits of each coordinate: one look-up each names them, by `x << 5 | y`.
const PAIRS: string[] = [];
const FIRSTS: string[] = [];

for (let value = 0; value < 32; value++) {
  VALUES[ALPHABET.charCodeAt(value)] = value;
  THREE[value] = ((value >> 2) & 4) | ((value >> 1) & 2) | (value & 1);
  TWO[value] = ((value >> 2) & 2) | ((value >> 1) & 1);
}
for (let x = 0; x < 32; x++) {
  for (let y = 0; y < 32; y++) {
    let bits = 0;
    for (let bit = 4; bit >= 0; bit--) bits = (bits << 2) | (((x >> bit) & 1) << 1) | ((y >> bit) & 1);
    FIRSTS.push(ALPHABET.charAt(bits >> 5));
    PAIRS.push(ALPHABET.charAt(bits >> 5) + ALPHABET.charAt(bits & 31));
  }
}

/** The first `length` characters of a column and a row in the finest grid. */
function name(x: number, y: number, length: number): string {
  let out = '';
  let shift = 25;
  for (let left = length; left > 1; left -= 2) {
    out += PAIRS[(((x >> shift) & 31) << 5) | ((y >> shift) & 31)] as string;
    shift -= 5;
  }
  return (length & 1) === 0 ? out : out + (FIRSTS[(((x >> shift) & 31) << 5) | ((y >> shift) & 31)] as string);
}

// The product may be off by one at an edge (value - min is rounded); edges are exact in floating point, so it is put right.
function place(value: number, min: number, step: number, perUnit: number): number {
  const last = 2 ** 30 - 1;
  let index = ((value - min) * perUnit) | 0;
  if (index > last) index = last;
  const edge = index * step + min;
  if (value < edge) return index - 1;
  return value >= edge + step && index < last ? index + 1 : index;
}

function checkHash(hash: string): void {
  if (badCharacter(hash) !== undefined) throw badHash(hash);
}

/** What is wrong with a geohash, for people; `undefined` when nothing is. */
function badCharacter(hash: string): string | undefined {
  if (hash.length < 1 || hash.length > MAX_LENGTH) return `a geohash has 1 to 12 characters, got ${hash.length}`;
  for (let i = 0; i < hash.length; i++) {
    if (letterValue(hash.charCodeAt(i)) < 0) {
      return `"${hash}" is not a geohash: character ${i + 1} (${JSON.stringify(hash.charAt(i))}) is not one of ${ALPHABET}`;
    }
  }
  return undefined;
}

function badHash(hash: string): RangeError {
  return new RangeError(badCharacter(hash) ?? 'not a geohash');
}
