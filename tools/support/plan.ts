// Reads wrangler.toml and migrations/ into what workerd needs, as JSON on a file; run as a process of its own by bundle.ts,
// because wrangler is heavy, prints where it likes, and has no business in a process that lives for days.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export interface MigrationPlan {
  readonly name: string;
  readonly statements: readonly string[];
}

export interface DatabasePlan {
  readonly binding: string;
  readonly database_name: string;
  readonly database_id: string;
  readonly migrations: readonly MigrationPlan[];
}

/** The parts of the configuration that workerd takes; it refuses a file with any other field. */
export interface Plan {
  readonly name: string;
  readonly compatibility_date: string;
  readonly compatibility_flags: readonly string[];
  readonly vars: Readonly<Record<string, unknown>>;
  readonly durable_objects: { readonly bindings: readonly { readonly name: string; readonly class_name: string }[] };
  readonly migrations: readonly unknown[];
  readonly databases: readonly DatabasePlan[];
  readonly assets?: Readonly<Record<string, unknown>>;
  readonly crons: readonly string[];
}

/** What is read of wrangler's configuration; its own types lean on packages that are not installed. */
interface WranglerConfig {
  readonly name?: string;
  readonly compatibility_date?: string;
  readonly compatibility_flags: readonly string[];
  readonly vars: Readonly<Record<string, unknown>>;
  readonly durable_objects: { readonly bindings: readonly { readonly name: string; readonly class_name?: string }[] };
  readonly migrations: readonly unknown[];
  readonly d1_databases: readonly {
    readonly binding: string;
    readonly database_name?: string;
    readonly migrations_dir?: string;
  }[];
  readonly assets?: Readonly<Record<string, unknown>>;
  readonly triggers: { readonly crons?: readonly string[] };
}

const ASSET_FIELDS = ['binding', 'html_handling', 'not_found_handling', 'run_worker_first'] as const;

export async function readPlan(wranglerToml: string): Promise<Plan> {
  const { unstable_readConfig: readConfig, unstable_splitSqlQuery: split } = await import('wrangler');
  const config: WranglerConfig = readConfig({ config: wranglerToml });
  if (config.name === undefined || config.compatibility_date === undefined)
    throw new Error(`${wranglerToml} must name the worker and its compatibility date`);
  const root = dirname(wranglerToml);
  const { assets } = config;
  return {
    name: config.name,
    compatibility_date: config.compatibility_date,
    compatibility_flags: config.compatibility_flags,
    vars: config.vars,
    durable_objects: {
      bindings: config.durable_objects.bindings.map(({ name, class_name }) => ({
        name,
        class_name: class_name ?? name,
      })),
    },
    migrations: config.migrations,
    databases: config.d1_databases.map((database) => {
      const name = database.database_name ?? database.binding;
      const folder = resolve(root, database.migrations_dir ?? 'migrations');
      return {
        binding: database.binding,
        database_name: name,
        // The id names the files here. The real one is put into wrangler.toml for a deploy, and local data must outlive that.
        database_id: `local-${name}`,
        migrations: migrationFiles(folder).map((file) => ({
          name: file,
          statements: split(readFileSync(resolve(folder, file), 'utf8')),
        })),
      };
    }),
    ...(assets === undefined ? {} : { assets: assetsOf(assets, root) }),
    crons: config.triggers.crons ?? [],
  };
}

function migrationFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.sql'))
      .sort();
  } catch {
    return [];
  }
}

function assetsOf(assets: Readonly<Record<string, unknown>>, root: string): Readonly<Record<string, unknown>> {
  const kept = ASSET_FIELDS.filter((field) => assets[field] !== undefined).map((field) => [field, assets[field]]);
  return { directory: resolve(root, String(assets['directory'])), ...Object.fromEntries(kept) };
}

if (import.meta.main) {
  const [wranglerToml, outFile] = process.argv.slice(2);
  if (wranglerToml === undefined || outFile === undefined) throw new Error('plan.ts WRANGLER_TOML OUT_FILE');
  writeFileSync(outFile, JSON.stringify(await readPlan(wranglerToml)));
}
