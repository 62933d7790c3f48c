// The edge with real objects behind it: traces, acting for others, hysteresis, cells that nobody has called.
import { env, exports } from 'cloudflare:workers';
import { sign } from 'hono/jwt';
import { beforeAll, describe, expect, it } from 'vitest';
import { traceIdOf } from '../../src/api/middleware/trace.ts';
import { boxPolygon } from '../../src/geo/box-polygon.ts';
import { distanceM } from '../../src/geo/distance.ts';
import { decode, encode } from '../../src/geo/geohash.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const BOUNDARY = boxPolygon(-122.5, 37.7, -122.38, 37.81);
const AT = { lat: 37.7749, lng: -122.4194 };

const tokenFor = (sub: string, scope = 'user') =>
  sign({ sub, scope, exp: Math.floor(Date.now() / 1000) + 3600 }, env.JWT_SECRET, 'HS256');

type Cell = { readonly cell: string; readonly born: boolean; readonly users: number };
/** What any answer may have. */
type Body = {
  readonly id: string;
  readonly code: string;
  readonly cell: string;
  readonly lat: number;
  readonly lng: number;
  readonly radiusM: number;
  readonly policyInEffect: object;
  readonly items: readonly Cell[];
};

async function call(
  method: string,
  path: string,
  token?: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const response = await exports.default.fetch(`https://edge${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Body,
  };
}

let ops = '';
beforeAll(async () => {
  ops = await tokenFor('ops', 'ops');
  const policy = { gridLength: 8 };
  const { status } = await call('PUT', '/v1/ops/cities/sf', ops, { name: 'San Francisco', boundary: BOUNDARY, policy });
  expect(status).toBe(200);
});

describe('every response', () => {
  it('goes on with the trace of its caller', async () => {
    const { headers } = await call('GET', '/health', undefined, undefined, {
      traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
    });
    expect(headers.get('x-trace-id')).toBe(TRACE);
    expect(headers.get('traceparent')).toMatch(new RegExp(`^00-${TRACE}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
  });

  it('has a trace of its own without one', async () => {
    const { headers, body } = await call('GET', '/nothing');
    expect(headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(body).toMatchObject({ code: 'not_found', traceId: headers.get('x-trace-id') });
  });

  it.each([
    [`00-${TRACE}-b7ad6b7169203331-01`, TRACE],
    [`cc-${TRACE}-b7ad6b7169203331-01-what-comes-later`, TRACE],
    [`ff-${TRACE}-b7ad6b7169203331-01`, undefined],
    [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    [`00-${TRACE.toUpperCase()}-b7ad6b7169203331-01`, undefined],
    ['hello', undefined],
    [undefined, undefined],
  ])('reads traceparent %s', (header, id) => {
    expect(traceIdOf(header)).toBe(id);
  });
});

describe('cities', () => {
  it('come back as they were sent', async () => {
    const { body } = await call('GET', '/v1/ops/cities/sf', ops);
    expect(body).toMatchObject({ id: 'sf', name: 'San Francisco', boundary: BOUNDARY, policy: { gridLength: 8 } });
    expect(body.policyInEffect).toMatchObject({ gridLength: 8, cooldownMs: 10_000 });
    expect(body).toMatchObject({
      audit: [{ actor: 'ops', action: 'city.create', version: 1, policy: { gridLength: 8 } }],
    });
    expect((await call('GET', '/v1/ops/cities', ops)).body.items).toHaveLength(1);
  });

  it('say which methods they take', async () => {
    const { status, headers } = await call('PATCH', '/v1/ops/cities/sf', ops);
    expect({ status, allow: headers.get('allow') }).toEqual({ status: 405, allow: 'GET, PUT, DELETE' });
  });

  it('are named to whoever is outside of them', async () => {
    const { status, body } = await call('PUT', '/v1/presence', await tokenFor('far'), { lat: 38.5, lng: -121.5 });
    expect(status).toBe(404);
    expect(body).toMatchObject({ code: 'out_of_coverage', nearestCity: { id: 'sf', name: 'San Francisco' } });
  });

  it('ROLL1 without a single cell are named to nobody', async () => {
    await env.DB.prepare(
      `INSERT INTO cities (id, name, boundary, precision, lat, lng, cells, version, op, created_at, updated_at)
       SELECT 'ghost', 'Ghost', boundary, precision, 38.5, -121.5, 0, version, 'ghost', 0, 0 FROM cities WHERE id = 'sf'`,
    ).run();
    const { body } = await call('PUT', '/v1/presence', await tokenFor('far'), { lat: 38.5, lng: -121.5 });
    await env.DB.prepare("DELETE FROM cities WHERE id = 'ghost'").run();
    expect(body).toMatchObject({ code: 'out_of_coverage', nearestCity: { id: 'sf' } });
  });
});

describe('cells', () => {
  it('that nobody has called carry nothing, and stay uninitialised when they are looked at', async () => {
    const first = (await call('GET', '/v1/ops/cells?city=sf', ops)).body.items;
    const second = (await call('GET', '/v1/ops/cells?city=sf', ops)).body.items;
    const unborn = second.filter((cell) => !cell.born);
    expect(second.length).toBe(first.length);
    expect(unborn.length).toBeGreaterThan(5);
    expect(unborn[0]).toMatchObject({ city: 'sf', state: 'leaf', users: 0, questions: { open: 0 } });
  });

  it('count who is in them', async () => {
    const { body } = await call('PUT', '/v1/presence', await tokenFor('counted'), AT);
    expect(body).toMatchObject({ cell: encode(AT, 5), city: 'sf', offers: [] });
    const { items } = (await call('GET', '/v1/ops/cells?city=sf', ops)).body;
    const here = items.find((cell) => cell.cell === body.cell);
    expect(here?.born).toBe(true);
    expect(here?.users).toBeGreaterThan(0);
  });
});

