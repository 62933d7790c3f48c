// A command of the project as a process of its own, as a user or a process manager runs it.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { eventually } from './service.ts';

export const PROJECT_DIR = resolve(import.meta.dirname, '../../..');

export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Command {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<CommandEnd>;
}

export interface Started extends Command {
  readonly url: string;
  readonly workerdPid: number;
}

const binDir = join(PROJECT_DIR, 'node_modules/.bin');

/** `file` is `node`, `npm` or another program, looked up in node_modules/.bin first. */
export function run(file: string, args: readonly string[]): Command {
  const { npm_lifecycle_event: _, ...inherited } = process.env;
  const env = { ...inherited, PATH: `${binDir}${delimiter}${process.env['PATH'] ?? ''}` };
  const child = spawn(file === 'node' ? process.execPath : file, args, {
    cwd: PROJECT_DIR,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<CommandEnd>((done, fail) => {
    child.once('error', fail);
    child.once('exit', (code, signal) => done({ code, signal }));
  });
  ended.catch(() => {});
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** Waits for the end and returns what was printed. */
export async function runToEnd(file: string, args: readonly string[]) {
  const command = run(file, args);
  const { code } = await new Promise<CommandEnd>((done, fail) => {
    command.ended.catch(fail);
    command.child.once('close', (closeCode, signal) => done({ code: closeCode, signal }));
  });
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}

/** Waits for the ready line of `npm start` or of tools/start.ts; throws with its stderr when it ends before. */
export async function untilReady(command: Command, dataDir: string): Promise<Started> {
  const readyLine = (): RegExpMatchArray | null => command.stdout().match(/^ready (http:\/\/127\.0\.0\.1:\d+)$/m);
  await eventually(
    'ready line',
    () => {
      if (command.child.exitCode !== null) throw new Error(`ended before it was ready:\n${command.stderr()}`);
      return readyLine() !== null;
    },
    60_000,
  );
  const holder = JSON.parse(readFileSync(join(dataDir, 'holder.json'), 'utf8')) as { readonly workerdPid: number };
  return { ...command, url: readyLine()?.[1] ?? '', workerdPid: holder.workerdPid };
}

/** Whether the process exists and is more than a zombie that waits for its parent to look. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}
