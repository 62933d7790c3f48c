// Applies D1 migrations where workerd keeps its databases: by a worker of its own on the same database ids,
// run before the service. It records them in `d1_migrations` as wrangler does, each in one batch with its statements.
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataDir } from './data-dir.ts';
import type { DatabasePlan, Plan } from './plan.ts';
import { startWorkerd } from './workerd.ts';

export interface MigrateOptions {
  readonly dataDir: DataDir;
  readonly plan: Plan;
  readonly onLog: (line: string) => void;
  readonly onSpawn: (pid: number) => void;
}

interface MigrateResult {
  readonly applied: readonly string[];
  readonly failed?: string;
}

/**
 * Names of the migrations applied now; none when all were applied before. Throws naming the one that fails, and a database that
 * is not the one of the objects beside it: empty, without one of its tables, or written by a later version.
 */
export async function applyMigrations({ dataDir, plan, onLog, onSpawn }: MigrateOptions): Promise<readonly string[]> {
  const databases = plan.databases.filter(({ migrations }) => migrations.length > 0);
  if (databases.length === 0) return [];
  const main = join(dataDir.build, 'migrate.js');
  const given = databases.map((database) => ({ ...database, tables: tablesOf(database) }));
  const facts = { databases: given, hasCells: hasCells(dataDir.state) };
  writeFileSync(main, `const { databases, hasCells } = ${JSON.stringify(facts)};\n${WORKER}`);
  const config = {
    name: `${plan.name}-migrate`,
    main,
    no_bundle: true,
    compatibility_date: plan.compatibility_date,
    d1_databases: databases.map(({ migrations: _, ...database }) => database),
  };
  writeFileSync(dataDir.migrateConfig, JSON.stringify(config), { mode: 0o600 });
  const workerd = await startWorkerd({ configPath: dataDir.migrateConfig, port: 0, onLog, onSpawn });
  try {
    const response = await fetch(`http://127.0.0.1:${workerd.port}/`, { method: 'POST' });
    const result = (await response.json()) as MigrateResult;
    if (result.failed !== undefined) throw new Error(result.failed);
    return result.applied;
  } finally {
    // All is committed or rolled back by now, and nothing else runs in there: no need to wait for a graceful end.
    await workerd.kill('SIGKILL');
    rmSync(dataDir.migrateConfig, { force: true });
  }
}

/** What its migrations make. */
function tablesOf({ migrations }: DatabasePlan): readonly string[] {
  const statements = migrations.flatMap((migration) => migration.statements);
  return statements.flatMap((sql) => /^\s*(?:--.*\n\s*)*CREATE TABLE (?:IF NOT EXISTS )?(\w+)/i.exec(sql)?.[1] ?? []);
}

/** A cell that keeps anything was rolled out once, and rows of the map are never deleted. */
function hasCells(state: string): boolean {
  const folder = join(state, 'vicinal-CellObject');
  return existsSync(folder) && readdirSync(folder).some((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
}

const WORKER = `
const TABLE = \`CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)\`;

export default {
  async fetch(request, env) {
    const applied = [];
    for (const { binding, database_name, migrations, tables } of databases) {
      const refuse = (why) => Response.json({ applied, failed: 'the database ' + database_name + ' ' + why });
      const database = env[binding];
      await database.prepare(TABLE).run();
      const { results } = await database.prepare('SELECT name FROM d1_migrations').all();
      const done = new Set(results.map(({ name }) => name));
      const advice = ': restore the whole data directory from a backup, or start on another one; nothing was changed';
      if (hasCells && done.size === 0) return refuse('is empty, though there are cells beside it' + advice);
      const later = [...done].find((name) => !migrations.some((migration) => migration.name === name));
      if (later !== undefined) return refuse('has the migration ' + later + ', which this version does not know: run the one that wrote it');
      for (const { name, statements } of migrations) {
        if (done.has(name)) continue;
        try {
          await database.batch([
            ...statements.map((statement) => database.prepare(statement)),
            database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
          ]);
        } catch (error) {
          return Response.json({ applied, failed: 'migration ' + name + ' failed: ' + error.message });
        }
        applied.push(name);
      }
      const { results: there } = await database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
      const missing = tables.filter((table) => !there.some(({ name }) => name === table));
      if (missing.length > 0) return refuse('lacks the table ' + missing.join(', ') + ', though its migrations were applied' + advice);
      if (hasCells && tables.includes('cells')) {
        const { n } = await database.prepare('SELECT count(*) AS n FROM cells').first();
        if (n === 0) return refuse('knows no cell, though there are some beside it' + advice);
      }
    }
    return Response.json({ applied });
  },
};
`;
