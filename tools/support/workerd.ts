// One workerd process: started, heard until it listens, ended, and never left behind by the process that started it.
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface WorkerdOptions {
  readonly configPath: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly onLog: (line: string) => void;
  /** Told as soon as the process exists, before it listens. */
  readonly onSpawn?: (pid: number) => void;
}

export interface WorkerdExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Workerd {
  readonly pid: number;
  readonly port: number;
  readonly exited: Promise<WorkerdExit>;
  /** Sends the signal and waits for the end. */
  readonly kill: (signal: NodeJS.Signals) => Promise<WorkerdExit>;
  /** SIGTERM, and SIGKILL for what has not ended by itself (open sockets keep workerd alive). */
  readonly stop: () => Promise<WorkerdExit>;
}

const STOP_WAIT_MS = 1500;
const LISTEN_WAIT_MS = 20_000;

/** Resolves when it listens on 127.0.0.1. Throws with workerd's own words when it does not. */
export async function startWorkerd({ configPath, port, onLog, onSpawn }: WorkerdOptions): Promise<Workerd> {
  const watchdog = startWatchdog();
  const child = spawn(
    workerdBinary(),
    ['serve', configPath, '--experimental', `--socket-addr=http=127.0.0.1:${port}`, '--control-fd=3'],
    // Detached: Ctrl-C in a terminal goes to the whole process group, and the end of workerd is ours to arrange.
    { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], detached: true },
  );
  const exited = new Promise<WorkerdExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  const pid = child.pid;
  if (pid === undefined) {
    watchdog.dismiss();
    throw new Error(`cannot run ${workerdBinary()}`);
  }
  watchdog.guard(pid);
  void exited.then(watchdog.dismiss);
  onSpawn?.(pid);

  const kill = (signal: NodeJS.Signals): Promise<WorkerdExit> => {
    child.kill(signal);
    return exited;
  };
  const stop = async (): Promise<WorkerdExit> => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WAIT_MS);
    const end = await kill('SIGTERM');
    clearTimeout(timer);
    return end;
  };
  // Of one that does not come to listen, the error says what it said.
  const complaints: string[] = [];
  let listening = false;
  forEachLine(child.stdout, onLog);
  forEachLine(child.stderr, (line) => {
    if (listening) onLog(line);
    else complaints.push(line);
  });
  try {
    const portTaken = await listenedPort(child, exited, port, complaints);
    listening = true;
    for (const line of complaints) onLog(line);
    return { pid, port: portTaken, exited, kill, stop };
  } catch (error) {
    await kill('SIGKILL');
    throw error;
  }
}

/** Waits for the listen event on descriptor 3; the first of event, exit and time-out decides. */
function listenedPort(
  child: ChildProcess,
  exited: Promise<WorkerdExit>,
  wantedPort: number,
  complaints: readonly string[],
): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error([`workerd did not listen within ${LISTEN_WAIT_MS / 1000} s`, ...complaints].join('\n'))),
      LISTEN_WAIT_MS,
    );
    forEachLine(child.stdio[3] as Readable, (line) => {
      const event = JSON.parse(line) as { readonly event?: string; readonly socket?: string; readonly port?: number };
      if (event.event !== 'listen' || event.socket !== 'http' || event.port === undefined) return;
      clearTimeout(timer);
      resolve(event.port);
    });
    void exited.then(() => {
      clearTimeout(timer);
      const said = complaints.join('\n');
      if (/address already in use/i.test(said)) reject(new Error(`port ${wantedPort} on 127.0.0.1 is already in use`));
      else reject(new Error(`workerd ended before it listened${said === '' ? '' : `:\n${said}`}`));
    });
  });
}

function forEachLine(stream: Readable | null, take: (line: string) => void): void {
  if (stream === null) return;
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', take);
}

/** The binary comes with wrangler, so it is looked up from there: one version for everything. */
function workerdBinary(): string {
  const fromHere = createRequire(import.meta.url);
  const fromWrangler = createRequire(fromHere.resolve('wrangler/package.json'));
  return (fromWrangler('workerd') as { readonly default: string }).default;
}

interface Watchdog {
  readonly guard: (pid: number) => void;
  readonly dismiss: () => void;
}

/**
 * A small shell that reads a pipe from us. Whatever ends this process closes the pipe, and then the shell ends workerd.
 * It is started first, so that only a kill within microseconds of the spawn can leave workerd behind; `takeLock` ends that one.
 */
function startWatchdog(): Watchdog {
  if (process.platform === 'win32') return { guard: () => {}, dismiss: () => {} };
  const script = 'read -r pid || exit 0; read -r _; kill -KILL "$pid"';
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  shell.unref();
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return {
    guard: (pid) => void shell.stdin.write(`${pid}\n`),
    dismiss: () => void shell.kill('SIGKILL'),
  };
}
