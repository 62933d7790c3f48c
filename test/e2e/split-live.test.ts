// A cell is split and merged again by command while people live in it: a dozen on sockets with the client library, others over
// plain HTTP. From outside: no request fails, every socket comes back by itself and not all at once, nothing is lost or won twice.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VicinalClient } from '../../src/client/client.ts';
import type { Connection } from '../../src/client/connection.ts';
import type { Fetch, SocketClass } from '../../src/client/platform.ts';
import { boxPolygon } from '../../src/geo/box-polygon.ts';
import { HEARTBEAT_REPLY } from '../../src/protocol/heartbeat.ts';
import type { OfferView, QuestionView, UserEvent } from '../../src/protocol/views.ts';
import { PROJECT_DIR, runToEnd } from './support/command.ts';
import { expectHandedOn } from './support/handed.ts';
import { eventually, showLogsOnFailure, useService } from './support/service.ts';

const box = useService();

const CELL = '9q8yy';
const HERE = { lat: 37.7599, lng: -122.4192 };
const ON_SOCKETS = 12;
const ON_HTTP = 6;
const POLICY = {
  cooldownMs: 0,
  radiusStepsM: [500, 1000, 2000],
  radiusDefaultM: 1000,
  radiusGrowth: [1, 2],
  offers: { ttlMs: 5000, spare: 2 },
  backOff: { firstMs: 1000, maxMs: 2000 },
  presence: { pingEveryS: 1 },
  // Whatever the machine can do in a second: split and merged by hand alone, and never too hot for it.
  limits: { autoSplit: false, eventsPerS: 1000 },
};
/** As in the client library. */
const MOVED_JITTER_MS = 100;

/** 409 says that somebody was faster or the time was up: part of the game, split or not. */
const IN_THE_GAME: ReadonlySet<unknown> = new Set(['offer_gone']);

const failed: string[] = [];
const accepts: { readonly user: string; readonly offer: OfferView }[] = [];
const asked: { readonly client: VicinalClient; readonly view: QuestionView }[] = [];
let stopped = false;

/** Somebody's way to the service, with an ear on it. */
type Life = { readonly opened: number[]; readonly movedAt: number[]; readonly heard: UserEvent[] };

function judge(user: string, what: string, status: number, code: unknown): void {
  if (status >= 400 && !IN_THE_GAME.has(code)) failed.push(`${what} of ${user}: ${status} ${String(code)}`);
}

const listeningFetch =
  (user: string): Fetch =>
  async (url, { body, ...init }) => {
    const reply = await fetch(url, { ...init, ...(body === undefined ? {} : { body }) });
    const text = await reply.text();
    const { code } = reply.status < 400 ? {} : (JSON.parse(text) as { readonly code?: string });
    judge(user, `${init.method} ${new URL(url).pathname}`, reply.status, code);
    return { status: reply.status, headers: reply.headers, text: async () => text };
  };

function listeningSocket(user: string, { opened, movedAt }: Life): SocketClass {
  class ListeningSocket extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      opened.push(performance.now());
      this.addEventListener('error', () => failed.push(`a socket of ${user} did not open`));
      this.addEventListener('message', ({ data }) => {
        if (data === HEARTBEAT_REPLY) return;
        const frame = JSON.parse(String(data)) as Readonly<Record<string, unknown>>;
        if (frame['t'] === 'moved') movedAt.push(performance.now());
        if (frame['t'] === 'error') judge(user, 'a frame', Number(frame['status']), frame['code']);
      });
    }
  }
  return ListeningSocket as unknown as SocketClass;
}

const spread = (n: number): { readonly lat: number; readonly lng: number } => ({
  lat: HERE.lat + ((n % 5) - 2) * 0.003,
  lng: HERE.lng + ((n % 7) - 3) * 0.003,
});

const people: { readonly user: string; readonly draw: number; readonly life: Life; readonly connection: Connection }[] =
  [];

/** On a socket: takes and answers whatever is offered, asks now and then. Draws the same number always. */
async function onSocket(n: number): Promise<void> {
  const user = `s${n}`;
  const life: Life = { opened: [], movedAt: [], heard: [] };
  const draw = n / ON_SOCKETS;
  const client = box.clientOf(user, {
    fetch: listeningFetch(user),
    WebSocket: listeningSocket(user, life),
    random: () => draw,
  });
  const connection: Connection = client.connect({
    point: spread(n),
    capacity: 20,
    session: user,
    onEvent: async (event) => {
      life.heard.push(event);
      if (event.type !== 'offer.made') return;
      const { id } = event.data as OfferView;
      const offer = await connection.accept(id).catch(() => undefined);
      if (offer === undefined) return;
      accepts.push({ user, offer });
      await connection.answer(id, `by ${user}`).catch(() => {});
    },
  });
  people.push({ user, draw, life, connection });
  for (let round = 0; !stopped; round++) {
    await sleep(400);
    await connection.setPoint(spread(n + round)).catch((error: unknown) => failed.push(`${user} moves: ${error}`));
    if (round % 4 !== n % 4) continue;
    const question = { ...spread(n), text: `where ${n}.${round}?`, expiresInS: 300, key: `k${round}` };
    const view = await connection.ask(question).catch((error: unknown) => void failed.push(`${user} asks: ${error}`));
    if (view !== undefined) asked.push({ client, view });
  }
}

