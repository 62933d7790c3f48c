// A storm without a client: `node bench/storm.ts [seed]`. 300 wide questions of 15 people fall asleep over a city of small cells in the
// real service, then the cell that owns most of them is split, and nobody calls any more but /health. Prints what goes on inside
// before, during and after: events and commits of all objects (the log tells them), writes of the process (Linux tells them), and how
// long /health took to answer.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { boxPolygon } from '../src/geo/box-polygon.ts';
import { center } from '../src/geo/geohash.ts';
import { prng } from '../src/lib/prng.ts';
import { type Service, startService } from '../tools/support/service.ts';
import { signToken } from '../tools/support/token.ts';
import { rollOut } from '../tools/traffic/rollout.ts';
import { seedOfRun } from './support/measure.ts';
import { pointIn } from './support/town.ts';

const CELL = '9q8yyk';
const ASKERS = 15;
const QUESTIONS_EACH = 20;
const REACH_DEGREES = 0.1;
const PHASES = [
  { name: 'falling asleep', s: 60 },
  { name: 'asleep', s: 60 },
  { name: 'split: first half minute', s: 30, divide: true },
  { name: 'second half minute', s: 30 },
  { name: 'after a minute', s: 60 },
] as const;

const draw = prng(seedOfRun());
const dataDir = mkdtempSync(join(tmpdir(), 'vicinal-storm-'));
const work = { events: 0, commits: 0 };
const service = await startService({ dataDir, port: 0, onLog: hear, vars: { LOG_LEVEL: 'debug' } });
try {
  await run(service);
} finally {
  await service.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function run({ url, secret, pid }: Service): Promise<void> {
  const ops = await signToken({ sub: 'bench', scope: 'ops', secret });
  const { lat, lng } = center(CELL);
  await rollOut(url, ops, {
    id: 'storm',
    name: 'Storm',
    boundary: boxPolygon(lng - REACH_DEGREES, lat - REACH_DEGREES, lng + REACH_DEGREES, lat + REACH_DEGREES),
    precision: CELL.length,
    policy: { limits: { autoSplit: false } },
  });
  for (let n = 0; n < ASKERS; n++) {
    const token = await signToken({ sub: `asker${n}`, scope: 'user', secret });
    const asks = Array.from({ length: QUESTIONS_EACH }, () =>
      call('POST', '/v1/questions', token, { ...pointIn(CELL, draw), text: '?', radiusM: 8000, expiresInS: 3600 }),
    );
    for (const status of await Promise.all(asks)) if (status !== 201) throw new Error(`an ask was answered ${status}`);
  }
  console.log(
    `\n${ASKERS * QUESTIONS_EACH} questions of ${ASKERS} people, radius 8,000 m, seed ${seedOfRun()}, nobody near`,
  );
  console.log(
    `${''.padEnd(30)}${'parts'.padStart(7)}${'events/s'.padStart(10)}${'commits/s'.padStart(11)}${'writes/s'.padStart(10)}${'KiB/s'.padStart(9)}${'/health, most ms'.padStart(18)}`,
  );
  for (const phase of PHASES) {
    if ('divide' in phase) await call('POST', `/v1/ops/cells/${CELL}/split`, ops);
    const [before, worked] = [writes(pid), { ...work }];
    const slowestMs = await watchHealth(phase.s * 1000);
    const after = writes(pid);
    const rate = (of: number | undefined): string => (of === undefined ? '–' : (of / phase.s).toFixed(0));
    console.log(
      `${phase.name.padEnd(30)}${String(await parts()).padStart(7)}` +
        `${rate(work.events - worked.events).padStart(10)}${rate(work.commits - worked.commits).padStart(11)}` +
        `${rate(after && before && after.calls - before.calls).padStart(10)}` +
        `${rate(after && before && (after.bytes - before.bytes) / 1024).padStart(9)}${slowestMs.toFixed(0).padStart(18)}`,
    );
  }

  async function call(method: string, path: string, token: string, body?: unknown): Promise<number> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    await response.arrayBuffer();
    return response.status;
  }
  /** Every 200 ms, one at a time; answers with the longest. */
  async function watchHealth(forMs: number): Promise<number> {
    const until = performance.now() + forMs;
    let slowestMs = 0;
    while (performance.now() < until) {
      const from = performance.now();
      await (await fetch(`${url}/health`)).arrayBuffer();
      slowestMs = Math.max(slowestMs, performance.now() - from);
      await pause(200);
    }
    return slowestMs;
  }
  /** Of the cell that is split and its parts alone: to ask all would be a storm of its own. */
  async function parts(): Promise<number> {
    const page = `${url}/v1/ops/cells?city=storm&within=${CELL}`;
    const response = await fetch(page, { headers: { authorization: `Bearer ${ops}` } });
    return ((await response.json()) as { readonly items: readonly unknown[] }).items.length;
  }
}

/** What the objects have done is a line of the log every five seconds. */
function hear(line: string): void {
  if (!line.includes('"isolate.worked"')) return;
  const { events, commits } = JSON.parse(line) as typeof work;
  work.events += events;
  work.commits += commits;
}

/** Of the whole process, sockets included: what it has written by now. */
function writes(pid: number): { readonly calls: number; readonly bytes: number } | undefined {
  if (process.platform !== 'linux') return undefined;
  const text = readFileSync(`/proc/${pid}/io`, 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { calls: of('syscw'), bytes: of('write_bytes') };
}
