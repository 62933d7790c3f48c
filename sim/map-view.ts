// What one isolate remembers of the map: read from a replica that lags behind the primary, for a minute, and from the primary where the
// shipping router asks there. A replica that is older than what was read before changes nothing.
import type { CellId } from '../src/protocol/ids.ts';
import { leafIn, type MapSnapshot, type SimMap } from './map.ts';

const TTL_MS = 60_000;

export type MapView = {
  /** As it is remembered, or read from the replica once that is too old. */
  readonly known: () => MapSnapshot;
  /** Who owns a key, confirmed at the primary: what is remembered is as new from then on. */
  readonly confirmed: (key: string) => CellId | undefined;
  /** The same, where what is remembered will do if it names anybody. */
  readonly owner: (key: string) => CellId | undefined;
};

/** What a view needs of the world. */
export type ViewAround = {
  readonly map: SimMap;
  readonly now: number;
  readonly after: (ms: number, run: () => void) => void;
  readonly isD1Away: () => boolean;
  /** By how much this change of the map reaches a replica late. */
  readonly replicaLagMs: () => number;
  readonly occurred: (what: string) => void;
};

export function mapView(world: ViewAround): MapView {
  let replica = world.map.snapshot();
  let seen = replica;
  let staleAt = 0;
  world.map.onChange((changed) => {
    const lagMs = world.replicaLagMs();
    const arrive = (): void => {
      if (changed.version > replica.version) replica = changed;
    };
    if (lagMs === 0) arrive();
    else world.after(lagMs, arrive);
  });
  const take = (read: MapSnapshot): void => {
    if (read.version > seen.version) seen = read;
    else if (read.version < seen.version) world.occurred('replica → older than known');
    staleAt = world.now + TTL_MS;
  };
  const known = (): MapSnapshot => {
    if (world.now < staleAt || world.isD1Away()) return seen;
    if (replica.version < world.map.snapshot().version) world.occurred('replica → behind');
    take(replica);
    return seen;
  };
  const confirmed = (key: string): CellId | undefined => {
    if (!world.isD1Away()) take(world.map.snapshot());
    return leafIn(seen.leaves, key);
  };
  return {
    known,
    confirmed,
    owner: (key) => leafIn(known().leaves, key) ?? confirmed(key),
  };
}
