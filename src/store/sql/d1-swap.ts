// Splits and merges in D1: one batch at the primary, carried out only if every row is still what the cell that asks for it has seen.
import { present } from '../../lib/assert.ts';
import type { MapCalls, MapReply, MapRowView } from '../../messages/resharding.ts';
import type { CellId } from '../../protocol/ids.ts';
import type { D1Deps } from './d1-deps.ts';
import { TOP_VERSION } from './d1-rollout.ts';

const ROWS = 'SELECT cell, state, version, op FROM cells WHERE cell IN (SELECT value FROM json_each(?1))';

export async function readRows(db: D1Database, cells: readonly CellId[]): Promise<MapReply> {
  const { results } = await db.withSession('first-primary').prepare(ROWS).bind(JSON.stringify(cells)).all<MapRowView>();
  return { t: 'rows', rows: results };
}

/** Answers with the rows of `from` as they are after it, whoever wrote them. Sent again, it changes nothing. */
export async function swap(
  db: D1Database,
  deps: D1Deps,
  { op, city, from, to, near }: MapCalls['swap']['ask'],
): Promise<MapReply> {
  const session = db.withSession('first-primary');
  const names = JSON.stringify(from.map(({ cell }) => cell));
  const isSplit = to.length > from.length;
  const left = isSplit ? 'split' : 'merged';
  // The first statement takes the operation on or not; the others look whether it did, and which version it got.
  const version = "(SELECT version FROM cells WHERE op = ?1 AND state <> 'leaf' LIMIT 1)";
  const results = await session.batch([
    session
      .prepare(
        `UPDATE cells SET state = ?2, op = ?1, version = 1 + ${TOP_VERSION}, around = 1 + ${TOP_VERSION}
         WHERE cell IN (SELECT json_extract(value, '$.cell') FROM json_each(?3))
           AND (SELECT count(*) FROM cells c JOIN json_each(?3) f ON c.cell = json_extract(f.value, '$.cell')
                WHERE c.state = 'leaf' AND c.version = json_extract(f.value, '$.version')) = ?4`,
      )
      .bind(op, left, JSON.stringify(from), from.length),
    // A batch that comes late, when others have changed its leaves since, leaves them alone: versions only rise.
    session
      .prepare(
        `INSERT INTO cells (cell, city, state, version, around, op, prefix)
         SELECT value, ?2, 'leaf', ${version}, ${version}, ?1, substr(value, 1, 3) FROM json_each(?3) WHERE ${version} IS NOT NULL
         ON CONFLICT (cell) DO UPDATE SET city = excluded.city, state = 'leaf', version = excluded.version,
           around = excluded.around, op = excluded.op, born = 1 WHERE cells.version < excluded.version`,
      )
      .bind(op, city, JSON.stringify(to)),
    // Leaves around have new neighbours, and so have the parts of those that were split meanwhile.
    session
      .prepare(
        `UPDATE cells SET around = max(around, ${version}) WHERE ${version} IS NOT NULL AND state = 'leaf' AND cell IN
           (SELECT c.cell FROM json_each(?2) n JOIN cells c ON c.cell >= n.value AND c.cell < n.value || '~')`,
      )
      .bind(op, JSON.stringify(near)),
    session
      .prepare(
        `UPDATE cities SET cells = (SELECT count(*) FROM cells WHERE city = ?2 AND state = 'leaf')
         WHERE id = ?2 AND ${version} IS NOT NULL`,
      )
      .bind(op, city),
    // Whoever is not a leaf any more has told nothing, should it be one again.
    session
      .prepare(
        `DELETE FROM loads WHERE ${version} IS NOT NULL AND cell IN (SELECT json_extract(value, '$.cell') FROM json_each(?2))`,
      )
      .bind(op, JSON.stringify(from)),
    session
      .prepare(
        `INSERT INTO audit (at, actor, action, subject, detail) SELECT ?3, 'cell', ?4, ?2, ?5
         WHERE ${version} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit WHERE subject = ?2 AND action = ?4 AND detail = ?5)`,
      )
      .bind(
        op,
        city,
        deps.now(),
        isSplit ? 'cell.split' : 'cell.merge',
        JSON.stringify({ cell: op.split('#')[0], op }),
      ),
    session.prepare(ROWS).bind(names),
  ]);
  return { t: 'rows', rows: present(results.at(-1), 'rows').results as unknown as readonly MapRowView[] };
}
