// The row of the map by which a cell lives: identity, policy and neighbourhood.
import { decode } from '../geo/geohash.ts';
import type { Birth } from '../messages/birth.ts';
import type { CellId } from '../protocol/ids.ts';
import type { CellState } from './state.ts';

/** Takes it in. */
export function setBirth(state: CellState, birth: Birth): void {
  state.birth = birth;
  state.bounds = decode(birth.cell);
  state.near = birth.near.map((cell: CellId) => ({ cell, bounds: decode(cell) }));
}
