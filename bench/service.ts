// How much the real service carries on this machine, the load generator included: `node bench/service.ts [seed]`. One service in
// a directory of its own (under TMPDIR), driven over WebSockets and HTTP on the loopback; three rounds each, by the wall clock.
// What is stored costs syncs of the disk, so its speed is measured beside.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { center, encode } from '../src/geo/geohash.ts';
import { prng } from '../src/lib/prng.ts';
import { EVENTS_PER_S_MAX } from '../src/protocol/policy.ts';
import { type Service, startService } from '../tools/support/service.ts';
import { signToken } from '../tools/support/token.ts';
import { DEMO_BOUNDARY, DEMO_CITY } from '../tools/traffic/outline.ts';
import { rollOut } from '../tools/traffic/rollout.ts';
import { hammer, httpLoad } from './support/load.ts';
import { heading, ratio, row, type Sample, sampleOf, seedOfRun } from './support/measure.ts';
import { pointIn } from './support/town.ts';

/** In the middle of the city, one cell of those that are rolled out; everybody is in its middle, so that questions stay in it. */
const CELL = '9q8yy';
const MIDDLE = encode(center(CELL), CELL.length + 1);
const SOCKETS = 100;
/** Present over HTTP, so that questions find people with room. */
const PEOPLE = 150;
const CAPACITY = 16;
const IN_FLIGHT = 16;
const CONNECTIONS = 48;
const ROUNDS = 3;
const ROUND_MS = 1200;
/** Rounds are left out rather than take longer in all, on a disk or a machine that is busy. */
const BUDGET_MS = 16_000;

const draw = prng(seedOfRun());
const load = httpLoad(CONNECTIONS);
const { call } = load;

const startedAt = performance.now();

const dataDir = mkdtempSync(join(tmpdir(), 'vicinal-bench-'));
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
  const users = await Promise.all(Array.from({ length: SOCKETS }, (_, i) => tokenOf(`user${i}`)));
  const people = await Promise.all(Array.from({ length: PEOPLE }, (_, i) => tokenOf(`walker${i}`)));
  const askers = await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => tokenOf(`asker${i}`)));
  heading(
    `the service, ${SOCKETS} sockets in one cell, ${PEOPLE} people more, ${CONNECTIONS} HTTP connections, seed ${seedOfRun()}, wall clock`,
  );

  const lines = await Promise.all(users.map((token) => open(url, token)));
  const frames = await rounds((until) => flood(lines, until));
  row('presence over sockets, points changing', frames, 'frames/s');
  const appear = (token: string): Promise<void> =>
    call(url, token, 'PUT', '/v1/presence', { ...pointIn(MIDDLE, draw), capacity: CAPACITY, ttlS: 600 });
  const coming = [...people];
  const welcome = async (): Promise<void> => {
    for (let token = coming.pop(); token !== undefined; token = coming.pop()) await appear(token);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, welcome));
  const puts = await rounds((until) => hammer(people.slice(0, CONNECTIONS), until, appear));
  row('presence over HTTP, points changing', puts, 'requests/s');
  const asks = await rounds((until) =>
    hammer(askers, until, (token) => {
      const body = { ...pointIn(MIDDLE, draw), text: 'is the bakery open?', radiusM: 500, expiresInS: 600 };
      return call(url, token, 'POST', '/v1/questions', body);
    }),
  );
  row('questions over HTTP, stored, matched in their cell', asks, 'requests/s');
  const disk = await rounds(async (until) => syncs(until));
  row('this disk, 4 KiB written and synced one by one', disk, 'syncs/s');
  ratio('presence: sockets over HTTP', frames, puts);
  ratio('presence over HTTP for each sync', puts, disk);
  ratio('questions for each sync', asks, disk);
  for (const socket of lines) socket.close();
}

/** A connection whose user is present in the cell, with room for many offers. */
async function open(url: string, token: string): Promise<WebSocket> {
  const { lat, lng } = pointIn(MIDDLE, draw);
  const address = `${url.replace(/^http/, 'ws')}/v1/stream?lat=${lat}&lng=${lng}`;
  const socket = new WebSocket(address, ['vicinal.v1', `bearer.${token}`]);
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error('a socket did not open'));
  });
  await new Promise<void>((resolve) => {
    socket.onmessage = () => resolve();
    socket.send(JSON.stringify({ t: 'presence', lat, lng, capacity: CAPACITY }));
  });
  return socket;
}

/** Every socket keeps so many pings on their way; answers with how many were acknowledged. */
async function flood(lines: readonly WebSocket[], until: number): Promise<number> {
  let answered = 0;
  let waiting = 0;
  const push = (socket: WebSocket): void => {
    const { lat, lng } = pointIn(MIDDLE, draw);
    waiting++;
    socket.send(JSON.stringify({ t: 'presence', lat, lng }));
  };
  for (const socket of lines) {
    socket.onmessage = ({ data }) => {
      const text = String(data);
      if (text.startsWith('{"t":"event"')) return;
      if (!text.startsWith('{"t":"ok"')) throw new Error(`a socket was told ${text}`);
      waiting--;
      answered++;
      if (performance.now() < until) push(socket);
    };
    for (let i = 0; i < IN_FLIGHT; i++) push(socket);
  }
  while (waiting > 0) await pause(2);
  return answered;
}

function syncs(until: number): number {
  const file = openSync(join(dataDir, 'sync-speed'), 'w');
  const page = new Uint8Array(4096);
  let done = 0;
  for (; performance.now() < until; done++) {
    writeSync(file, page);
    fdatasyncSync(file);
  }
  closeSync(file);
  return done;
}

/** What a round does in a second, the time for its last answers included. */
async function rounds(run: (until: number) => Promise<number>): Promise<Sample> {
  await run(performance.now() + ROUND_MS / 3);
  const rates: number[] = [];
  for (let i = 0; i < ROUNDS && (i === 0 || performance.now() - startedAt < BUDGET_MS); i++) {
    const from = performance.now();
    const done = await run(from + ROUND_MS);
    rates.push((done * 1000) / (performance.now() - from));
  }
  return sampleOf(rates);
}