/** Over HTTP alone, and each call once: whatever fails is seen. */
async function onHttp(n: number): Promise<void> {
  const user = `h${n}`;
  const once = { retriesMax: 0 } as const;
  const client = box.clientOf(user, { fetch: listeningFetch(user) });
  const tried = async <T>(what: string, call: Promise<T>): Promise<T | undefined> =>
    call.catch((error: unknown) => void failed.push(`${user} ${what}: ${error}`));
  for (let round = 0; !stopped; round++) {
    await tried('is here', client.presence({ ...spread(n + round), capacity: 0, ttlS: 60 }, once));
    const question = { ...spread(n + round), text: `what ${n}.${round}?`, expiresInS: 300 };
    const view = await tried('asks', client.ask(question, once));
    if (view !== undefined) asked.push({ client, view });
    const any = asked[Math.floor((asked.length * n) / ON_HTTP)];
    if (any !== undefined) await tried('looks', any.client.question(any.view.id));
    await tried('looks into the inbox', client.events(once));
    await sleep(150);
  }
}

const lives: Promise<void>[] = [];
let ops: string;
const city = (...args: readonly string[]) =>
  runToEnd('node', [join(PROJECT_DIR, 'tools/city.ts'), ...args, '--url', box.url(), '--token', ops]);

beforeAll(async () => {
  ops = await box.tokenFor('ops', 'ops');
  const boundary = boxPolygon(HERE.lng - 0.02, HERE.lat - 0.02, HERE.lng + 0.02, HERE.lat + 0.02);
  const body = { name: 'SF', boundary, precision: 5, policy: POLICY };
  expect(await box.api('PUT', '/v1/ops/cities/sf', body, ops)).toMatchObject({ status: 200, body: { id: 'sf' } });
  for (let n = 0; n < ON_SOCKETS; n++) lives.push(onSocket(n));
  for (let n = 0; n < ON_HTTP; n++) lives.push(onHttp(n));
  await eventually('all are connected', () => people.every(({ connection }) => connection.state === 'open'));
  await eventually('questions are taken', () => accepts.length > 5);
});
afterAll(async () => {
  stopped = true;
  await Promise.all(lives);
  for (const { connection } of people) connection.close();
});

/** Everybody who was sent away is back, and waited as long as they drew, so that they do not come all at once. */
async function allAreBack(since: ReadonlyMap<string, number>): Promise<void> {
  await eventually('every socket was sent away and came back', () =>
    people.every(
      ({ user, life, connection }) => life.movedAt.length > (since.get(user) ?? 0) && connection.state === 'open',
    ),
  );
  for (const { user, draw, life } of people) {
    for (const at of life.movedAt.slice(since.get(user))) {
      const back = life.opened.find((openedAt) => openedAt > at) as number;
      // A timer may be early by a part of a millisecond.
      expect(back - at, user).toBeGreaterThanOrEqual(draw * MOVED_JITTER_MS - 2);
    }
  }
}
const movesSoFar = (): ReadonlyMap<string, number> =>
  new Map(people.map(({ user, life }) => [user, life.movedAt.length]));

describe('a cell that is split and merged while people live in it', () => {
  it('SPLIT2 SPLIT3 SPLIT4 sends every socket away once, and they come back with jitter; no request fails', async () => {
    showLogsOnFailure(box);
    const before = movesSoFar();
    expect(await city('split', CELL)).toMatchObject({ code: 0 });
    await allAreBack(before);
    const sofar = accepts.length;
    await eventually('questions are taken in the parts', () => accepts.length > sofar + 15);
    expect(failed).toEqual([]);
  });

  it('MERGE1 SPLIT3 joins them again; no request fails', async () => {
    showLogsOnFailure(box);
    const before = movesSoFar();
    const merged = await eventually('the parent has handed everything over', async () => {
      const said = await city('merge', CELL);
      return !said.stderr.startsWith('cell_changing') && said;
    });
    expect(merged, merged.stderr).toMatchObject({ code: 0 });
    await allAreBack(before);
    const sofar = accepts.length;
    await eventually('questions are taken in the whole', () => accepts.length > sofar + 15);
    expect(failed).toEqual([]);
  });

  it('KEEP1 KEEP2 ONE1 has every acknowledged question afterwards, each taken as often as wanted, and no event twice', async () => {
    showLogsOnFailure(box);
    stopped = true;
    await Promise.all(lives);
    expect(asked.length).toBeGreaterThan(50);
    const won = new Map<string, string[]>();
    for (const { user, offer } of accepts) won.set(offer.questionId, [...(won.get(offer.questionId) ?? []), user]);
    for (const { client, view } of asked) {
      const now = await client.question(view.id);
      expect(now).toMatchObject({ id: view.id, text: view.text });
      const takers = won.get(view.id) ?? [];
      expect(new Set(takers).size, `nobody is matched twice with ${view.id}`).toBe(takers.length);
      expect(takers.length).toBeLessThanOrEqual(view.answersWanted);
      expect(now.offersAccepted).toBeLessThanOrEqual(view.answersWanted);
    }
    for (const { user, life } of people) expectHandedOn(life.heard, user);
    expect(failed).toEqual([]);
    const faults = box.logs().filter((line) => line.includes('"event":"fault"') || /"status":5\d\d/.test(line));
    expect(faults).toEqual([]);
  });
});
