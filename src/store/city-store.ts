// What the edge and the objects ask of the table of cities and the cell map. Changes are seldom and conditional, reads are many.
import type { Change } from '../city/changes.ts';
import type { Overlap } from '../city/overlaps.ts';
import type { CityPlan } from '../city/plan.ts';
import type { Point } from '../geo/point.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { Result } from '../lib/result.ts';
import type { MapRow } from '../messages/map-row.ts';
import type { MapCalls, MapReply } from '../messages/resharding.ts';
import type { CellId, CityId } from '../protocol/ids.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Problem } from '../protocol/problems.ts';

/** A city as it stands. */
export type City = {
  readonly id: CityId;
  readonly name: string;
  readonly precision: number;
  /** What the city overrides, as it was sent. */
  readonly policyPatch: unknown;
  readonly policy: Policy;
  readonly locationHint: string;
  readonly centroid: Point;
  readonly cells: number;
  /** Raised by each change of cells or policy, and never used by two changes. */
  readonly version: number;
  readonly state: 'live' | 'draining' | 'removed';
  readonly removedAt: EpochMs | undefined;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
};

export type MapEntry = {
  readonly cell: CellId;
  readonly city: CityId;
  /** `split` and `merged`: its children, or its parent, are leaves in its place. */
  readonly state: 'leaf' | 'split' | 'merged' | 'retired';
  /** Raised when it becomes a leaf or ceases to be one, and never used by two changes. */
  readonly version: number;
  /** Raised when leaves around it change. */
  readonly around: number;
};

/** What a cell must know of itself, its city's policy and its surroundings to answer for its place. */
export function versionOf(row: Pick<MapEntry, 'version' | 'around'>, city: Pick<City, 'version'>): number {
  return Math.max(row.version, row.around, city.version);
}

/**
 * What a cell must know to answer for its place alone, as to a scout. Its surroundings do not count: it would read a row after each
 * split nearby, as would all the others around, before it has need of one.
 */
export function ownVersionOf(row: Pick<MapEntry, 'version'>, city: Pick<City, 'version'>): number {
  return Math.max(row.version, city.version);
}

/** All that is known under one three-letter prefix: its cells and their cities. */
export type MapPart = { readonly rows: readonly MapEntry[]; readonly cities: readonly City[] };

export type Rollout = {
  readonly plan: CityPlan;
  /** GeoJSON text. */
  readonly boundary: string;
  readonly policyPatch: unknown;
  readonly policy: Policy;
  /** Who asked for it, for the audit. */
  readonly actor: string;
  /** Carried out only on this version of the city; 0 when it is to be a new one. Absent: whatever it is. */
  readonly ifVersion?: number | undefined;
};

/** What a rollout would do, or did. */
export type RolloutPreview = {
  /** Cells that become leaves. */
  readonly added: number;
  /** Cells that the boundary no longer touches: they stay, as people and questions may be in them. */
  readonly kept: number;
  /** Planned cells that stay with the cities that had them first. */
  readonly overlaps: readonly Overlap[];
  /** False when the city was rolled out in just this way before. */
  readonly changed: boolean;
  /** What becomes different; of a new city, what its policy has beside the defaults. */
  readonly changes: readonly Change[];
};

export type RolloutResult = RolloutPreview & { readonly city: City };

/** One change of a city, as it was recorded in the transaction of the change itself. */
export type AuditEntry = {
  readonly at: EpochMs;
  /** Subject of the token that asked for it. */
  readonly actor: string;
  /**
   * `city.create`, `city.update`, `city.drain`, `city.keep` or `city.remove`; of a cell `cell.split` or `cell.merge`, by the cell itself when
   * the map has changed, and before it `cell.split.asked` or `cell.merge.asked`, if somebody wanted it.
   */
  readonly action: string;
  /** The `cell`, or `version`, `added`, `precision` and `policy` as they were after the change, and the `changes` (city/changes.ts). */
  readonly detail: Readonly<Record<string, unknown>>;
};

