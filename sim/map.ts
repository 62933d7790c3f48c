// The simulated city: a block of neighbouring geohash-6 cells, and the map as its primary keeps it: rows, swaps, and the rows by
// which cells are born.

import type { Bounds } from '../src/geo/bounds.ts';
import { minDistanceToBoundsM } from '../src/geo/distance.ts';
import { center, decode, encode, MAX_LENGTH, neighbors } from '../src/geo/geohash.ts';
import type { Point } from '../src/geo/point.ts';
import type { Prng } from '../src/lib/prng.ts';
import { resolvePolicy } from '../src/matching/policy.ts';
import type { MapRow } from '../src/messages/map-row.ts';
import type { MapReply, MapRequest, MapRowView } from '../src/messages/resharding.ts';
import type { CellId, CityId } from '../src/protocol/ids.ts';
import { MARGIN_M } from '../src/protocol/limits.ts';
import type { Policy } from '../src/protocol/policy.ts';

/** The map at one moment: leaves with what a request names as their version, and the same without what lies around them. */
export type MapSnapshot = {
  readonly version: number;
  readonly leaves: ReadonlyMap<CellId, number>;
  readonly own: ReadonlyMap<CellId, number>;
};

export type SimMap = {
  /** Leaves at the beginning. */
  readonly cells: readonly CellId[];
  readonly policy: Policy;
  /** Leaves now, with what a request names as its version. */
  readonly leaves: () => ReadonlyMap<CellId, number>;
  readonly snapshot: () => MapSnapshot;
  /** Is told of each change. */
  readonly onChange: (listener: (changed: MapSnapshot) => void) => void;
  readonly leafOf: (point: Point) => CellId | undefined;
  /** The leaf that covers a geohash at least as long as the leaf. */
  readonly leafCovering: (key: string) => CellId | undefined;
  /** Of a leaf. */
  readonly mapRowOf: (cell: CellId) => MapRow | undefined;
  /** Of any cell, leaf or not: what the parent of leaves is initialised by when they are merged. */
  readonly familyMapRow: (cell: CellId) => MapRow;
  /** What cells ask of the primary. */
  readonly ask: (request: MapRequest) => MapReply;
  readonly swaps: () => number;
  readonly cityState: () => 'live' | 'draining' | 'removed';
  readonly drain: () => void;
  /** Takes new questions again, if it drains. */
  readonly keep: () => void;
  /** Takes the city and all of its leaves away, if it drains; answers with the version as of which it is gone. */
  readonly retire: () => number;
  /** The cell that had a geohash when the city went: what ended there is kept. */
  readonly retiredCovering: (key: string) => CellId | undefined;
  /** A box that holds every cell. */
  readonly box: Bounds;
};

/** What people of the city ask about. */
export const TOPICS = ['food', 'bikes', 'aid'] as const;

/** Short times, so that minutes of simulation see many sleeps, expiries and leases. */
export const SIM_POLICY = {
  radiusStepsM: [300, 600, 1200, 2400],
  radiusDefaultM: 600,
  offers: { ttlMs: 20_000, spare: 1, max: 40 },
  cooldownMs: 3000,
  backOff: { firstMs: 4000, factor: 2, maxMs: 60_000 },
  question: { ttlDefaultMs: 240_000, ttlMaxMs: 600_000 },
  presence: { ttlDefaultMs: 60_000, ttlMaxMs: 120_000 },
  pointAgeMaxMs: 90_000,
};

export function simMap(count: number, start = '9q8yyk', patch: unknown = SIM_POLICY): SimMap {
  const cells = block(count, start);
  const resolved = resolvePolicy(patch);
  if (!resolved.ok) throw new Error(`the simulator's policy is bad: ${JSON.stringify(resolved.error)}`);
  return mapOf(cells, resolved.value);
}

type Row = { state: string; version: number; op: string; around: number };

