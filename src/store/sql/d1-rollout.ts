// A rollout in D1: one batch, carried out only if nobody changed the map since it was read.
import { CellMap, prefix3 } from '../../city/cell-map.ts';
import { changesOf, overridesOf } from '../../city/changes.ts';
import { overlapsOf } from '../../city/overlaps.ts';
import { asDivided } from '../../city/redivide.ts';
import { coverCircleAtLength } from '../../geo/cover.ts';
import { freeCells } from '../../geo/free-cells.ts';
import { center } from '../../geo/geohash.ts';
import { outerRadiusM } from '../../geo/outer-radius.ts';
import { present } from '../../lib/assert.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { DEFAULT_POLICY } from '../../matching/policy.ts';
import { type Problem, problem } from '../../protocol/problems.ts';
import type { City, CityStore, MapEntry, Rollout, RolloutPreview, RolloutResult } from '../city-store.ts';
import type { D1Deps } from './d1-deps.ts';

const TRIES_MAX = 4;
/** No radius is larger (protocol/policy.ts), and the margin is added to it. */
const REACH_MAX_M = 101_000;

export async function rollOut(
  db: D1Database,
  deps: D1Deps,
  store: CityStore,
  rollout: Rollout,
): Promise<Result<RolloutResult, Problem>> {
  const { plan } = rollout;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const look = await lookAt(db, store, rollout);
    const { before, preview } = look;
    const refused = refusalOf(look, rollout);
    if (refused !== undefined) return err(refused);
    if (before !== undefined && !preview.changed) return ok({ ...preview, city: withoutBoundary(before) });
    if (await write(db, deps, { rollout, look, op: deps.op() })) {
      const city = present(await store.city(plan.id, { primary: true }), `city ${plan.id}`);
      return ok({ ...preview, city: withoutBoundary(city) });
    }
  }
  return err({ t: 'problem', code: 'busy', detail: 'the cell map is being changed by others', retryAfterS: 1 });
}

export async function previewRollout(
  db: D1Database,
  store: CityStore,
  rollout: Rollout,
): Promise<Result<RolloutPreview, Problem>> {
  const look = await lookAt(db, store, rollout);
  const refused = refusalOf(look, rollout);
  return refused === undefined ? ok(look.preview) : err(refused);
}

/** As the map was when it was read; what is not refused is written only if the map is still that. */
function refusalOf({ before, leaves, preview }: Look, { plan, ifVersion }: Rollout): Problem | undefined {
  if (before?.state === 'draining') return problem('city_draining');
  const version = isThere(before) ? before.version : 0;
  if (ifVersion !== undefined && ifVersion !== version) {
    return problem('changed_meanwhile', `the city is at version ${version}, not ${ifVersion}`);
  }
  const { added, overlaps } = preview;
  if (added > 0 || leaves > 0) return undefined;
  const owners = overlaps.map(({ city, cells }) => `${cells} are with ${city}`).join(', ');
  return {
    ...problem('no_cell_left', `none of the ${plan.cells.length} cells it would take is free: ${owners}`),
    more: { overlaps },
  };
}

/** What there is, and what the rollout makes of it. */
type Look = {
  readonly before: (City & { readonly boundary: string }) | undefined;
  readonly added: readonly string[];
  /** How many cells the city has already. */
  readonly leaves: number;
  /** The highest version of the map when it was read. */
  readonly seen: number;
  readonly preview: RolloutPreview;
};

async function lookAt(db: D1Database, store: CityStore, rollout: Rollout): Promise<Look> {
  const { plan, boundary, policy } = rollout;
  const seen = await readMap(db, rollout);
  const before = await store.city(plan.id, { primary: true });
  const map = CellMap.of(seen.rows);
  const added = freeCells(
    asDivided(plan.cells, (cell) => map.rowOf(cell)?.state),
    map,
  );
  const covered = CellMap.of(plan.cells.map((cell) => ({ cell, city: plan.id, state: 'leaf', version: 0 })));
  const leaves = await store.leavesOf(plan.id, { primary: true });
  const kept = leaves.filter(
    (cell) => covered.leafCovering(cell) === undefined && freeCells([cell], covered)[0] === cell,
  ).length;
  const after = { ...plan, boundary, policy };
  const preview = {
    added: added.length,
    kept,
    overlaps: overlapsOf(
      plan.id,
      plan.cells,
      seen.rows.filter(({ state }) => state === 'leaf'),
    ),
    changed: !isThere(before) || added.length > 0 || !isSame(before, rollout),
    changes: isThere(before) ? changesOf(before, after) : overridesOf(DEFAULT_POLICY, policy),
  };
  return { before, added, leaves: leaves.length, seen: seen.version, preview };
}

