// Questions over HTTP that are stored and offered: `node bench/ask.ts [seed] [--json]`. 1,500 people are present within a kilometre, 64
// connections ask one after another; rounds by the wall clock, the load generator included.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { center, encode } from '../src/geo/geohash.ts';
import { prng } from '../src/lib/prng.ts';
import { EVENTS_PER_S_MAX } from '../src/protocol/policy.ts';
import { type Service, startService } from '../tools/support/service.ts';
import { signToken } from '../tools/support/token.ts';
import { DEMO_BOUNDARY, DEMO_CITY } from '../tools/traffic/outline.ts';
import { rollOut } from '../tools/traffic/rollout.ts';
import { hammer, httpLoad } from './support/load.ts';
import { heading, jsonLine, row, sampleOf, seedOfRun } from './support/measure.ts';
import { pointIn } from './support/town.ts';

const CELL = '9q8yy';
/** A part of it of 1.2 by 0.6 km. */
const MIDDLE = encode(center(CELL), CELL.length + 1);
const PEOPLE = 1500;
const CAPACITY = 16;
const CONNECTIONS = 64;
const ROUNDS = 5;
const ROUND_MS = 2000;

const draw = prng(seedOfRun());
const load = httpLoad(CONNECTIONS);
const dataDir = mkdtempSync(join(tmpdir(), 'vicinal-ask-'));
const service = await startService({ dataDir, port: 0, quiet: true });
try {
  await run(service);
} finally {
  load.close();
  await service.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function run({ url, secret }: Service): Promise<void> {
  const tokenOf = (sub: string, scope: 'user' | 'ops' = 'user'): Promise<string> => signToken({ sub, scope, secret });
  await rollOut(url, await tokenOf('bench', 'ops'), {
    ...DEMO_CITY,
    boundary: DEMO_BOUNDARY,
    precision: CELL.length,
    policy: { limits: { eventsPerS: EVENTS_PER_S_MAX, autoSplit: false }, question: { openMax: 100_000 } },
  });
  const coming = await Promise.all(Array.from({ length: PEOPLE }, (_, i) => tokenOf(`walker${i}`)));
  const askers = await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => tokenOf(`asker${i}`)));
  const come = async (): Promise<void> => {
    for (let token = coming.pop(); token !== undefined; token = coming.pop())
      await load.call(url, token, 'PUT', '/v1/presence', { ...pointIn(MIDDLE, draw), capacity: CAPACITY, ttlS: 3600 });
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, come));
  const tookMs: number[] = [];
  const ask = async (token: string): Promise<void> => {
    const from = performance.now();
    const body = { ...pointIn(MIDDLE, draw), text: 'is the bakery open?', radiusM: 500, expiresInS: 600 };
    await load.call(url, token, 'POST', '/v1/questions', body);
    tookMs.push(performance.now() - from);
  };
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const from = performance.now();
    const done = await hammer(askers, from + ROUND_MS, ask);
    // The first warms up.
    if (round > 0) rates.push((done * 1000) / (performance.now() - from));
    else tookMs.length = 0;
  }
  const sorted = tookMs.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  heading(`questions over HTTP, ${PEOPLE} present within a kilometre, ${CONNECTIONS} connections, seed ${seedOfRun()}`);
  const perS = sampleOf(rates);
  row('questions, stored and offered', perS, 'requests/s');
  row('half of them took at most', { median: at(0.5), min: at(0), max: at(1) }, 'ms');
  row('99 of 100 took at most', { median: at(0.99), min: at(0), max: at(1) }, 'ms');
  jsonLine({ perS: Math.round(perS.median), p50Ms: Math.round(at(0.5)), p99Ms: Math.round(at(0.99)) });
}
