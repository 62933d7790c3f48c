// Everything that a client can get wrong: a stable code and a message for each, no 5xx, and nothing stored changes.
import { gzipSync } from 'node:zlib';
import { sign } from 'hono/jwt';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, showLogsOnFailure, useService } from './support/service.ts';
import { badSocket, type Said, socketOf } from './support/socket.ts';
import { AT, type Offer, openTown, type Question, ROUND_THE_BAY, type Town } from './support/town.ts';

const box = useService();
const { api, tokenFor } = box;

const OSLO = { lat: 59.91, lng: 10.75 };
const ASK = { ...AT, text: 'Is the bakery open?', expiresInS: 600 };
const NO_ONE = 'q-9q8yyk8-abcdefghij';

type Document = {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly traceId?: string;
};

let town: Town;
let ofAlice: Question;
/** Accepted by bob, all its places taken. */
let taken: Offer;
/** Offered to carol, and over. */
let over: Offer;

beforeAll(async () => {
  town = await openTown(box, { offers: { ttlMs: 2000 }, cooldownMs: 0 });
  const { alice, bob, carol, present, ask, offersOf, offerFor } = town;
  await present(bob, ['bakery']);
  ofAlice = await ask(alice, { ...ASK, topic: 'bakery', answersWanted: 1 });
  taken = await offerFor(bob, ofAlice.id);
  expect((await api('POST', `/v1/offers/${taken.id}/accept`, undefined, bob)).status).toBe(200);
  await present(carol, ['bikes']);
  const second = await ask(alice, { ...ASK, topic: 'bikes', text: 'A pump, anybody?' });
  over = await offerFor(carol, second.id);
  await eventually('the offer runs out', async () => (await offersOf(carol)).every(({ id }) => id !== over.id), 10_000);
  await api('DELETE', `/v1/questions/${second.id}`, undefined, alice);
  await api('DELETE', '/v1/presence', undefined, carol);
});

type Sent = {
  readonly method?: string;
  readonly path: string;
  readonly body?: RequestInit['body'];
  readonly token?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A request that no decent client sends. */
async function send({ method = 'POST', path, body, token, type = 'application/json', headers = {} }: Sent) {
  const response = await fetch(`${box.url()}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(type === '' ? {} : { 'content-type': type }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  } as RequestInit);
  return { status: response.status, headers: response.headers, body: (await response.json()) as Document };
}

const question = (body: unknown, more: Partial<Sent> = {}): Sent => ({
  path: '/v1/questions',
  body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
  token: town.alice,
  ...more,
});

const jwt = (header: unknown, claims: unknown): string =>
  `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;

const endless = (bytes: number): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (let sent = 0; sent < bytes; sent += 16_384) controller.enqueue(new Uint8Array(16_384).fill(32));
      controller.close();
    },
  });

type Row = readonly [what: string, request: () => Sent | Promise<Sent>, status: number, code: string];