export type AskedChange = {
  readonly what: 'split' | 'merge';
  /** The one that is split, or that others are merged to. */
  readonly cell: CellId;
  readonly city: CityId;
  /** Subject of the token. */
  readonly actor: string;
};

export type ReadOptions = {
  /** Asks the primary, which knows all that was ever acknowledged; else the nearest replica answers. */
  readonly primary?: boolean;
};

/** How far the removal of a city is. */
export type Removal = {
  readonly city: City;
  /** Leaves that it has, and how many of them were found to have nothing open. */
  readonly cells: number;
  readonly drained: number;
};

export interface CityStore {
  /** All that are not removed. */
  cities(options?: ReadOptions): Promise<readonly City[]>;
  city(id: CityId, options?: ReadOptions): Promise<(City & { readonly boundary: string }) | undefined>;
  /** Leaves of a city, by name. */
  leavesOf(city: CityId, options?: ReadOptions): Promise<readonly CellId[]>;
  /** The latest changes of a city, newest first, at most `limit`; from the primary. */
  audit(city: CityId, limit: number): Promise<readonly AuditEntry[]>;
  /** Records that `actor` wants a cell split or merged: once, until that is done, however often it is asked for. */
  noteAsked(asked: AskedChange): Promise<void>;
  part(prefix: string, options?: ReadOptions): Promise<MapPart>;
  /** The row by which a leaf is initialised, from the primary, where it counts as called from now on; `undefined` when it is not a leaf. */
  mapRow(cell: CellId): Promise<MapRow | undefined>;
  /** The row by which the parent of 32 leaves of one city is initialised, from the primary; `undefined` when it is not that. */
  familyMapRow(parent: CellId): Promise<MapRow | undefined>;
  /** Rows at the primary, in no order; cells that the map does not have are left out. */
  rows(cells: readonly CellId[]): Promise<MapReply>;
  /** One batch: `from` cease to be leaves and `to` become leaves, if all of `from` are leaves of the versions named. */
  swap(change: MapCalls['swap']['ask']): Promise<MapReply>;
  /**
   * Adds what a plan needs and nobody has, in one transaction; the same rollout again changes nothing. A cell of another
   * city stays with it; `no_cell_left` where that leaves the city without any. Problems too: `city_draining`, `changed_meanwhile` for
   * `ifVersion`, `busy` when others keep changing the map meanwhile.
   */
  rollOut(rollout: Rollout): Promise<Result<RolloutResult, Problem>>;
  /** Has a live city take nothing new from now on; one that does so already, or is gone, stays as it is. */
  drain(city: CityId, actor: string): Promise<City | undefined>;
  /** Has a draining city take new questions again; one that is live, or gone, stays as it is. */
  keep(city: CityId, actor: string): Promise<City | undefined>;
  removal(city: CityId): Promise<Removal | undefined>;
  /** Cities that are draining, and those that are gone with cells that were not told yet. */
  leaving(): Promise<readonly CityId[]>;
  /** Leaves of a city whose objects may have come to life, by name: the others have nothing in them. */
  bornOf(city: CityId): Promise<readonly CellId[]>;
  /** Leaves of a draining city that may have something open, by name, at most `limit`. */
  undrained(city: CityId, limit: number): Promise<readonly CellId[]>;
  /** They have nothing open and know that they take nothing new as of this version of the city; of another it is no news. */
  setDrained(city: CityId, cells: readonly CellId[], version: number): Promise<void>;
  /** Takes a draining city away together with its leaves, if all of them are drained. */
  remove(city: CityId, actor: string): Promise<boolean>;
  /** Cells of a removed city that do not know of it, at most `limit`. */
  untold(city: CityId, limit: number): Promise<readonly CellId[]>;
  setTold(city: CityId, cells: readonly CellId[]): Promise<void>;
  /** What `rollOut` would do now, or why it would be refused. */
  preview(rollout: Rollout): Promise<Result<RolloutPreview, Problem>>;
}
