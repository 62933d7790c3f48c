// Cities and the cell map in D1: reads from the nearest replica, changes as one conditional batch at the primary.
import { coverCircle, coverCircleWithin } from '../../geo/cover.ts';
import { center, children } from '../../geo/geohash.ts';
import { LEAF_MIN_LENGTH } from '../../geo/leaf-index.ts';
import { outerRadiusM } from '../../geo/outer-radius.ts';
import { present } from '../../lib/assert.ts';
import { type EpochMs, epochMs } from '../../lib/brand.ts';
import { resolvePolicy } from '../../matching/policy.ts';
import type { MapRow } from '../../messages/map-row.ts';
import type { CellId, CityId } from '../../protocol/ids.ts';
import { MARGIN_M } from '../../protocol/limits.ts';
import type { Policy } from '../../protocol/policy.ts';
import {
  type AskedChange,
  type AuditEntry,
  type City,
  type CityStore,
  type MapEntry,
  type MapPart,
  type ReadOptions,
  versionOf,
} from '../city-store.ts';
import type { D1Deps } from './d1-deps.ts';
import { d1Removal } from './d1-removal.ts';
import { previewRollout, rollOut } from './d1-rollout.ts';
import { readRows, swap } from './d1-swap.ts';

export function d1CityStore(db: D1Database, deps: D1Deps): CityStore {
  const store: CityStore = {
    cities: async (options) => {
      const { results } = await reader(db, options)
        .prepare(`SELECT ${CITY} FROM cities c WHERE state <> 'removed' ORDER BY id`)
        .all<CityRow>();
      return results.map(cityOf);
    },
    city: async (id, options) => {
      const row = await reader(db, options)
        .prepare(`SELECT ${CITY}, c.boundary FROM cities c WHERE id = ?1`)
        .bind(id)
        .first<CityRow & { readonly boundary: string }>();
      return row === null ? undefined : { ...cityOf(row), boundary: row.boundary };
    },
    leavesOf: async (city, options) => {
      const { results } = await reader(db, options)
        .prepare("SELECT cell FROM cells WHERE city = ?1 AND state = 'leaf' ORDER BY cell")
        .bind(city)
        .all<{ readonly cell: CellId }>();
      return results.map(({ cell }) => cell);
    },
    bornOf: async (city) => {
      const { results } = await reader(db, { primary: true })
        .prepare("SELECT cell FROM cells WHERE city = ?1 AND state = 'leaf' AND born = 1 ORDER BY cell")
        .bind(city)
        .all<{ readonly cell: CellId }>();
      return results.map(({ cell }) => cell);
    },
    audit: (city, limit) => readAudit(reader(db, { primary: true }), city, limit),
    noteAsked: (asked) => noteAsked(reader(db, { primary: true }), deps.now(), asked),
    part: (prefix, options) => readPart(reader(db, options), prefix),
    mapRow: (cell) => readMapRow(db, cell),
    familyMapRow: (parent) => readFamilyMapRow(db, parent),
    rows: (cells) => readRows(db, cells),
    swap: (change) => swap(db, deps, change),
    rollOut: (rollout) => rollOut(db, deps, store, rollout),
    ...d1Removal(db, deps, (id) => store.city(id, { primary: true })),
    preview: (rollout) => previewRollout(db, store, rollout),
  };
  return store;
}

const CITY =
  'c.id, c.name, c.precision, c.policy, c.location_hint, c.lat, c.lng, c.cells, c.version, c.state, c.removed_at, c.created_at, c.updated_at';

type CityRow = {
  readonly id: string;
  readonly name: string;
  readonly precision: number;
  readonly policy: string;
  readonly location_hint: string;
  readonly lat: number;
  readonly lng: number;
  readonly cells: number;
  readonly version: number;
  readonly state: City['state'];
  readonly removed_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
};

function reader(db: D1Database, { primary = false }: ReadOptions = {}): D1DatabaseSession {
  return db.withSession(primary ? 'first-primary' : 'first-unconstrained');
}

/** @throws Error for a stored policy that is no longer valid: an internal error, as each is validated before it is stored. */
function cityOf(row: CityRow): City {
  const policyPatch = JSON.parse(row.policy) as unknown;
  const policy = resolvePolicy(policyPatch);
  if (!policy.ok) throw new Error(`the policy of ${row.id} cannot be used: ${JSON.stringify(policy.error)}`);
  return {
    id: row.id as CityId,
    name: row.name,
    precision: row.precision,
    policyPatch,
    policy: policy.value,
    locationHint: row.location_hint,
    centroid: { lat: row.lat, lng: row.lng },
    cells: row.cells,
    version: row.version,
    state: row.state,
    removedAt: row.removed_at === null ? undefined : epochMs(row.removed_at),
    createdAt: epochMs(row.created_at),
    updatedAt: epochMs(row.updated_at),
  };
}

async function readPart(session: D1DatabaseSession, prefix: string): Promise<MapPart> {
  const [rows, cities] = await session.batch([
    session.prepare('SELECT cell, city, state, version, around FROM cells WHERE prefix = ?1').bind(prefix),
    session
      .prepare(`SELECT ${CITY} FROM cities c WHERE c.id IN (SELECT DISTINCT city FROM cells WHERE prefix = ?1)`)
      .bind(prefix),
  ]);
  return {
    rows: present(rows, 'rows').results as unknown as readonly MapEntry[],
    cities: (present(cities, 'cities').results as unknown as readonly CityRow[]).map(cityOf),
  };
}

