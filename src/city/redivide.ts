// Ground that was rolled out before comes back as it was last split: objects that handed over what they had stay what they are.
import { children, parent } from '../geo/geohash.ts';

/**
 * The cells to take for planned ones: for one that was split its children, for one that was merged its parent, as far as the rows
 * of the map say so. Sorted, each once. `stateOf` says what a row's state is, `undefined` where there is none. The smallest cells are never
 * split and the largest never merged, so that no other names come of it.
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
