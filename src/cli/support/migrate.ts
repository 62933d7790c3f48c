// Applies D1 migrations where workerd keeps its databases: by a worker of its own on the same database ids,
// run before the service. It records them in `d1_migrations` as wrangler does, each in one batch with its statements.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataDir } from './data-dir.ts';
import type { Plan } from './plan.ts';
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

/** Names of the migrations applied now; none when all were applied before. Throws naming the one that fails. */
export async function applyMigrations({ dataDir, plan, onLog, onSpawn }: MigrateOptions): Promise<readonly string[]> {
  const databases = plan.databases.filter(({ migrations }) => migrations.length > 0);
  if (databases.length === 0) return [];
  const main = join(dataDir.build, 'migrate.js');
  writeFileSync(main, `const databases = ${JSON.stringify(databases)};\n${WORKER}`);
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
    if (result.failed !== undefined) throw new Error(`migration ${result.failed}`);
    return result.applied;
  } finally {
    // All is committed or rolled back by now, and nothing else runs in there: no need to wait for a graceful end.
    await workerd.kill('SIGKILL');
    rmSync(dataDir.migrateConfig, { force: true });
  }
}

const WORKER = `
const TABLE = \`CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)\`;

export default {
  async fetch(request, env) {
    const applied = [];
    for (const { binding, migrations } of databases) {
      const database = env[binding];
      await database.prepare(TABLE).run();
      const { results } = await database.prepare('SELECT name FROM d1_migrations').all();
      const done = new Set(results.map(({ name }) => name));
      for (const { name, statements } of migrations) {
        if (done.has(name)) continue;
        try {
          await database.batch([
            ...statements.map((statement) => database.prepare(statement)),
            database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
          ]);
        } catch (error) {
          return Response.json({ applied, failed: name + ' failed: ' + error.message });
        }
        applied.push(name);
      }
    }
    return Response.json({ applied });
  },
};
`;
