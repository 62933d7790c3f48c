// Which planned cells other cities have already: the first city keeps a cell, and the next one is told what it did not get.
import { LEAF_MIN_LENGTH } from '../geo/leaf-index.ts';

export type Overlap = {
  readonly city: string;
  /** Planned cells that this city holds, wholly or in part. */
  readonly cells: number;
};

type Leaf = { readonly cell: string; readonly city: string };

/** Sorted by city. The leaves are those around the plan, of any city; those of `city` itself are no overlap. */
export function overlapsOf(city: string, cells: readonly string[], leaves: Iterable<Leaf>): readonly Overlap[] {
  const owners = new Map<string, string>();
  const inside = new Map<string, Set<string>>();
  for (const leaf of leaves) {
    if (leaf.city === city) continue;
    owners.set(leaf.cell, leaf.city);
    for (let length = LEAF_MIN_LENGTH; length < leaf.cell.length; length++) {
      const around = leaf.cell.slice(0, length);
      const known = inside.get(around);
      if (known === undefined) inside.set(around, new Set([leaf.city]));
      else known.add(leaf.city);
    }
  }
  const counts = new Map<string, number>();
  for (const cell of cells) {
    const others = new Set(inside.get(cell));
    for (let length = LEAF_MIN_LENGTH; length <= cell.length; length++) {
      const owner = owners.get(cell.slice(0, length));
      if (owner !== undefined) others.add(owner);
    }
    for (const other of others) counts.set(other, (counts.get(other) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([other, held]) => ({ city: other, cells: held }));
}