describe('a service', () => {
  it('acts for the user that it names, and for anybody by id', async () => {
    const service = await tokenFor('app', 'service');
    const asked = await call(
      'POST',
      '/v1/questions',
      service,
      { ...AT, text: 'Hello?' },
      { 'x-vicinal-act-for': 'dora' },
    );
    expect(asked.status).toBe(201);
    const path = `/v1/questions/${asked.body.id}`;
    expect((await call('GET', path, await tokenFor('dora'))).status).toBe(200);
    expect((await call('GET', path, service)).status).toBe(200);
    expect((await call('GET', path, service, undefined, { 'x-vicinal-act-for': 'emil' })).body.code).toBe(
      'unknown_question',
    );
    expect((await call('DELETE', path, service)).body).toMatchObject({ state: 'cancelled' });
  });
});

describe('near a border', () => {
  // A point just inside the cell, and one just outside, both within the margin.
  const { maxLng } = decode(encode(AT, 5));
  const inside = { lat: AT.lat, lng: maxLng - 0.0004 };
  const outside = { lat: AT.lat, lng: maxLng + 0.0004 };
  const beyond = { lat: AT.lat, lng: maxLng + 0.004 };

  it('a user stays with the cell that they name', async () => {
    expect(distanceM(inside, outside)).toBeLessThan(100);
    const token = await tokenFor('border');
    const { cell } = (await call('PUT', '/v1/presence', token, inside)).body;
    expect(encode(outside, 5)).not.toBe(cell);
    expect((await call('PUT', '/v1/presence', token, { ...outside, cell })).body.cell).toBe(cell);
    expect((await call('PUT', '/v1/presence', token, { ...beyond, cell })).body.cell).toBe(encode(beyond, 5));
    const other = await tokenFor('other');
    expect((await call('PUT', '/v1/presence', other, { ...outside, cell: 'u4xsu' })).body.cell).toBe(
      encode(outside, 5),
    );
  });
});

describe('asking', () => {
  it('ONCE1 meets its first try when it is repeated with its key', async () => {
    const token = await tokenFor('once');
    const ask = { ...AT, text: 'Once?', radiusM: 700 };
    const key = { 'idempotency-key': 'k-1' };
    const [first, second] = await Promise.all([1, 2].map(() => call('POST', '/v1/questions', token, ask, key)));
    expect(first?.status).toBe(201);
    expect(second?.body.id).toBe(first?.body.id);
    expect(first?.body.id).toMatch(/^q-9q8[0-9a-z]{5}-[a-z2-7]{26}$/);
    const other = await call('POST', '/v1/questions', token, { ...ask, text: 'Twice?' }, key);
    expect({ status: other.status, code: other.body.code }).toEqual({ status: 422, code: 'key_reused' });
    expect((await call('POST', '/v1/questions', token, ask)).body.id).not.toBe(first?.body.id);
  });

  it('PRIV1 takes points on the grid and radii in steps', async () => {
    const { body } = await call('POST', '/v1/questions', await tokenFor('snapped'), {
      ...AT,
      text: 'Where?',
      radiusM: 700,
    });
    expect(body.radiusM).toBe(1000);
    expect(encode(body, 8)).toBe(encode(AT, 8));
    expect(body.lat).not.toBe(AT.lat);
  });
});

describe('a stream', () => {
  const upgrade = { upgrade: 'websocket', connection: 'upgrade' };

  it('opens at a point, and what a client claims to be in headers is nothing', async () => {
    const token = await tokenFor('streamer');
    const forged = JSON.stringify({
      user: 'somebody',
      scope: 'ops',
      point: null,
      session: 's',
      gridLength: 12,
      city: 'x',
    });
    const response = await exports.default.fetch(`https://edge/v1/stream?lat=${AT.lat}&lng=${AT.lng}`, {
      headers: { ...upgrade, 'x-vicinal-socket': forged, 'sec-websocket-protocol': `vicinal.v1, bearer.${token}` },
    });
    expect(response.status).toBe(101);
    expect(response.headers.get('sec-websocket-protocol')).toBe('vicinal.v1');
    const socket = response.webSocket;
    socket?.accept();
    const replied = new Promise<unknown>((resolve) =>
      socket?.addEventListener('message', ({ data }) => {
        const frame = JSON.parse(String(data)) as { readonly t: string };
        if (frame.t !== 'event') resolve(frame);
      }),
    );
    socket?.send(JSON.stringify({ t: 'ask', ref: 'a', text: 'Here?' }));
    expect(await replied).toMatchObject({ t: 'ok', ref: 'a', result: { state: expect.any(String) } });
    expect((await call('GET', '/v1/questions', token)).body.items).toHaveLength(1);
    socket?.close(1000);
  });

  it('without a point goes where the user is, if they are anywhere', async () => {
    const token = await tokenFor('walker');
    const open = () =>
      exports.default.fetch('https://edge/v1/stream', { headers: { ...upgrade, authorization: `Bearer ${token}` } });
    expect((await open()).status).toBe(409);
    await call('PUT', '/v1/presence', token, AT);
    const response = await open();
    expect(response.status).toBe(101);
    response.webSocket?.accept();
    response.webSocket?.close(1000);
  });
});
