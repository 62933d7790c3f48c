// Rows in an object's SQLite: one table for each kind, its schema versioned in a table, migrated when the object is constructed.
import { type Commit, type Row, type RowStore, requireSmall, type TableSpec } from '../../engine/rows.ts';

/** What is needed of the platform's storage; a plain SQLite passes too. */
export type SqlRowsDeps = {
  /** Runs one statement; rows come back as objects. */
  readonly exec: (sql: string, ...bindings: (string | number)[]) => Iterable<Readonly<Record<string, unknown>>>;
  /** All or nothing; must not wait. */
  readonly transaction: (work: () => void) => void;
  /** Arms or disarms the alarm within the transaction. */
  readonly setAlarm: (at: number | null) => void;
};

/** 2: cells keep the users whom they take over. */
const SCHEMA_VERSION = 2;

/** Of rows that could not be read: made when there is one. A key is the name of its table and its key there. */
export const ASIDE = 'aside';

/**
 * Nothing is written, tables neither, before there is a row to keep: an object that somebody only asked for costs no disk.
 * @throws Error when the schema on disk is newer than this code.
 */
export function sqlRows(tables: readonly TableSpec[], { exec, transaction, setAlarm }: SqlRowsDeps): RowStore {
  const found = tablesIn(exec);
  let isEmpty = !found.has('schema');
  let hasAside = found.has(ASIDE);
  if (!isEmpty) transaction(() => migrate(tables, exec));
  const kindOf = new Map(tables.map(({ name, kind }) => [name, kind]));
  const statements = new Map(
    tables.map(({ name }) => [
      name,
      {
        put: `INSERT INTO "${name}" (k, d) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET d = excluded.d`,
        drop: `DELETE FROM "${name}" WHERE k = ?`,
      },
    ]),
  );
  const keyFor = (table: string, key: string): string | number => (kindOf.get(table) === 'log' ? Number(key) : key);
  const rowOf = (table: string, raw: Readonly<Record<string, unknown>>): Row => ({
    table,
    key: String(raw.k),
    value: String(raw.d),
  });
  return {
    load: function* () {
      if (isEmpty) return;
      for (const { name, kind } of tables) {
        const order = kind === 'log' ? 'ORDER BY k DESC LIMIT 1' : 'ORDER BY k';
        for (const raw of exec(`SELECT k, d FROM "${name}" ${order}`)) yield rowOf(name, raw);
      }
    },
    get: (table, key) => {
      if (isEmpty) return undefined;
      const [raw] = exec(`SELECT d FROM "${table}" WHERE k = ?`, keyFor(table, key));
      return raw === undefined ? undefined : String(raw.d);
    },
    commit: ({ rows, alarmAt }: Commit) => {
      requireSmall(rows);
      transaction(() => {
        if (isEmpty) migrate(tables, exec);
        for (const { table, key, value } of rows) {
          const statement = statements.get(table);
          if (statement === undefined) throw new Error(`no table ${table}`);
          if (value === null) exec(statement.drop, keyFor(table, key));
          else exec(statement.put, keyFor(table, key), value);
        }
        if (alarmAt !== undefined) setAlarm(alarmAt);
      });
      isEmpty = false;
    },
    setAside: (rows) => {
      transaction(() => {
        exec(`CREATE TABLE IF NOT EXISTS "${ASIDE}" (k TEXT PRIMARY KEY, d TEXT NOT NULL) WITHOUT ROWID`);
        for (const { table, key } of rows) {
          const from = keyFor(table, key);
          exec(
            `INSERT OR REPLACE INTO "${ASIDE}" (k, d) SELECT ?, d FROM "${table}" WHERE k = ?`,
            `${table} ${key}`,
            from,
          );
          exec(`DELETE FROM "${table}" WHERE k = ?`, from);
        }
      });
      hasAside = true;
    },
    aside: () => {
      if (!hasAside) return [];
      return [...exec(`SELECT k FROM "${ASIDE}" ORDER BY k`)].map(({ k }) => setAsideFrom(String(k)));
    },
    read: (table, after, limit) => {
      if (isEmpty) return [];
      return [...exec(`SELECT k, d FROM "${table}" WHERE k > ? ORDER BY k LIMIT ?`, after, limit)].map((raw) =>
        rowOf(table, raw),
      );
    },
  };
}

/** Where a row of `aside` was, by its key there. */
export function setAsideFrom(aside: string): Pick<Row, 'table' | 'key'> {
  const end = aside.indexOf(' ');
  return { table: aside.slice(0, end), key: aside.slice(end + 1) };
}

/** Of the two that are not always there. */
function tablesIn(exec: SqlRowsDeps['exec']): ReadonlySet<unknown> {
  const names = exec(`SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('schema', '${ASIDE}')`);
  return new Set([...names].map(({ name }) => name));
}

/** Within a transaction. */
function migrate(tables: readonly TableSpec[], exec: SqlRowsDeps['exec']): void {
  const known = tablesIn(exec).has('schema');
  const version = known ? Number([...exec('SELECT version FROM schema')][0]?.version ?? 0) : 0;
  if (version > SCHEMA_VERSION) throw new Error(`storage has schema ${version}; this code knows ${SCHEMA_VERSION}`);
  if (version === SCHEMA_VERSION) return;
  if (!known) exec('CREATE TABLE schema (version INTEGER NOT NULL)');
  for (const { name, kind } of tables) {
    exec(
      kind === 'log'
        ? `CREATE TABLE IF NOT EXISTS "${name}" (k INTEGER PRIMARY KEY, d TEXT NOT NULL)`
        : `CREATE TABLE IF NOT EXISTS "${name}" (k TEXT PRIMARY KEY, d TEXT NOT NULL) WITHOUT ROWID`,
    );
  }
  exec('DELETE FROM schema');
  exec('INSERT INTO schema (version) VALUES (?)', SCHEMA_VERSION);
}