type AuditRow = { readonly at: number; readonly actor: string; readonly action: string; readonly detail: string };

async function readAudit(session: D1DatabaseSession, city: CityId, limit: number): Promise<readonly AuditEntry[]> {
  const { results } = await session
    .prepare('SELECT at, actor, action, detail FROM audit WHERE subject = ?1 ORDER BY n DESC LIMIT ?2')
    .bind(city, limit)
    .all<AuditRow>();
  return results.map(({ at, actor, action, detail }) => ({
    at: epochMs(at),
    actor,
    action,
    detail: JSON.parse(detail) as Readonly<Record<string, unknown>>,
  }));
}

async function noteAsked(
  session: D1DatabaseSession,
  now: EpochMs,
  { what, cell, city, actor }: AskedChange,
): Promise<void> {
  const ofCell = "subject = ?3 AND json_extract(detail, '$.cell') = ?4";
  await session
    .prepare(
      `INSERT INTO audit (at, actor, action, subject, detail)
       SELECT ?1, ?2, ?5, ?3, json_object('cell', ?4) WHERE NOT EXISTS (
         SELECT 1 FROM audit WHERE ${ofCell} AND action = ?5 AND actor = ?2 AND n > coalesce(
           (SELECT max(n) FROM audit WHERE ${ofCell} AND action IN ('cell.split', 'cell.merge')), 0))`,
    )
    .bind(now, actor, city, cell, `cell.${what}.asked`)
    .run();
}

type MapRowJoin = CityRow & { readonly op: string; readonly row_version: number; readonly around: number };

async function readMapRow(db: D1Database, cell: CellId): Promise<MapRow | undefined> {
  const session = reader(db, { primary: true });
  // Whoever has seen the row may bring the cell to life: that is known before anybody can.
  const [, found] = await session.batch([
    session.prepare("UPDATE cells SET born = 1 WHERE cell = ?1 AND born = 0 AND state = 'leaf'").bind(cell),
    session
      .prepare(
        `SELECT ${CITY}, k.op, k.version AS row_version, k.around FROM cells k JOIN cities c ON c.id = k.city WHERE k.cell = ?1 AND k.state = 'leaf'`,
      )
      .bind(cell),
  ]);
  const row = present(found, 'birth').results[0] as MapRowJoin | undefined;
  if (row === undefined) return undefined;
  const city = cityOf(row);
  const version = versionOf({ version: row.row_version, around: row.around }, city);
  return {
    cell,
    city: city.id,
    version,
    op: row.op,
    policy: city.policy,
    near: await nearOf(session, cell, city.policy),
    ...(city.state === 'draining' ? { draining: true } : {}),
  };
}

async function readFamilyMapRow(db: D1Database, parent: CellId): Promise<MapRow | undefined> {
  const family = children(parent);
  const session = reader(db, { primary: true });
  const { results } = await session
    .prepare(
      `SELECT ${CITY}, max(k.version, k.around) AS row_version FROM cells k JOIN cities c ON c.id = k.city
       WHERE k.state = 'leaf' AND k.cell IN (SELECT value FROM json_each(?1))`,
    )
    .bind(JSON.stringify(family))
    .all<MapRowJoin>();
  const [first] = results;
  if (first === undefined || results.length < family.length || results.some(({ id }) => id !== first.id))
    return undefined;
  const city = cityOf(first);
  const version = Math.max(city.version, ...results.map((row) => row.row_version));
  return {
    cell: parent,
    city: city.id,
    version,
    op: '',
    policy: city.policy,
    near: await nearOf(session, parent, city.policy),
    ...(city.state === 'draining' ? { draining: true } : {}),
  };
}

/** Squares are read one by one: more of them would be slow to ask for, larger ones read much that is beyond the circle. */
const SQUARE_LENGTH_MAX = 5;
const SQUARES_MAX = 2000;

/** The leaves that a question anywhere in the cell may ever touch, and a few more; whoever needs exactness measures again. */
async function nearOf(session: D1DatabaseSession, cell: CellId, policy: Policy): Promise<readonly CellId[]> {
  const middle = center(cell);
  const reachM = outerRadiusM(cell) + present(policy.radiusStepsM.at(-1), 'radius step') + MARGIN_M;
  // Squares small enough that little beyond the circle is read, what lies in each by the primary key, and whatever is larger by name.
  const { length, cells } = coverCircleWithin(middle, reachM, SQUARE_LENGTH_MAX, SQUARES_MAX);
  const squares = cells.map((square) => square.cell);
  const larger = Array.from({ length: Math.max(0, length - LEAF_MIN_LENGTH) }, (_, i) => LEAF_MIN_LENGTH + i);
  const above = new Set(squares.flatMap((square) => larger.map((letters) => square.slice(0, letters))));
  // One row of names: D1 takes longer to hand over a thousand rows than to find them.
  const found = await session
    .prepare(
      `SELECT group_concat(cell, ' ') AS names FROM (
         SELECT k.cell FROM json_each(?1) s
           CROSS JOIN cells k ON k.cell >= s.value AND k.cell < s.value || '{' WHERE k.state = 'leaf'
         UNION ALL
         SELECT cell FROM cells WHERE cell IN (SELECT value FROM json_each(?2)) AND state = 'leaf')`,
    )
    .bind(JSON.stringify(squares), JSON.stringify([...above]))
    .first<{ readonly names: string | null }>();
  const leaves = new Set(found?.names?.split(' ') ?? []);
  return coverCircle(middle, reachM, leaves).flatMap((near) => (near.cell === cell ? [] : [near.cell as CellId]));
}
