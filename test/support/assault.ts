// Drives a service with fuzzed requests and frames, splits cells meanwhile, and keeps what came back and how long it took.
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { boxPolygon } from '../../src/geo/box-polygon.ts';
import { prng } from '../../src/lib/prng.ts';
import type { Service } from '../../tools/support/service.ts';
import { signToken } from '../../tools/support/token.ts';
import { rollOut } from '../../tools/traffic/rollout.ts';
import { fuzz } from './fuzz.ts';

export type Assault = {
  readonly requests: number;
  readonly frames: number;
  /** How often each status came. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Answers of 500 and above, with what was asked. */
  readonly faults: readonly string[];
  /** Of requests, in ms, rising; long polls do not wait here. */
  readonly latenciesMs: readonly number[];
  readonly leaves: number;
  /** Sockets that ended under the hands of their users, without a close code. */
  readonly broken: number;
};

const AT_ONCE = 12;
const SOCKETS = 6;
const FAULTS_MAX = 20;

/** @param count requests and frames together; one in four is a frame. */
export async function assault({ url, secret }: Service, count: number, seed: number): Promise<Assault> {
  const draw = prng(seed);
  const { request, frame, user, learn, point } = fuzz(draw);
  const ops = await signToken({ sub: 'ops', scope: 'ops', secret });
  await rollOut(url, ops, {
    id: 'fuzz',
    name: 'Fuzz',
    boundary: boxPolygon(-122.45, 37.75, -122.39, 37.8),
    precision: 6,
    // Splits by users, however many come: a cell that refuses would be no news here.
    policy: { limits: { users: 3, eventsPerS: 100_000, autoSplit: true }, question: { openMax: 1000 }, cooldownMs: 0 },
  });
  const tokens = new Map<string, string>();
  const tokenOf = async (name: string): Promise<string> => {
    const known = tokens.get(name) ?? (await signToken({ sub: name, scope: 'user', secret }));
    tokens.set(name, known);
    return known;
  };
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  const latenciesMs: number[] = [];
  let broken = 0;
  const note = (status: number, what: () => string): void => {
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status >= 500 && faults.length < FAULTS_MAX) faults.push(`${status} ${what()}`);
  };
  let left = count;
  let requests = 0;
  let frames = 0;

  async function caller(): Promise<void> {
    while (left > 0) {
      left--;
      requests++;
      const { user: name, method, path, body, headers } = request();
      const token = await tokenOf(name);
      const from = performance.now();
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body }),
      }).catch((error: unknown) => error as Error);
      if (response instanceof Error) {
        note(599, () => `${method} ${path}: ${String(response.cause ?? response)}`);
        continue;
      }
      const text = await response.text();
      latenciesMs.push(performance.now() - from);
      note(response.status, () => `${method} ${path} ${body?.slice(0, 200) ?? ''} → ${text.slice(0, 300)}`);
      if (draw.chance(1, 3)) learn(text.startsWith('{') ? JSON.parse(text) : undefined);
    }
  }
  async function talker(): Promise<void> {
    while (left > 0) {
      const { lat, lng } = point();
      const address = `${url.replace(/^http/, 'ws')}/v1/stream?lat=${lat}&lng=${lng}&capacity=2`;
      const socket = new WebSocket(address, ['vicinal.v1', `bearer.${await tokenOf(user())}`]);
      let isOpen = false;
      let isLeaving = false;
      const ended = new Promise<void>((resolve) => {
        socket.onclose = ({ code }) => {
          if (code === 1006 && isOpen && !isLeaving) broken++;
          resolve();
        };
      });
      socket.onmessage = ({ data }) => {
        const said = JSON.parse(String(data) === 'pong' ? '{}' : String(data)) as {
          readonly t?: string;
          readonly status?: number;
        };
        if (said.t === 'error') note(said.status ?? 0, () => `frame: ${String(data).slice(0, 300)}`);
        if (said.t === 'event') learn(said);
      };
      const opened = new Promise<boolean>((resolve) => {
        socket.onopen = () => resolve(true);
        void ended.then(() => resolve(false));
      });
      if (!(await opened)) continue;
      isOpen = true;
      for (let n = 0; n < 60 && left > 0 && socket.readyState === WebSocket.OPEN; n++) {
        left--;
        frames++;
        socket.send(frame());
        await pause(20);
      }
      isLeaving = true;
      socket.close(1000);
      await Promise.race([ended, pause(2000)]);
    }
  }
  await Promise.all([...Array.from({ length: AT_ONCE }, caller), ...Array.from({ length: SOCKETS }, talker)]);
  const cells = await fetch(`${url}/v1/ops/cells?city=fuzz&load=false`, {
    headers: { authorization: `Bearer ${ops}` },
  });
  const { total } = (await cells.json()) as { readonly total: number };
  return { requests, frames, statuses, faults, latenciesMs: latenciesMs.sort((a, b) => a - b), leaves: total, broken };
}
