// The row of the map by which a cell lives: identity, policy and neighbourhood.
import { decode } from '../geo/geohash.ts';
import type { MapRow } from '../messages/map-row.ts';
import type { CellId } from '../protocol/ids.ts';
import type { AnyCell, CellState } from './state.ts';

/** Takes it in: from here on the cell is initialised. */
export function applyMapRow(state: AnyCell, mapRow: MapRow): asserts state is CellState {
  const near = mapRow.near.map((cell: CellId) => ({ cell, bounds: decode(cell) }));
  Object.assign(state, { mapRow, bounds: decode(mapRow.cell), near });
}