const ROWS: readonly Row[] = [
  ['latitude 91', () => question({ ...ASK, lat: 91 }), 422, 'bad_latitude'],
  ['latitude "NaN"', () => question({ ...ASK, lat: 'NaN' }), 422, 'bad_latitude'],
  ['latitude NaN, which JSON does not have', () => question('{"lat":NaN,"lng":1,"text":"x"}'), 400, 'bad_json'],
  ['latitude 1e999', () => question('{"lat":1e999,"lng":1,"text":"x"}'), 422, 'bad_latitude'],
  ['latitude null', () => question({ ...ASK, lat: null }), 422, 'bad_latitude'],
  ['longitude 181', () => question({ ...ASK, lng: 181 }), 422, 'bad_longitude'],
  ['a text for a number', () => question({ ...ASK, answersWanted: '2' }), 422, 'bad_field'],
  ['a missing field', () => question(AT), 422, 'missing_field'],
  ['an unknown field', () => question({ ...ASK, colour: 'red' }), 422, 'unknown_field'],
  ['a text of 2,001 characters', () => question({ ...ASK, text: 'x'.repeat(2001) }), 422, 'text_too_long'],
  ['an empty text', () => question({ ...ASK, text: ' ' }), 422, 'bad_field'],
  ['a list for a body', () => question([]), 422, 'missing_field'],
  ['broken JSON', () => question('{"lat":'), 400, 'bad_json'],
  ['no body', () => ({ path: '/v1/questions', token: town.alice }), 400, 'bad_json'],
  ['another content type', () => question(ASK, { type: 'text/plain' }), 415, 'bad_content_type'],
  ['a form', () => question('lat=1', { type: 'application/x-www-form-urlencoded' }), 415, 'bad_content_type'],
  ['a body over 64 KiB', () => question({ ...ASK, text: 'x'.repeat(65_536) }), 413, 'body_too_large'],
  [
    'chunks over 64 KiB',
    () => ({ path: '/v1/questions', token: town.alice, body: endless(200_000) }),
    413,
    'body_too_large',
  ],
  [
    'a body for a verb without one',
    () => ({ path: `/v1/offers/${taken.id}/accept`, token: town.bob, body: '{"x":1}' }),
    422,
    'unknown_field',
  ],
  ['too long a key', () => question(ASK, { headers: { 'idempotency-key': 'k'.repeat(256) } }), 400, 'bad_header'],
  ['an empty key', () => question(ASK, { headers: { 'idempotency-key': '""' } }), 400, 'bad_header'],
  ['a key that is no ASCII', () => question(ASK, { headers: { 'idempotency-key': 'cl\u00e9' } }), 400, 'bad_header'],
  ['a text of nothing that can be seen', () => question({ ...ASK, text: '\u200b\u3164' }), 422, 'bad_field'],
  [
    'a body that was compressed',
    () => question(gzipSync(JSON.stringify(ASK)) as never, { headers: { 'content-encoding': 'gzip' } }),
    415,
    'bad_content_encoding',
  ],
  ['a policy in a question', () => question({ ...ASK, policy: {} }), 422, 'unknown_field'],
  [
    'a query parameter of ops with a wrong name',
    () => ({ method: 'DELETE', path: '/v1/ops/cities/sf?dryRun=true', token: town.ops }),
    422,
    'bad_query',
  ],
  ['too long a wait', () => ({ method: 'GET', path: '/v1/events?waitS=21', token: town.alice }), 422, 'bad_query'],

  ['no token', () => question(ASK, { token: undefined as never }), 401, 'unauthorized'],
  ['no JWT', () => question(ASK, { token: 'hello' }), 401, 'token_malformed'],
  [
    'an expired token',
    async () => question(ASK, { token: await sign({ sub: 'alice', scope: 'user', exp: 1 }, box.service().secret) }),
    401,
    'token_expired',
  ],
  [
    'a token with another signature',
    async () => question(ASK, { token: await sign({ sub: 'alice', scope: 'user' }, 'not-the-secret') }),
    401,
    'token_signature',
  ],
  [
    'a token with alg none',
    () => question(ASK, { token: `${jwt({ alg: 'none', typ: 'JWT' }, { sub: 'alice', scope: 'user' })}.` }),
    401,
    'token_algorithm',
  ],
  [
    'a token for nobody',
    async () => question(ASK, { token: await sign({ scope: 'user', exp: 9_999_999_999 }, box.service().secret) }),
    401,
    'token_subject',
  ],
  [
    'a user where ops are needed',
    () => ({ method: 'GET', path: '/v1/ops/cities', token: town.alice }),
    403,
    'forbidden_scope',
  ],
  ['ops where a user is needed', () => question(ASK, { token: town.ops }), 403, 'forbidden_scope'],
  [
    'a user acting for another',
    () => question(ASK, { headers: { 'x-vicinal-act-for': 'bob' } }),
    403,
    'forbidden_scope',
  ],

  [
    "somebody else's question",
    () => ({ method: 'GET', path: `/v1/questions/${ofAlice.id}`, token: town.bob }),
    404,
    'unknown_question',
  ],
  [
    "cancelling somebody else's question",
    () => ({ method: 'DELETE', path: `/v1/questions/${ofAlice.id}`, token: town.bob }),
    404,
    'unknown_question',
  ],
  [
    'an unknown question',
    () => ({ method: 'GET', path: `/v1/questions/${NO_ONE}`, token: town.alice }),
    404,
    'unknown_question',
  ],
  [
    'an unknown question far from every city',
    () => ({ method: 'GET', path: '/v1/questions/q-u4xsu77-abcdefghij', token: town.alice }),
    404,
    'unknown_question',
  ],
  [
    'an id that is none',
    () => ({ method: 'GET', path: '/v1/questions/42', token: town.alice }),
    404,
    'unknown_question',
  ],
  ['an unknown offer', () => ({ path: `/v1/offers/${NO_ONE}.1/accept`, token: town.alice }), 404, 'unknown_offer'],
  [
    "somebody else's offer",
    () => ({ path: `/v1/offers/${taken.id}/decline`, token: town.alice }),
    404,
    'unknown_offer',
  ],
  ['a point outside every city', () => question({ ...ASK, ...OSLO }), 404, 'out_of_coverage'],
  [
    'presence outside every city',
    () => ({ method: 'PUT', path: '/v1/presence', body: JSON.stringify(OSLO), token: town.alice }),
    404,
    'out_of_coverage',
  ],
  ['accepting after the time', () => ({ path: `/v1/offers/${over.id}/accept`, token: town.carol }), 409, 'offer_gone'],
  [
    'declining what was accepted',
    () => ({ path: `/v1/offers/${taken.id}/decline`, token: town.bob }),
    409,
    'offer_accepted',
  ],
  [
    'answering what was not accepted',
    () => ({ path: `/v1/offers/${over.id}/answer`, body: '{"text":"Yes"}', token: town.carol }),
    409,
    'offer_gone',
  ],

  ['an unknown path', () => ({ method: 'GET', path: '/v1/nothing', token: town.alice }), 404, 'not_found'],
  [
    'a method that is not taken',
    () => ({ method: 'PUT', path: '/v1/questions', token: town.alice }),
    405,
    'method_not_allowed',
  ],
  [
    'a socket path without a socket',
    () => ({ method: 'GET', path: '/v1/stream', token: town.alice }),
    426,
    'upgrade_required',
  ],

  [
    'a city that is no polygon',
    () => ({
      method: 'PUT',
      path: '/v1/ops/cities/oslo',
      body: '{"name":"Oslo","boundary":{"type":"Point","coordinates":[1,2]}}',
      token: town.ops,
    }),
    422,
    'bad_boundary',
  ],
  [
    'a city with a bad policy',
    () => ({
      method: 'PUT',
      path: '/v1/ops/cities/oslo',
      body: JSON.stringify({ name: 'Oslo', boundary: ROUND_THE_BAY, policy: { gridLength: 3 } }),
      token: town.ops,
    }),
    422,
    'bad_policy',
  ],
  ['an unknown city', () => ({ method: 'GET', path: '/v1/ops/cities/atlantis', token: town.ops }), 404, 'unknown_city'],
  [
    'the cells of an unknown city',
    () => ({ method: 'GET', path: '/v1/ops/cells?city=atlantis', token: town.ops }),
    404,
    'unknown_city',
  ],
];

