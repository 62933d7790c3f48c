// What the tests in workerd share: a small city, calls by users, sockets that listen, and a look behind the objects' walls.
import { evictAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { sign } from 'hono/jwt';
import { type Box, boxPolygon } from '../../src/geo/box-polygon.ts';
import { shifted } from '../../src/geo/shifted.ts';

export type Json = Readonly<Record<string, unknown>>;
export type Answer<Body = Json> = { readonly status: number; readonly body: Body };
export type Point = { readonly lat: number; readonly lng: number };

const ORIGIN = 'https://vicinal.test';

/** Two cells of length 6, side by side: a point in the middle of each, and one in the west near their border. */
export const WEST: Point = { lat: 37.7724, lng: -122.4152 };
export const EAST: Point = { lat: 37.7724, lng: -122.4042 };

/** A point so many metres north of WEST. */
export const near = (metres: number): Point => shifted(WEST, metres, 0);

const TOKEN_TTL_S = 3600;

export async function tokenOf(
  sub: string,
  scope: 'user' | 'ops' | 'service' = 'user',
  ttlS = TOKEN_TTL_S,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return sign({ sub, scope, iat: now, exp: now + ttlS }, env.JWT_SECRET, 'HS256');
}

/** Any status is an answer; an empty body is `{}`. */
export async function api<Body = Json>(
  user: string,
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<Body>> {
  const response = await exports.default.fetch(`${ORIGIN}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await tokenOf(user, user === 'ops' ? 'ops' : 'user')}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Body };
}

/** Rolls out the cells that the box touches. */
export function rollOut(id: string, box: Box, policy: Json = {}, precision = 6): Promise<Answer> {
  const boundary = boxPolygon(...box);
  return api('ops', 'PUT', `/v1/ops/cities/${id}`, { name: id, boundary, precision, policy });
}

/** The box of a city around WEST and EAST, six cells or so. */
export const BOX: Box = [-122.419, 37.769, -122.399, 37.777];

export type Frame = Readonly<Record<string, unknown>>;

export type Stream = {
  /** Resolves with the reply, `ok` or `error`. */
  readonly ask: (t: string, body: Json) => Promise<Frame>;
  /** Without waiting for the reply. */
  readonly send: (frame: Json) => void;
  readonly heard: readonly Frame[];
  readonly events: () => readonly Frame[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly close: () => void;
};

/** A user's socket, by default with a word of the profile; without a point it goes where the user is present. */
export async function stream(
  user: string,
  point?: Point,
  more = '&capacity=1',
  token = tokenOf(user),
): Promise<Stream> {
  const query = point === undefined ? '' : `?lat=${point.lat}&lng=${point.lng}${more}`;
  const response = await exports.default.fetch(`${ORIGIN}/v1/stream${query}`, {
    headers: { upgrade: 'websocket', 'sec-websocket-protocol': `vicinal.v1, bearer.${await token}` },
  });
  const socket = response.webSocket;
  if (socket === null) throw new Error(`no socket: ${response.status} ${await response.text()}`);
  const heard: Frame[] = [];
  const waiting = new Map<string, (frame: Frame) => void>();
  let lastRef = 0;
  const closed = new Promise<{ readonly code: number; readonly reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => {
      resolve({ code, reason });
      for (const reply of waiting.values()) reply({ t: 'closed', code });
    });
  });
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(String(data)) as Frame;
    const reply = typeof frame['ref'] === 'string' ? waiting.get(frame['ref']) : undefined;
    if (reply === undefined) heard.push(frame);
    else reply(frame);
  });
  socket.accept();
  const send = (frame: Json): void => socket.send(JSON.stringify(frame));
  return {
    send,
    ask: (t, body) => {
      lastRef += 1;
      const ref = String(lastRef);
      return new Promise((resolve) => {
        waiting.set(ref, (frame) => {
          waiting.delete(ref);
          resolve(frame);
        });
        send({ t, ref, ...body });
      });
    },
    heard,
    events: () => heard.filter((frame) => frame['t'] === 'event').map(({ t: _, ...event }) => event),
    closed,
    close: () => socket.close(1000),
  };
}

export const cellStub = (cell: string) => env.CELLS.get(env.CELLS.idFromName(cell));
export const userStub = (user: string) => env.USERS.get(env.USERS.idFromName(user));

/**
 * Runs `look` inside a cell's or a user's object, without any call of theirs; again in its successor, should the object be
 * thrown away meanwhile.
 */
export async function inside<R>(
  stub: DurableObjectStub,
  look: (ctx: DurableObjectState) => R | Promise<R>,
): Promise<R> {
  for (let tries = 0; ; tries++) {
    try {
      return await runInDurableObject<DurableObject, R>(stub, (_, ctx) => look(ctx));
    } catch (error) {
      const { durableObjectReset } = error as { readonly durableObjectReset?: boolean };
      if (durableObjectReset !== true || tries >= 5) throw error;
      await pause(20);
    }
  }
}

/** Every row of an object, by table and key, as parsed. */
export function rowsOf(stub: DurableObjectStub, table: string): Promise<ReadonlyMap<string, Json>> {
  return inside(stub, ({ storage }) => {
    const rows = storage.sql.exec<{ k: string; d: string }>(`SELECT k, d FROM "${table}" ORDER BY k`);
    return new Map([...rows].map(({ k, d }) => [String(k), JSON.parse(d) as Json]));
  });
}

/**
 * Rows that this object's SQLite has inserted, changed or deleted since it was opened, over all its tables, the platform's
 * own row for the alarm included.
 */
export function rowsWritten(stub: DurableObjectStub): Promise<number> {
  return inside(stub, ({ storage }) => storage.sql.exec<{ n: number }>('SELECT total_changes() AS n').one().n);
}

export const alarmOf = (stub: DurableObjectStub): Promise<number | null> =>
  inside(stub, ({ storage }) => storage.getAlarm());

/** Takes every object out of memory, as the platform does when it likes; sockets hibernate. */
export const evictAll = (): Promise<void> => evictAllDurableObjects();

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The first value that is not `undefined`; throws naming `what` when none comes in time. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  withinMs = 45_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(20);
  }
}

/** The inbox, once it has `count` events or more. */
export function inboxOf(user: string, count = 0): Promise<readonly Json[]> {
  return eventually(`${count} events for ${user}`, async () => {
    const { body } = await api<{ readonly items: readonly Json[] }>(user, 'GET', '/v1/events');
    return body.items.length >= count ? body.items : undefined;
  });
}
