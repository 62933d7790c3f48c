// The row of the map by which a cell lives: identity, policy and neighbourhood.
import { decode } from '../geo/geohash.ts';
import type { MapRow } from '../messages/map-row.ts';
import type { CellId } from '../protocol/ids.ts';
import type { CellState } from './state.ts';

/** Takes it in. */
export function applyMapRow(state: CellState, mapRow: MapRow): void {
  state.mapRow = mapRow;
  state.bounds = decode(mapRow.cell);
  state.near = mapRow.near.map((cell: CellId) => ({ cell, bounds: decode(cell) }));
}
