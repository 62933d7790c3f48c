// What is left of a list of cells beside leaves that exist already, for rollouts next to or on top of others.

import { children } from './geohash.ts';
import { findLeaf, firstFrom, isLeafName, type LeafIndex, prefixCode, span, startCode } from './leaf-index.ts';

/**
 * The cells that may be added to the leaves without overlap: a cell that a leaf covers is dropped, one that holds leaves is
 * split, down to the parts that are free. Sorted. Throws RangeError for what is no geohash of 3 to 7 characters.
 */
export function freeCells(cells: Iterable<string>, leaves: LeafIndex): readonly string[] {
  const free: string[] = [];
  for (const cell of cells) {
    if (!isLeafName(cell)) throw new RangeError(`"${cell}" is not a geohash of 3 to 7 characters`);
    addFree(cell, leaves, free);
  }
  return free.sort();
}

function addFree(cell: string, leaves: LeafIndex, out: string[]): void {
  const part = leaves.part(prefixCode(cell));
  if (part === undefined) {
    out.push(cell);
    return;
  }
  const start = startCode(cell);
  const at = findLeaf(part, start);
  if (at >= 0 && (part.lengths[at] as number) <= cell.length) return;
  const { starts } = part;
  const from = firstFrom(starts, start, 0, starts.length);
  const held = from < starts.length && (starts[from] as number) < start + span(cell.length);
  if (held) for (const child of children(cell)) addFree(child, leaves, out);
  else out.push(cell);
}
