// Watches the free space of the data directory, and tells the service when there is too little (decision 0061).
import { statfs } from 'node:fs/promises';
import { callApi } from './http.ts';

export interface DiskWatchOptions {
  readonly path: string;
  readonly url: string;
  readonly token: () => Promise<string>;
  /** Below it the disk counts as full: what is left is for what goes on by itself. */
  readonly leastBytes: number;
  readonly onLog: (line: string) => void;
  readonly freeBytes?: ((path: string) => Promise<number>) | undefined;
}

/** Enough for a few minutes of what cells do by themselves, and for the log of the database. */
export const LEAST_FREE_BYTES = 64 * 2 ** 20;
const EVERY_MS = 1000;
/** Full until there is a quarter more than that: at the edge it would swing. */
const ENOUGH = 1.25;

export async function freeBytesOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Looks once a second until it is stopped; has looked once when it resolves. */
export async function watchDisk(options: DiskWatchOptions): Promise<{ readonly stop: () => void }> {
  const { path, leastBytes, onLog, freeBytes = freeBytesOf } = options;
  let isFull = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const free = await freeBytes(path);
    const full = free < (isFull ? ENOUGH * leastBytes : leastBytes);
    if (full || full !== isFull) await tell(options, full, free);
    if (full !== isFull) onLog(lineOf(full, free));
    isFull = full;
  };
  const next = async (): Promise<void> => {
    // A service that is busy, or on its way out, is told the next time.
    await look().catch(() => {});
    if (!stopped) timer = setTimeout(() => void next(), EVERY_MS).unref();
  };
  await next();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function tell({ url, token }: DiskWatchOptions, full: boolean, freeBytes: number): Promise<void> {
  const body = { full, freeBytes: Math.floor(freeBytes) };
  await callApi(url, '/v1/ops/disk', { method: 'PUT', body, token: await token(), timeoutMs: 5000 });
}

/** As the worker's own lines are. */
function lineOf(full: boolean, freeBytes: number): string {
  const [level, event] = full ? ['error', 'disk.full'] : ['info', 'disk.free'];
  return JSON.stringify({ level, event, freeBytes: Math.floor(freeBytes) });
}
