// The local service as a function: one workerd on one data directory. `npm start`, the demo, the benches, the chaos
// tests and the end-to-end tests all run it through here.
import { writeFileSync } from 'node:fs';
import { bundleInto } from './bundle.ts';
import { DEFAULT_DATA_DIR, openDataDir } from './data-dir.ts';
import { freeBytesOf, LEAST_FREE_BYTES, watchDisk } from './disk-watch.ts';
import { removeEmptyObjects } from './empty-objects.ts';
import { takeLock } from './lock.ts';
import { applyMigrations } from './migrate.ts';
import type { Plan } from './plan.ts';
import { readOrMakeSecret } from './secret.ts';
import { signToken } from './token.ts';
import { startWorkerd, type WorkerdExit } from './workerd.ts';

export interface ServiceOptions {
  readonly dataDir?: string;
  /** 0 for a free one; 8787 if not said. */
  readonly port?: number;
  /** Without `onLog`: lines go to stderr, or nowhere when quiet. */
  readonly quiet?: boolean;
  /** One line of the worker's log (a JSON string) or of workerd's own. */
  readonly onLog?: (line: string) => void;
  /** Variables of the worker beside those of wrangler.toml. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Below it the disk counts as full: what writes is refused until there is room. */
  readonly leastFreeBytes?: number;
  /** How much room the data directory has; for tests, which cannot fill a disk. */
  readonly freeBytes?: (path: string) => Promise<number>;
}

export interface Service {
  readonly url: string;
  readonly port: number;
  /** Signs tokens for this service; see `signToken`. */
  readonly secret: string;
  /** Of workerd. */
  readonly pid: number;
  readonly dataDir: string;
  /** Settles when workerd has ended, for whatever reason, and the directory is free again. */
  readonly exited: Promise<WorkerdExit>;
  /** Sends workerd a signal (SIGKILL if not said) and waits for its end; the directory can be started on again. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<WorkerdExit>;
  /** A clean end within about 1.5 s. May be called twice, and after the end. */
  readonly stop: () => Promise<void>;
}

export const DEFAULT_PORT = 8787;

export const PORT_OPTION = {
  type: 'integer',
  value: 'PORT',
  help: 'port on 127.0.0.1, 0 for a free one',
  default: DEFAULT_PORT,
  min: 0,
  max: 65_535,
} as const;

/**
 * Resolves when the service listens. Throws, with nothing left running, when another has the directory
 * (DirectoryInUseError), the port is taken, the bundle does not build or a migration fails.
 */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const { port = DEFAULT_PORT, vars = {} } = options;
  const onLog = logOf(options);
  const dataDir = openDataDir(options.dataDir ?? DEFAULT_DATA_DIR);
  await requireRoom(dataDir.path);
  const lock = await takeLock(dataDir);
  try {
    const secret = readOrMakeSecret(dataDir);
    removeEmptyObjects(dataDir.state);
    const { plan, main } = await bundleInto(dataDir.build, onLog);
    const onSpawn = (workerdPid: number): void => lock.note({ workerdPid });
    await applyMigrations({ dataDir, plan, onLog, onSpawn });
    const config = serviceConfig(plan, main, { ...ONE_PROCESS, ...vars, JWT_SECRET: secret, DISK_WATCHED: 'yes' });
    writeFileSync(dataDir.serviceConfig, JSON.stringify(config, null, 2), { mode: 0o600 });
    const workerd = await startWorkerd({ configPath: dataDir.serviceConfig, port, onLog, onSpawn });
    const url = `http://127.0.0.1:${workerd.port}`;
    lock.note({ workerdPid: workerd.pid, url });
    const { leastFreeBytes: leastBytes = LEAST_FREE_BYTES, freeBytes } = options;
    const token = () => signToken({ sub: 'disk-watch', scope: 'ops', secret, ttlS: 60 });
    const disk = await watchDisk({ path: dataDir.path, url, token, leastBytes, freeBytes, onLog });
    const exited = workerd.exited.finally(() => {
      disk.stop();
      lock.release();
    });
    return {
      url,
      port: workerd.port,
      secret,
      pid: workerd.pid,
      dataDir: dataDir.path,
      exited,
      kill: async (signal = 'SIGKILL') => {
        await workerd.kill(signal);
        return exited;
      },
      stop: async () => {
        await workerd.stop();
        await exited;
      },
    };
  } catch (error) {
    lock.release();
    throw isNoSpace(error) ? noRoom(dataDir.path, 0) : error;
  }
}

/** Load on the process is not load on a cell: splitting one would add to it. */
const ONE_PROCESS = { AUTO_SPLIT: 'no' };

/** To start takes a copy of the bundle, and workerd some room for what it does first. */
const START_BYTES = 4 * 2 ** 20;

async function requireRoom(path: string): Promise<void> {
  const free = await freeBytesOf(path);
  if (free < START_BYTES) throw noRoom(path, free);
}

function noRoom(path: string, freeBytes: number): Error {
  return new Error(
    `the disk of ${path} is full (${Math.floor(freeBytes / 1024)} KiB are free): make room for 4 MiB or more, and start again; nothing is lost`,
  );
}

const isNoSpace = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOSPC';

function logOf({ quiet, onLog }: ServiceOptions): (line: string) => void {
  if (onLog !== undefined) return onLog;
  if (quiet === true) return () => {};
  return (line) => void process.stderr.write(`${line}\n`);
}

function serviceConfig(plan: Plan, main: string, vars: Readonly<Record<string, string>>) {
  const { databases, crons, ...rest } = plan;
  return {
    ...rest,
    main,
    no_bundle: true,
    vars: { ...plan.vars, ...vars },
    d1_databases: databases.map(({ migrations: _, ...database }) => database),
    triggers: { crons },
  };
}