describe('EDGE1: bad requests', () => {
  it.each(ROWS)('%s', async (_what, request, status, code) => {
    showLogsOnFailure(box);
    const before = await town.settled();
    const answer = await send(await request());
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body.title).toMatch(/\w/);
    expect(answer.body.detail).toMatch(/\w/);
    expect(answer.body.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.headers.get('x-trace-id')).toBe(answer.body.traceId);
    expect(answer.headers.get('accept-encoding')).toBe(code === 'bad_content_encoding' ? 'identity' : null);
    expect(await town.settled()).toEqual(before);
  });

  it('one key with two bodies', async () => {
    const headers = { 'idempotency-key': 'once' };
    const first = await api<Question>('POST', '/v1/questions', { ...ASK, topic: 'none' }, town.alice, headers);
    expect(first.status).toBe(201);
    const again = await api<Question>('POST', '/v1/questions', { ...ASK, topic: 'none' }, town.alice, headers);
    expect({ status: again.status, id: again.body.id }).toEqual({ status: 201, id: first.body.id });
    const before = await town.settled();
    const other = await api<Document>('POST', '/v1/questions', { ...ASK, text: 'Another one?' }, town.alice, headers);
    expect({ status: other.status, code: other.body.code }).toEqual({ status: 422, code: 'key_reused' });
    expect(await town.settled()).toEqual(before);
  });

  it('a second accept, by somebody else, for the last place', async () => {
    await town.present(town.carol, ['race']);
    await town.present(town.bob, ['race']);
    const asked = await town.ask(town.alice, { ...ASK, topic: 'race', answersWanted: 1 });
    const [first, second] = await Promise.all([town.offerFor(town.bob, asked.id), town.offerFor(town.carol, asked.id)]);
    const won = await api('POST', `/v1/offers/${first.id}/accept`, undefined, town.bob);
    expect(won.status).toBe(200);
    const lost = await api<Document>('POST', `/v1/offers/${second.id}/accept`, undefined, town.carol);
    expect({ status: lost.status, code: lost.body.code }).toEqual({ status: 409, code: 'offer_gone' });
    const repeated = await api('POST', `/v1/offers/${first.id}/accept`, undefined, town.bob);
    expect(repeated).toMatchObject({ status: 200, body: won.body as object });
  });
});

