// Removing a city in D1: it drains, each cell is ticked off, and one conditional batch takes the city and its leaves away.
import { prefix3 } from '../../city/cell-map.ts';
import { present } from '../../lib/assert.ts';
import type { CellId, CityId } from '../../protocol/ids.ts';
import type { City, CityStore } from '../city-store.ts';
import type { D1Deps } from './d1-deps.ts';
import { prefixesAround, TOP_VERSION } from './d1-rollout.ts';

type RemovalStore = Pick<
  CityStore,
  'drain' | 'keep' | 'removal' | 'leaving' | 'undrained' | 'setDrained' | 'remove' | 'untold' | 'setTold'
>;

const UNDRAINED = `FROM cells k WHERE k.city = ?1 AND k.state = 'leaf' AND k.born = 1
  AND NOT EXISTS (SELECT 1 FROM drained d WHERE d.cell = k.cell AND d.city = ?1)`;

const session = (db: D1Database): D1DatabaseSession => db.withSession('first-primary');

async function names(db: D1Database, query: string, id: CityId, limit: number): Promise<readonly CellId[]> {
  const { results } = await session(db).prepare(query).bind(id, limit).all<{ readonly cell: CellId }>();
  return results.map(({ cell }) => cell);
}

const audited = (deps: D1Deps, at: D1DatabaseSession, id: CityId, op: string, actor: string, action: string) =>
  at
    .prepare(
      `INSERT INTO audit (at, actor, action, subject, detail)
       SELECT ?3, ?4, ?5, ?1, json_object('version', version, 'op', ?2) FROM cities WHERE id = ?1 AND op = ?2`,
    )
    .bind(id, op, deps.now(), actor, action);

export function d1Removal(db: D1Database, deps: D1Deps, city: (id: CityId) => Promise<City | undefined>): RemovalStore {
  /** One batch. Cells that were ticked off before are not from now on. */
  const turn = async (
    id: CityId,
    actor: string,
    { from, to, action }: { readonly from: City['state']; readonly to: City['state']; readonly action: string },
  ): Promise<City | undefined> => {
    const at = session(db);
    const op = deps.op();
    await at.batch([
      at
        .prepare(
          `UPDATE cities SET state = ?4, version = ${TOP_VERSION} + 1, op = ?2, updated_at = ?3
           WHERE id = ?1 AND state = ?5`,
        )
        .bind(id, op, deps.now(), to, from),
      at
        .prepare('DELETE FROM drained WHERE city = ?1 AND EXISTS (SELECT 1 FROM cities WHERE id = ?1 AND op = ?2)')
        .bind(id, op),
      audited(deps, at, id, op, actor, action),
    ]);
    return city(id);
  };
  return {
    drain: (id, actor) => turn(id, actor, { from: 'live', to: 'draining', action: 'city.drain' }),
    keep: (id, actor) => turn(id, actor, { from: 'draining', to: 'live', action: 'city.keep' }),
    removal: async (id) => {
      const found = await city(id);
      if (found === undefined) return undefined;
      const left = await session(db)
        .prepare(`SELECT count(*) AS n ${UNDRAINED}`)
        .bind(id)
        .first<{ readonly n: number }>();
      return { city: found, cells: found.cells, drained: found.cells - present(left, 'count').n };
    },
    leaving: async () => {
      const { results } = await session(db)
        .prepare("SELECT id FROM cities WHERE state = 'draining' UNION SELECT city FROM drained ORDER BY 1")
        .all<{ readonly id: CityId }>();
      return results.map(({ id }) => id);
    },
    undrained: (id, limit) => names(db, `SELECT k.cell ${UNDRAINED} ORDER BY k.cell LIMIT ?2`, id, limit),
    setDrained: async (id, cells, version) => {
      if (cells.length === 0) return;
      await session(db)
        .prepare(
          `INSERT OR REPLACE INTO drained (cell, city) SELECT value, ?1 FROM json_each(?2)
           WHERE EXISTS (SELECT 1 FROM cities WHERE id = ?1 AND state = 'draining' AND version = ?3)`,
        )
        .bind(id, JSON.stringify(cells), version)
        .run();
    },
    remove: (id, actor) => remove(db, deps, id, actor),
    untold: (id, limit) => names(db, 'SELECT cell FROM drained WHERE city = ?1 ORDER BY cell LIMIT ?2', id, limit),
    setTold: async (id, cells) => {
      await session(db)
        .prepare('DELETE FROM drained WHERE city = ?1 AND cell IN (SELECT value FROM json_each(?2))')
        .bind(id, JSON.stringify(cells))
        .run();
    },
  };
}

/** One batch: the city, its leaves and what they told go together, if all of them are ticked off. */
async function remove(db: D1Database, deps: D1Deps, id: CityId, actor: string): Promise<boolean> {
  const at = session(db);
  const op = deps.op();
  const leaves = await names(db, "SELECT cell FROM cells WHERE city = ?1 AND state = 'leaf' LIMIT ?2", id, -1);
  const around = JSON.stringify(leaves.length === 0 ? [] : prefixesAround([...new Set(leaves.map(prefix3))]));
  const mine = 'EXISTS (SELECT 1 FROM cities WHERE id = ?1 AND op = ?2)';
  const results = await at.batch([
    at
      .prepare(
        `UPDATE cities SET state = 'removed', removed_at = ?3, updated_at = ?3, cells = 0,
           version = ${TOP_VERSION} + 1, op = ?2
         WHERE id = ?1 AND state = 'draining' AND NOT EXISTS (SELECT 1 ${UNDRAINED})`,
      )
      .bind(id, op, deps.now()),
    at
      .prepare(
        `UPDATE cells SET state = 'retired', version = (SELECT version FROM cities WHERE id = ?1), op = ?2
         WHERE city = ?1 AND state = 'leaf' AND ${mine}`,
      )
      .bind(id, op),
    // Cells of other cities within reach have lost neighbours, which they learn with the new version.
    at
      .prepare(
        `UPDATE cities SET version = (SELECT version FROM cities WHERE id = ?1) WHERE id <> ?1 AND ${mine}
           AND id IN (SELECT city FROM cells WHERE state = 'leaf' AND prefix IN (SELECT value FROM json_each(?3)))`,
      )
      .bind(id, op, around),
    at.prepare(`DELETE FROM loads WHERE city = ?1 AND ${mine}`).bind(id, op),
    audited(deps, at, id, op, actor, 'city.remove'),
  ]);
  return (results[0]?.meta.changes ?? 0) > 0;
}