export function mapOf(cells: readonly CellId[], policy: Policy): SimMap {
  const rows = new Map<CellId, Row>(
    cells.map((cell) => [cell, { state: 'leaf', version: 1, op: 'rollout', around: 1 }]),
  );
  let leaves = new Map<CellId, number>(cells.map((cell) => [cell, 1]));
  let own = leaves;
  let version = 1;
  let cityVersion = 1;
  let swaps = 0;
  let cityState: ReturnType<SimMap['cityState']> = 'live';
  let retired: ReadonlyMap<CellId, number> = new Map();
  const mapRows = new Map<CellId, MapRow>();
  const listeners: ((changed: MapSnapshot) => void)[] = [];
  const snapshot = (): MapSnapshot => ({ version, leaves, own });
  const bounds = cells.map((cell) => decode(cell));
  const covering = (key: string): CellId | undefined => leafIn(leaves, key);
  const makeMapRow = (cell: CellId): MapRow => {
    const reach = (policy.radiusStepsM[policy.radiusStepsM.length - 1] ?? 0) + MARGIN_M;
    const own = decode(cell);
    const corners = [
      { lat: own.minLat, lng: own.minLng },
      { lat: own.maxLat, lng: own.maxLng },
      { lat: own.minLat, lng: own.maxLng },
      { lat: own.maxLat, lng: own.minLng },
      center(cell),
    ];
    const near = [...leaves.keys()].filter(
      (other) =>
        other !== cell && corners.some((corner) => minDistanceToBoundsM(corner, decode(other)) <= reach + 1000),
    );
    return {
      cell,
      city: 'sim' as CityId,
      version: leaves.get(cell) ?? version,
      op: rows.get(cell)?.op ?? 'sim',
      policy,
      near,
      ...(cityState === 'draining' ? { draining: true } : {}),
    };
  };
  const changed = (): void => {
    leaves = new Map(
      [...rows].flatMap(([cell, row]) => (row.state === 'leaf' ? [[cell, Math.max(row.version, row.around)]] : [])),
    );
    own = new Map([...leaves.keys()].map((cell) => [cell, Math.max(rows.get(cell)?.version ?? 0, cityVersion)]));
    mapRows.clear();
    for (const listener of listeners) listener(snapshot());
  };
  const turn = (from: typeof cityState, to: typeof cityState): void => {
    if (cityState !== from) return;
    cityState = to;
    version++;
    cityVersion = version;
    for (const row of rows.values()) row.around = version;
    changed();
  };
  const viewOf = (cell: CellId): MapRowView[] => {
    const row = rows.get(cell);
    return row === undefined ? [] : [{ cell, state: row.state, version: row.version, op: row.op }];
  };
  const swap = ({ op, from, to, near }: Extract<MapRequest, { readonly t: 'swap' }>): void => {
    const isFitting = from.every(({ cell, version: named }) => {
      const row = rows.get(cell);
      return row?.state === 'leaf' && row.version === named;
    });
    if (!isFitting) return;
    version++;
    swaps++;
    for (const { cell } of from)
      rows.set(cell, { state: to.length > 1 ? 'split' : 'merged', version, op, around: version });
    for (const cell of to) rows.set(cell, { state: 'leaf', version, op, around: version });
    for (const [cell, row] of rows)
      if (near.some((one) => cell.startsWith(one) || one.startsWith(cell))) row.around = version;
    changed();
  };
  return {
    cells,
    policy,
    leaves: () => leaves,
    snapshot,
    onChange: (listener) => void listeners.push(listener),
    leafOf: (point) => covering(encode(point, MAX_LENGTH)),
    leafCovering: covering,
    mapRowOf: (cell) => {
      if (!leaves.has(cell)) return undefined;
      const known = mapRows.get(cell) ?? makeMapRow(cell);
      mapRows.set(cell, known);
      return known;
    },
    familyMapRow: makeMapRow,
    ask: (request) => {
      if (request.t === 'swap') swap(request);
      const asked = request.t === 'swap' ? request.from.map(({ cell }) => cell) : request.cells;
      return { t: 'rows', rows: asked.flatMap(viewOf) };
    },
    swaps: () => swaps,
    cityState: () => cityState,
    drain: () => turn('live', 'draining'),
    keep: () => turn('draining', 'live'),
    retire: () => {
      if (cityState !== 'draining') return version;
      cityState = 'removed';
      version++;
      retired = leaves;
      for (const row of rows.values()) if (row.state === 'leaf') Object.assign(row, { state: 'retired', version });
      changed();
      return version;
    },
    retiredCovering: (key) => leafIn(retired, key),
    box: {
      minLat: Math.min(...bounds.map((b) => b.minLat)),
      maxLat: Math.max(...bounds.map((b) => b.maxLat)),
      minLng: Math.min(...bounds.map((b) => b.minLng)),
      maxLng: Math.max(...bounds.map((b) => b.maxLng)),
    },
  };
}

/** A point anywhere in a rectangle. */
export function anywhereIn({ minLat, maxLat, minLng, maxLng }: Bounds, draw: Prng): Point {
  return { lat: minLat + (maxLat - minLat) * draw.unit(), lng: minLng + (maxLng - minLng) * draw.unit() };
}

const LENGTHS = [3, 4, 5, 6, 7];

/** The leaf among these that covers a geohash. */
export function leafIn(leaves: ReadonlyMap<CellId, unknown>, key: string): CellId | undefined {
  for (const length of LENGTHS) {
    const prefix = key.slice(0, length) as CellId;
    if (leaves.has(prefix)) return prefix;
  }
  return undefined;
}

/** The `count` cells nearest to a start, found ring by ring. */
function block(count: number, start: string): CellId[] {
  const found = [start];
  const seen = new Set(found);
  for (let i = 0; found.length < count && i < found.length; i++) {
    for (const next of Object.values(neighbors(found[i] as string)) as (string | undefined)[]) {
      if (next === undefined || seen.has(next) || found.length >= count) continue;
      seen.add(next);
      found.push(next);
    }
  }
  return found as CellId[];
}
