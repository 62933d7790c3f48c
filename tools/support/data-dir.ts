// The data directory of a local service: where it is and what each file in it is called.
import { mkdirSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where no `--data` is given: for a shell, or a test run, that is to have a directory of its own. */
export const DEFAULT_DATA_DIR = process.env['VICINAL_DATA'] || '.vicinal';

export const DATA_OPTION = {
  type: 'text',
  value: 'DIR',
  help: 'where everything is kept',
  default: DEFAULT_DATA_DIR,
} as const;

/** Absolute paths of everything that a local service keeps. workerd adds `.wrangler/state` with the storage itself. */
export interface DataDir {
  readonly path: string;
  readonly secret: string;
  readonly lock: string;
  readonly holder: string;
  readonly build: string;
  readonly serviceConfig: string;
  readonly migrateConfig: string;
  /** workerd's own: a folder for each kind of object. */
  readonly state: string;
}

/** Makes the directory (private to its owner) when there is none. Throws when the path is something else or not writable. */
export function openDataDir(path: string): DataDir {
  const wanted = resolve(path);
  try {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(`cannot use ${wanted} as a data directory: ${error instanceof Error ? error.message : error}`);
  }
  // The real path, because a left-over workerd is recognised by the configuration path on its command line.
  const real = realpathSync(wanted);
  return {
    path: real,
    secret: resolve(real, 'secret'),
    lock: resolve(real, 'lock'),
    holder: resolve(real, 'holder.json'),
    build: resolve(real, 'build'),
    serviceConfig: resolve(real, 'vicinal.json'),
    migrateConfig: resolve(real, 'migrate.json'),
    state: resolve(real, '.wrangler/state/workerd'),
  };
}
