// A cell whose people are connected hears of changes of its city by itself: no request of the edge may come to tell it.
import type { MapRow } from '../messages/map-row.ts';
import type { CellId } from '../protocol/ids.ts';
import type { Leaf } from './map-cache.ts';

export type MapWatchDeps = {
  /** What this isolate knows of a leaf, a minute old at most. */
  readonly leaf: (cell: CellId) => Promise<Pick<Leaf, 'version'> | undefined>;
  /** The map row, at the primary. */
  readonly mapRow: (cell: CellId) => Promise<MapRow | undefined>;
  /** Takes the newer row in. */
  readonly apply: (mapRow: MapRow) => void;
  readonly failed: (error: unknown) => void;
  readonly now: () => number;
};

/** After a failure (D1 is away) it looks again no sooner. */
const REST_MS = 5000;

/**
 * To be told of each sign of life, with the version that the cell has. Nobody waits for it: looking costs next to nothing while what the
 * isolate knows is fresh, one read a minute at most when it is not, and one more when there is news.
 */
export function mapWatch({ leaf, mapRow, apply, failed, now }: MapWatchDeps): (cell: CellId, version: number) => void {
  let looking = false;
  let restsUntil = 0;
  const look = async (cell: CellId, version: number): Promise<void> => {
    const known = await leaf(cell);
    if (known === undefined || known.version <= version) return;
    const row = await mapRow(cell);
    if (row !== undefined && row.version > version) apply(row);
  };
  return (cell, version) => {
    if (looking || restsUntil > now()) return;
    looking = true;
    look(cell, version)
      .catch((error: unknown) => {
        restsUntil = now() + REST_MS;
        failed(error);
      })
      .finally(() => {
        looking = false;
      });
  };
}
