// Ground that was rolled out before comes back as it was last split: objects that handed over what they had stay what they are.
import { children, parent } from '../geo/geohash.ts';

/**
 * The cells that replace planned ones: the children of a cell that was split, the parent of one that was merged, as far as the map's rows
 * say. Sorted, without duplicates. The smallest cells are never split and the largest never merged, so no other names can result.
 * @param stateOf the state in a cell's row of the map; `undefined`: it has no row
 */
export function asDivided(cells: Iterable<string>, stateOf: (cell: string) => string | undefined): readonly string[] {
  const out = new Set<string>();
  const divide = (cell: string): void => {
    if (stateOf(cell) !== 'split') out.add(cell);
    else for (const child of children(cell)) divide(child);
  };
  for (const cell of cells) {
    let at = cell;
    while (stateOf(at) === 'merged') at = parent(at);
    divide(at);
  }
  return [...out].sort();
}