describe('EDGE1: bad frames', () => {
  const open: { close: () => void }[] = [];
  afterEach(() => {
    for (const socket of open.splice(0)) socket.close();
  });

  it.each([
    ['that is not JSON', '{"t":', 'bad_frame', undefined],
    ['that is no object', '7', 'bad_frame', undefined],
    ['with an unknown verb', '{"t":"dance","ref":"r"}', 'bad_frame', 'r'],
    ['that is binary', new Uint8Array([1, 2, 3]), 'binary_frame', undefined],
    ['with a latitude of 91', '{"t":"presence","ref":"r","lat":91,"lng":0}', 'bad_latitude', 'r'],
    ['with a missing field', '{"t":"answer","ref":"r","id":"q-9q8yyk8-abcdefghij.1"}', 'missing_field', 'r'],
    ['with an unknown field', '{"t":"ack","ref":"r","seq":1,"x":1}', 'unknown_field', 'r'],
    ['for an unknown offer', '{"t":"accept","ref":"r","id":"q-9q8yyk8-abcdefghij.1"}', 'unknown_offer', 'r'],
  ])('a frame %s', async (_what, frame, code, ref) => {
    showLogsOnFailure(box);
    const socket = await socketOf(`${box.url()}/v1/stream`, town.bob);
    open.push(socket);
    const before = await town.settled();
    socket.send(frame);
    const said: Said = await socket.next((each) => each['t'] === 'error');
    expect({ code: said['code'], ref: said['ref'] }).toEqual({ code, ref });
    expect(said['title']).toMatch(/\w/);
    expect(await town.settled()).toEqual(before);
    // The socket survives what was wrong with one frame.
    socket.send('{"t":"ack","ref":"after","seq":0}');
    expect(await socket.next((each) => each['ref'] === 'after')).toMatchObject({ t: 'ok' });
  });

  it('a socket without a token', async () => {
    expect(await badSocket(`${box.url()}/v1/stream`, ['vicinal.v1'])).toMatchObject({
      status: 401,
      code: 'unauthorized',
    });
  });

  it('a socket that offers another protocol', async () => {
    const answer = await badSocket(`${box.url()}/v1/stream`, ['vicinal.v9', `bearer.${town.alice}`]);
    expect(answer).toMatchObject({ status: 400, code: 'bad_header' });
  });

  it('a socket of somebody who is nowhere', async () => {
    const nobody = await tokenFor('nobody');
    const answer = await badSocket(`${box.url()}/v1/stream`, ['vicinal.v1', `bearer.${nobody}`]);
    expect(answer).toMatchObject({ status: 409, code: 'no_presence' });
  });
});

it('EDGE1: no fault was logged', () => {
  const faults = box.logs().filter((line) => line.includes('"event":"fault"') || /"status":5\d\d/.test(line));
  expect(faults).toEqual([]);
});

it('PRIV1: no line of the log has a user, a point, a text or a token in it', () => {
  const lines = box.logs().filter((line) => line.startsWith('{'));
  expect(lines.length).toBeGreaterThan(ROWS.length);
  const secrets = [...['alice', 'bob', 'carol'], String(AT.lat), String(AT.lng), 'bakery', 'eyJ', '9q8yy', 'Bearer'];
  expect(lines.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
});
