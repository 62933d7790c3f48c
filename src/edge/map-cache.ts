// What an isolate remembers of the cell map: parts by three-letter prefix, for a minute. Nobody depends on its being fresh:
// what it gets wrong a cell answers with `moved` or `uninitialised`, and what it lacks is asked of the primary.
import { CellMap, prefix3 } from '../city/cell-map.ts';
import { encode } from '../geo/geohash.ts';
import { LEAF_MAX_LENGTH, LEAF_MIN_LENGTH } from '../geo/leaf-index.ts';
import type { Point } from '../geo/point.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { CellId, CityId } from '../protocol/ids.ts';
import { type City, type CityStore, type MapEntry, ownVersionOf, versionOf } from '../store/city-store.ts';

/** A leaf and the city that it belongs to, as far as the cache knows. */
export type Leaf = {
  readonly cell: CellId;
  readonly city: City;
  /** What the cell must know of itself and of its surroundings, at least. */
  readonly version: number;
  /** The same of itself alone. */
  readonly ownVersion: number;
};

/** `cached`: as it was up to a minute ago, or older while D1 is away; `primary`: as it is now. */
export type Freshness = 'cached' | 'primary';

export const PART_TTL_MS = 60_000;
export const PARTS_MAX = 256;
/** That nobody is at a place is believed for so long, and of so many places: a crowd outside must not wear the primary out. */
export const MISS_TTL_MS = 2000;
export const MISSES_MAX = 1000;
/** While D1 is slow or away, what is known is used for this long before D1 is asked again. */
const AWAY_RETRY_MS = 5000;

/** The map cannot be read, and nothing was known of that part. */
export class MapAwayError extends Error {
  constructor(cause: unknown) {
    super('the cell map cannot be read', { cause });
    this.name = 'MapAwayError';
  }
}

type Part = { staleAt: number; readonly version: number; readonly cities: ReadonlyMap<CityId, City> };

export class MapCache {
  readonly #store: Pick<CityStore, 'part' | 'rows'>;
  readonly #now: () => EpochMs;
  readonly #map = new CellMap<MapEntry>();
  /** In order of use, the least recent first. */
  readonly #parts = new Map<string, Part>();
  /** Squares as small as the smallest leaf for which the primary knew no leaf, and until when that answer is trusted; oldest first. */
  readonly #misses = new Map<string, number>();

  constructor(store: Pick<CityStore, 'part' | 'rows'>, now: () => EpochMs) {
    this.#store = store;
    this.#now = now;
  }

  /** The leaf that holds a point. @throws MapAwayError */
  async leafOf(point: Point, freshness: Freshness = 'cached'): Promise<Leaf | undefined> {
    const prefix = encode(point, 3);
    if (freshness === 'cached') await this.#ensure(prefix);
    else if (!(await this.#agrees(point))) await this.#load(prefix, true);
    return this.#leaf(prefix, this.#map.leafOf(point));
  }

  /** The map was changed through this isolate: what is known is used no longer than until it can be read again. */
  expire(): void {
    this.#misses.clear();
    for (const part of this.#parts.values()) part.staleAt = 0;
  }

  /** This very cell, if it is a leaf. @throws MapAwayError */
  async leaf(cell: CellId): Promise<Leaf | undefined> {
    const prefix = prefix3(cell);
    await this.#ensure(prefix);
    const row = this.#map.rowOf(cell);
    return row?.state === 'leaf' ? this.#leaf(prefix, row) : undefined;
  }

  /** This very cell, whatever has become of it since it was a leaf. @throws MapAwayError */
  async everLeaf(cell: CellId): Promise<Leaf | undefined> {
    const prefix = prefix3(cell);
    await this.#ensure(prefix);
    return this.#leaf(prefix, this.#map.rowOf(cell));
  }

  /** The cell that was a leaf here last, where none is now. @throws MapAwayError */
  async retiredAt(point: Point): Promise<Leaf | undefined> {
    const prefix = encode(point, 3);
    await this.#ensure(prefix);
    let last: MapEntry | undefined;
    for (let length = LEAF_MIN_LENGTH; length <= LEAF_MAX_LENGTH; length++) {
      const row = this.#map.rowOf(encode(point, length));
      if (row?.state === 'retired' && row.version > (last?.version ?? 0)) last = row;
    }
    return this.#leaf(prefix, last);
  }

  #leaf(prefix: string, row: MapEntry | undefined): Leaf | undefined {
    const city = row && this.#parts.get(prefix)?.cities.get(row.city);
    if (row === undefined || city === undefined) return undefined;
    return { cell: row.cell, city, version: versionOf(row, city), ownVersion: ownVersionOf(row, city) };
  }

  /** Whether what is known of a point's place is what the primary knows: only the few cells that may hold it are asked for. */
  async #agrees(point: Point): Promise<boolean> {
    const square = encode(point, LEAF_MAX_LENGTH);
    const known = this.#map.leafOf(point);
    if (known === undefined && (this.#misses.get(square) ?? 0) > this.#now()) return true;
    const lengths = Array.from({ length: LEAF_MAX_LENGTH - LEAF_MIN_LENGTH + 1 }, (_, at) => LEAF_MIN_LENGTH + at);
    const names = lengths.map((length) => square.slice(0, length) as CellId);
    const { rows } = await this.#store.rows(names);
    const leaf = rows.find(({ state }) => state === 'leaf');
    if (leaf === undefined) this.#miss(square);
    return leaf?.cell === known?.cell && (leaf?.version ?? 0) <= (known?.version ?? 0);
  }

  #miss(square: string): void {
    this.#misses.delete(square);
    this.#misses.set(square, this.#now() + MISS_TTL_MS);
    const [oldest] = this.#misses.keys();
    if (oldest !== undefined && this.#misses.size > MISSES_MAX) this.#misses.delete(oldest);
  }

  async #ensure(prefix: string): Promise<void> {
    const part = this.#parts.get(prefix);
    if (part !== undefined && this.#now() < part.staleAt) {
      this.#parts.delete(prefix);
      this.#parts.set(prefix, part);
      return;
    }
    // Requests cannot wait for each other's reads here, so while one refreshes a part the others use it as it is.
    if (part !== undefined) part.staleAt = this.#now() + AWAY_RETRY_MS;
    try {
      await this.#load(prefix, false);
    } catch (error) {
      if (part === undefined || !(error instanceof MapAwayError)) throw error;
    }
  }

  async #load(prefix: string, primary: boolean): Promise<void> {
    const read = await this.#store.part(prefix, { primary });
    let version = 0;
    for (const city of read.cities) version = Math.max(version, city.version);
    for (const row of read.rows) version = Math.max(version, row.version);
    const known = this.#parts.get(prefix);
    const staleAt = this.#now() + PART_TTL_MS;
    // A replica may lag behind what was read before.
    if (known !== undefined && known.version > version) {
      known.staleAt = staleAt;
      return;
    }
    this.#map.setPart(prefix, read.rows);
    this.#parts.delete(prefix);
    this.#parts.set(prefix, { staleAt, version, cities: new Map(read.cities.map((city) => [city.id, city])) });
    if (this.#parts.size > PARTS_MAX) this.#drop();
  }

  /** The least recent part goes, one where nobody is before one that takes long to read. */
  #drop(): void {
    const names = [...this.#parts.keys()];
    const name = names.slice(0, -1).find((each) => this.#parts.get(each)?.cities.size === 0) ?? names[0];
    if (name === undefined) return;
    this.#parts.delete(name);
    this.#map.dropPart(name);
  }
}
