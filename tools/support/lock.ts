// One service at a time on a data directory: two workerds on one directory would both acknowledge writes.

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataDir } from './data-dir.ts';

/** Who has the directory; written for people and for healing, while the lock itself is the operating system's. */
export interface Holder {
  readonly pid: number;
  readonly startedAt: string;
  readonly workerdPid?: number;
  readonly url?: string;
}

export interface Lock {
  /** Records what is known by now, so that a later start can name it or clean up after it. */
  readonly note: (known: Pick<Holder, 'workerdPid' | 'url'>) => void;
  readonly release: () => void;
}

export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';
}

const LEFT_OVER_WAIT_MS = 3000;

/**
 * Takes the lock or throws DirectoryInUseError naming the holder. A workerd that a killed holder left behind is ended.
 *
 * The lock is SQLite's exclusive file lock: the system drops it when the process dies, however it dies, so there is
 * no stale lock to judge, no race between two healers and no process id that could meanwhile be somebody else's.
 */
export async function takeLock(dataDir: DataDir): Promise<Lock> {
  const database = new DatabaseSync(dataDir.lock, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) throw new DirectoryInUseError(describe(dataDir, readHolder(dataDir)));
    throw new Error(`cannot lock ${dataDir.lock}: ${error instanceof Error ? error.message : error}`);
  }
  let holder: Holder = { pid: process.pid, startedAt: new Date().toISOString() };
  try {
    await endLeftOver(dataDir, readHolder(dataDir)?.workerdPid);
    writeHolder(dataDir, holder);
  } catch (error) {
    database.close();
    throw error;
  }
  let held = true;
  return {
    note: (known) => {
      holder = { ...holder, ...known };
      if (held) writeHolder(dataDir, holder);
    },
    release: () => {
      if (!held) return;
      held = false;
      rmSync(dataDir.holder, { force: true });
      database.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function describe(dataDir: DataDir, holder: Holder | undefined): string {
  if (holder === undefined) return `${dataDir.path} is in use by another process`;
  const where = holder.url === undefined ? '' : `, ${holder.url}`;
  return `${dataDir.path} is in use by process ${holder.pid} (since ${holder.startedAt}${where})`;
}

function writeHolder(dataDir: DataDir, holder: Holder): void {
  writeFileSync(dataDir.holder, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
}

function readHolder(dataDir: DataDir): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(dataDir.holder, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number')
      return undefined;
    return value as Holder;
  } catch {
    // Absent, or cut short by a crash while it was written: nothing is known, and nothing hangs on it.
    return undefined;
  }
}

/** Ends the process only when its command line shows that it serves this directory: ids are used again. */
async function endLeftOver(dataDir: DataDir, pid: number | undefined): Promise<void> {
  if (pid === undefined || !servesDirectory(dataDir, pid)) return;
  process.kill(pid, 'SIGKILL');
  const deadlineMs = Date.now() + LEFT_OVER_WAIT_MS;
  while (servesDirectory(dataDir, pid)) {
    if (Date.now() > deadlineMs)
      throw new Error(`a left-over workerd (process ${pid}) on ${dataDir.path} does not end`);
    await sleep(20);
  }
}

function servesDirectory(dataDir: DataDir, pid: number): boolean {
  const command = commandLineOf(pid);
  return command.includes(dataDir.serviceConfig) || command.includes(dataDir.migrateConfig);
}

function commandLineOf(pid: number): string {
  try {
    return process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
  } catch {
    return '';
  }
}