/** Leaves, and what was split or merged, of every part that the plan touches, and the number that the next change will exceed. */
async function readMap(
  db: D1Database,
  { plan }: Rollout,
): Promise<{ readonly rows: readonly MapEntry[]; readonly version: number }> {
  const session = db.withSession('first-primary');
  const prefixes = [...new Set(plan.cells.map(prefix3))];
  const [rows, top] = await session.batch([
    session
      .prepare(
        "SELECT cell, city, state, version, around FROM cells WHERE state <> 'retired' AND prefix IN (SELECT value FROM json_each(?1))",
      )
      .bind(JSON.stringify(prefixes)),
    session.prepare(TOP_VERSION_QUERY),
  ]);
  return {
    rows: present(rows, 'rows').results as unknown as readonly MapEntry[],
    version: (present(top?.results[0], 'version') as { readonly version: number }).version,
  };
}

// Versions are common to all cities: a cell that changes its city must see its version rise.
export const TOP_VERSION =
  'max((SELECT coalesce(max(version), 0) FROM cities), (SELECT coalesce(max(version), 0) FROM cells))';
const TOP_VERSION_QUERY = `SELECT ${TOP_VERSION} AS version`;

type Writing = { readonly rollout: Rollout; readonly look: Look; readonly op: string };

/** True when this very operation was carried out, false when the map had changed. */
async function write(db: D1Database, deps: D1Deps, { rollout, look, op }: Writing): Promise<boolean> {
  const { plan, boundary, policyPatch, actor } = rollout;
  const { before, added, seen, preview } = look;
  const now = deps.now();
  const version = seen + 1;
  const session = db.withSession('first-primary');
  // The first statement takes the operation on or not; the others look whether it did.
  const mine = 'EXISTS (SELECT 1 FROM cities WHERE id = ?1 AND op = ?2)';
  const { changes } = preview;
  const what = { version, op, added: added.length, precision: plan.precision, policy: policyPatch, changes };
  const detail = JSON.stringify(what);
  const action = isThere(before) ? 'city.update' : 'city.create';
  const results = await session.batch([
    session
      .prepare(
        `INSERT INTO cities (id, name, boundary, precision, policy, location_hint, lat, lng, cells, version, op, created_at, updated_at)
         SELECT ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?2, ?11, ?11 WHERE ${TOP_VERSION} = ?12
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, boundary = excluded.boundary, precision = excluded.precision,
           policy = excluded.policy, location_hint = excluded.location_hint, lat = excluded.lat, lng = excluded.lng,
           version = excluded.version, op = excluded.op, updated_at = excluded.updated_at,
           state = 'live', removed_at = NULL`,
      )
      .bind(
        plan.id,
        op,
        plan.name,
        boundary,
        plan.precision,
        JSON.stringify(policyPatch),
        plan.locationHint,
        plan.centroid.lat,
        plan.centroid.lng,
        version,
        now,
        seen,
      ),
    session
      .prepare(
        `INSERT INTO cells (cell, city, state, version, op, prefix, born)
         SELECT value, ?1, 'leaf', ?3, ?2, substr(value, 1, 3), 0 FROM json_each(?4) WHERE ${mine}
         ON CONFLICT (cell) DO UPDATE SET city = excluded.city, state = 'leaf', version = excluded.version, op = excluded.op`,
      )
      .bind(plan.id, op, version, JSON.stringify(added)),
    session
      .prepare(
        `UPDATE cities SET cells = (SELECT count(*) FROM cells WHERE city = ?1 AND state = 'leaf') WHERE id = ?1 AND op = ?2`,
      )
      .bind(plan.id, op),
    session.prepare(`DELETE FROM drained WHERE city = ?1 AND ${mine}`).bind(plan.id, op),
    // Cells of other cities within reach have new neighbours, which they learn with the new version.
    session
      .prepare(
        `UPDATE cities SET version = ?3 WHERE id <> ?1 AND ${mine}
           AND id IN (SELECT city FROM cells WHERE prefix IN (SELECT value FROM json_each(?4)))`,
      )
      .bind(plan.id, op, version, JSON.stringify(prefixesAround(added))),
    session
      .prepare(`INSERT INTO audit (at, actor, action, subject, detail) SELECT ?3, ?4, ?5, ?1, ?6 WHERE ${mine}`)
      .bind(plan.id, op, now, actor, action, detail),
  ]);
  return (results[0]?.meta.changes ?? 0) > 0;
}

/** A city that was removed leaves its row, and may come back as a new one. */
function isThere<T extends City>(city: T | undefined): city is T {
  return city !== undefined && city.state !== 'removed';
}

function isSame(before: City & { readonly boundary: string }, { plan, boundary, policyPatch }: Rollout): boolean {
  return (
    before.name === plan.name &&
    before.boundary === boundary &&
    before.precision === plan.precision &&
    before.locationHint === plan.locationHint &&
    JSON.stringify(before.policyPatch) === JSON.stringify(policyPatch)
  );
}

function withoutBoundary({ boundary: _, ...city }: City & { readonly boundary: string }): City {
  return city;
}

/** The parts in which a cell may have one of these within its reach. */
export function prefixesAround(cells: readonly string[]): readonly string[] {
  const around = new Set<string>();
  for (const prefix of new Set(cells.map(prefix3))) {
    const found = coverCircleAtLength(center(prefix), outerRadiusM(prefix) + REACH_MAX_M, 3);
    for (const { cell } of found) around.add(cell);
  }
  return [...around].sort();
}
