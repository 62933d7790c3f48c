// `npm run chaos`: a real service that is killed again and again under real clients on a bad network; what they saw is
// checked from outside.
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, runCommand } from '../../tools/support/args.ts';
import { count, counted, startProgress } from '../../tools/support/progress.ts';
import { stopAsked } from '../../tools/support/stop.ts';
import type { ChaosResult } from './run.ts';
import { runChaos } from './run.ts';

const VIOLATIONS_SHOWN_MAX = 50;
const LOG_LINES_MAX = 20;
/** The audit of a city shows its last 100 entries. */
const SPLITS_MAX = 40;

await runCommand(
  {
    name: 'npm run chaos --',
    summary:
      'Kills a service of its own again and again under load on a bad network, and checks from outside that it kept its word.',
    options: {
      kills: {
        type: 'integer',
        value: 'N',
        help: 'how often to kill it with SIGKILL',
        default: 20,
        min: 0,
        max: 10_000,
      },
      seconds: { type: 'number', value: 'N', help: 'how long', default: 120, min: 1, max: 86_400 },
      users: { type: 'integer', value: 'N', help: 'how many people, half on sockets', default: 40, min: 2, max: 1000 },
      splits: {
        type: 'integer',
        value: 'N',
        help: 'how many cells to divide and join again meanwhile',
        default: 2,
        min: 0,
        max: SPLITS_MAX,
      },
      seed: {
        type: 'integer',
        value: 'N',
        help: 'of all that is drawn; at random if not said',
        min: 0,
        max: 0xffff_ffff,
      },
      json: { type: 'flag', help: 'end with one line of JSON' },
    },
  },
  async ({ json, ...options }) => {
    const seed = options.seed ?? Math.floor(Math.random() * 1_000_000);
    const stop = new AbortController();
    void stopAsked().then(() => stop.abort());
    const dataDir = mkdtempSync(join(tmpdir(), 'vicinal-chaos-'));
    const { kills, seconds, users, splits } = options;
    const changes = `${counted(splits, 'cell')} split and merged`;
    print(`chaos: ${counted(kills, 'kill')} in ${seconds} s, ${changes}, ${users} people, seed ${seed}`);
    const logged: string[] = [];
    const logFile = createWriteStream(join(dataDir, 'service.log'));
    const progress = startProgress({ label: 'chaos', total: seconds });
    let isWanted = false;
    try {
      const result = await runChaos({
        ...options,
        seed,
        dataDir,
        stop: stop.signal,
        onLog: (line) => {
          logFile.write(`${new Date().toISOString()} ${line}\n`);
          if (logged.push(line) > LOG_LINES_MAX) logged.shift();
        },
        onProgress: (elapsedMs, note) => progress.set(Math.min(seconds, Math.floor(elapsedMs / 1000)), note),
        onPhase: (text) => {
          progress.finish();
          process.stderr.write(`${text}\n`);
        },
      });
      isWanted = result.violations.length > 0;
      for (const line of report(result, seed)) print(line);
      if (isWanted) print(`The history, the log and the data are in ${dataDir}`);
      if (json) print(JSON.stringify({ ...result.summary, seed, users, seconds }));
      return isWanted ? 1 : 0;
    } catch (error) {
      progress.finish();
      isWanted = true;
      print(`${messageOf(error)}\nseed ${seed}; the data is in ${dataDir}; the service said last:`);
      for (const line of logged) print(`  ${line}`);
      throw error;
    } finally {
      logFile.end();
      if (!isWanted) rmSync(dataDir, { recursive: true, force: true });
    }
  },
);

function report({ summary, violations, numbers }: ChaosResult, seed: number): readonly string[] {
  const refused = Object.entries(numbers.refusals).map(([code, times]) => `${code} ${count(times)}`);
  const shown = violations.slice(0, VIOLATIONS_SHOWN_MAX);
  return [
    '',
    `kills            ${count(summary.kills)}, connections cut ${count(numbers.drops)}, stalled ${count(numbers.stalls)}`,
    `map              ${counted(summary.splits, 'split')}, ${counted(summary.merges, 'merge')}`,
    `questions        ${count(summary.asked)} asked, ${count(summary.acknowledged)} acknowledged, ${count(summary.lost)} lost`,
    `accepts          ${count(numbers.accepted)} acknowledged, ${count(summary.doubleAccepts)} beyond what was wanted`,
    `answers          ${count(numbers.answered)} acknowledged`,
    `events           ${count(numbers.events)}, ${count(summary.duplicateEvents)} twice`,
    `refusals         ${refused.join(', ') || 'none'}`,
    '',
    ...shown.map(({ rule, text }) => `VIOLATION ${rule}: ${text}`),
    ...(violations.length > shown.length ? [`… and ${violations.length - shown.length} more`] : []),
    violations.length === 0
      ? `Nothing was lost, won twice or told twice (seed ${seed}).`
      : `${violations.length} violations with seed ${seed}.`,
  ];
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
