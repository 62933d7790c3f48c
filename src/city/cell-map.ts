// The cell map as an isolate keeps it: parts by three-letter prefix, each loaded and replaced as a whole.

import { isGeohash, MAX_LENGTH } from '../geo/geohash.ts';
import {
  codesOf,
  findLeaf,
  isLeafName,
  LEAF_MIN_LENGTH,
  type LeafIndex,
  type LeafPart,
  leafPart,
  prefixCode,
  startCode,
} from '../geo/leaf-index.ts';
import type { Point } from '../geo/point.ts';

/** A row of the map. Only a row in state `leaf` owns its area; the others are kept for their version. */
export type CellRow = {
  readonly cell: string;
  readonly city: string;
  readonly state: string;
  readonly version: number;
};

/** The name of the part that holds a cell: its first three letters. Throws RangeError for fewer, or no geohash. */
export function prefix3(cell: string): string {
  checkHash(cell);
  return cell.slice(0, LEAF_MIN_LENGTH);
}

/** Finds rows by place. Rows of one type in, the same objects out. */
export class CellMap<Row extends CellRow = CellRow> implements LeafIndex {
  readonly #parts = new Map<number, Part<Row>>();
  #leafCount = 0;

  /** A map of rows of any prefixes. Throws as `setPart` does. */
  static of<Row extends CellRow>(rows: Iterable<Row>): CellMap<Row> {
    const groups = new Map<string, Row[]>();
    for (const row of rows) {
      const prefix = prefix3(row.cell);
      const group = groups.get(prefix);
      if (group === undefined) groups.set(prefix, [row]);
      else group.push(row);
    }
    const map = new CellMap<Row>();
    for (const [prefix, group] of groups) map.setPart(prefix, group);
    return map;
  }

  /** Leaves in all loaded parts. */
  get leafCount(): number {
    return this.#leafCount;
  }

  /**
   * Replaces everything known of a prefix; no rows say that nothing is there, which is not the same as not loaded. Of two
   * rows for a cell the higher version counts; where leaves overlap (rows read while a split went on), the higher version
   * too, then the smaller cell. Throws RangeError for a row that is no cell of this prefix.
   */
  setPart(prefix: string, rows: readonly Row[]): void {
    const code = prefixCode(prefix3(prefix));
    const part = partOf(prefix, rows);
    this.#leafCount += part.leaves.cells.length - (this.#parts.get(code)?.leaves.cells.length ?? 0);
    this.#parts.set(code, part);
  }

  /** Whether a prefix has been loaded, with or without rows. */
  hasPart(prefix: string): boolean {
    return this.#parts.has(prefixCode(prefix));
  }

  /** Forgets a prefix, as if it had never been loaded. */
  dropPart(prefix: string): void {
    const code = prefixCode(prefix);
    this.#leafCount -= this.#parts.get(code)?.leaves.cells.length ?? 0;
    this.#parts.delete(code);
  }

  /** The leaf that holds a point; `undefined` outside of coverage and where nothing is loaded. Throws for a bad point. */
  leafOf(point: Point): Row | undefined {
    const { prefix, code } = codesOf(point);
    const part = this.#parts.get(prefix);
    return part === undefined ? undefined : part.rows[findLeaf(part.leaves, code)];
  }

  /**
   * The leaf that covers a geohash: itself, or a shorter one. `undefined` when none does, even if leaves lie inside it.
   * Throws RangeError for what is no geohash of 3 characters or more.
   */
  leafCovering(hash: string): Row | undefined {
    checkHash(hash);
    const part = this.#parts.get(prefixCode(hash));
    if (part === undefined) return undefined;
    const row = part.rows[findLeaf(part.leaves, startCode(hash))];
    return row !== undefined && row.cell.length <= hash.length ? row : undefined;
  }

  /** The row of exactly this cell, leaf or not. */
  rowOf(cell: string): Row | undefined {
    return this.#parts.get(prefixCode(cell))?.byCell.get(cell);
  }

  /** For `coverCircle` and `freeCells`. */
  part(prefix: number): LeafPart | undefined {
    return this.#parts.get(prefix)?.leaves;
  }
}

function checkHash(cell: string): void {
  if (cell.length >= LEAF_MIN_LENGTH && isGeohash(cell)) return;
  throw new RangeError(`"${cell}" is not a geohash of 3 to ${MAX_LENGTH} characters`);
}

type Part<Row> = {
  readonly leaves: LeafPart;
  /** Beside `leaves.cells`. */
  readonly rows: readonly Row[];
  readonly byCell: ReadonlyMap<string, Row>;
};

function partOf<Row extends CellRow>(prefix: string, rows: readonly Row[]): Part<Row> {
  const byCell = new Map<string, Row>();
  for (const row of rows) {
    if (!isLeafName(row.cell) || !row.cell.startsWith(prefix)) {
      throw new RangeError(`"${row.cell}" is not a cell of 3 to 7 characters in "${prefix}"`);
    }
    const known = byCell.get(row.cell);
    if (known === undefined || known.version < row.version) byCell.set(row.cell, row);
  }
  const leaves = [...byCell.values()].filter(({ state }) => state === 'leaf');
  leaves.sort((a, b) => (a.cell < b.cell ? -1 : 1));
  const kept = withoutOverlaps(leaves);
  return { leaves: leafPart(kept.map(({ cell }) => cell)), rows: kept, byCell };
}

/** In alphabetical order a cell stands before all the cells inside it, so only the last one kept can be around the next. */
function withoutOverlaps<Row extends CellRow>(sorted: readonly Row[]): readonly Row[] {
  const kept: Row[] = [];
  for (const row of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !row.cell.startsWith(last.cell)) kept.push(row);
    else if (last.version <= row.version) kept[kept.length - 1] = row;
  }
  return kept;
}
