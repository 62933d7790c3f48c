// Seeded requests and frames that no decent client sends, among those that one does: wrong types, odd texts, ids of others, half of a body.
import { shifted } from '../../src/geo/shifted.ts';
import type { Prng } from '../../src/lib/prng.ts';

export type FuzzRequest = {
  readonly user: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
};

const MIDDLE = { lat: 37.7749, lng: -122.4194 };
const USERS = 60;
const TEXTS = [
  '',
  ' ',
  '\u0000\u0001',
  '\ud83d',
  '🚲'.repeat(40),
  'x'.repeat(2000),
  'x'.repeat(2001),
  '"\\'.repeat(500),
  '\u202e',
  'ﷺ',
  "'; DROP TABLE cells; --",
  '{{7*7}}',
  '../../etc/passwd',
];
const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e308,
  -1e308,
  2 ** 53,
  [],
  [[]],
  {},
  { t: 'x' },
  '37.7',
  'NaN',
  ...TEXTS,
];
const ODD_IDS = [
  '',
  'q-',
  'q-9q8yyk8-abcdefghij',
  'q-zzzzzzz-00000000',
  'q-9q8yyk8-abcdefghij.1',
  `q-9q8-${'a'.repeat(40)}.999999`,
  '%00',
  '..',
  '9q8yyk',
];
const HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  {},
  {},
  {},
  { 'content-type': 'text/plain' },
  { 'content-encoding': 'gzip' },
  { 'idempotency-key': 'k1' },
  { 'idempotency-key': '"' },
  { traceparent: 'x' },
  { 'x-vicinal-act-for': 'bob' },
  { 'x-vicinal-socket': '{}' },
  { accept: 'text/html' },
  { origin: 'null' },
];

export type Fuzz = {
  readonly request: () => FuzzRequest;
  /** What a socket of this user sends. */
  readonly frame: () => string;
  readonly user: () => string;
  /** Ids that answers have shown are used again, by anybody. */
  readonly learn: (answer: unknown) => void;
  readonly point: () => { readonly lat: number; readonly lng: number };
};

export function fuzz(draw: Prng): Fuzz {
  const ids: string[] = [];
  const user = (): string => `user${draw.below(USERS)}`;
  const point = () => shifted(MIDDLE, (draw.unit() - 0.5) * 1500, (draw.unit() - 0.5) * 1500);
  const id = (): string => (ids.length === 0 || draw.chance(1, 3) ? draw.pick(ODD_IDS) : draw.pick(ids));
  const bodies: readonly (() => Record<string, unknown>)[] = [
    () => ({ ...point(), topics: ['food'], capacity: draw.below(4), ttlS: 600 }),
    () => ({
      ...point(),
      text: draw.pick(['open?', ...TEXTS]),
      radiusM: draw.pick([500, 2000, 8000]),
      expiresInS: draw.pick([20, 60, 600]),
    }),
    () => ({ text: draw.pick(['yes', ...TEXTS]) }),
    () => ({ seq: draw.below(1000) }),
    () => ({ ...point() }),
  ];
  /** One field of a good body is spoilt, or missing, or there is one too many. */
  const body = (): Record<string, unknown> => {
    const good = draw.pick(bodies)();
    if (draw.chance(1, 2)) return good;
    const names = Object.keys(good);
    const name = draw.chance(1, 4) ? draw.pick(['extra', '__proto__', 'constructor', 'user', 'id']) : draw.pick(names);
    if (draw.chance(1, 5)) delete good[name];
    else good[name] = draw.pick(ODD);
    return good;
  };
  const text = (): string => {
    const whole = JSON.stringify(body());
    if (draw.chance(1, 12)) return whole.slice(0, draw.below(whole.length));
    if (draw.chance(1, 40)) return '['.repeat(5000);
    return whole;
  };
  const paths: readonly (() => readonly [string, string])[] = [
    () => ['PUT', '/v1/presence'],
    () => ['PUT', '/v1/presence'],
    () => ['POST', '/v1/questions'],
    () => ['POST', '/v1/questions'],
    () => [
      'DELETE',
      `/v1/presence?session=${encodeURIComponent(draw.pick(TEXTS.slice(0, 5)).toWellFormed())}&seq=${draw.pick(['1', '-1', 'x', '1e9'])}`,
    ],
    () => [
      'GET',
      `/v1/questions?after=${draw.pick(['', 'x', '1.q-9q8-abcdefgh'])}&limit=${draw.pick(['1', '0', '101', '-5', 'x'])}`,
    ],
    () => ['GET', `/v1/questions/${encodeURIComponent(id())}`],
    () => ['PATCH', `/v1/questions/${encodeURIComponent(id())}`],
    () => ['DELETE', `/v1/questions/${encodeURIComponent(id())}`],
    () => ['GET', '/v1/offers'],
    () => ['POST', `/v1/offers/${encodeURIComponent(id())}/${draw.pick(['accept', 'decline', 'answer', 'steal'])}`],
    () => ['GET', `/v1/events?after=${draw.pick(['0', '5', '99999', 'x'])}&waitS=${draw.pick(['0', '0', '21', '-1'])}`],
    () => ['POST', '/v1/events/ack'],
    () => ['GET', '/v1/ops/status'],
    () => ['POST', '/v1/ops/cells/9q8yyk/split'],
    () => [
      draw.pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
      draw.pick(['/', '/v1', '/v1/nothing', '/v1/questions/', '/health', '/v1/stream']),
    ],
  ];
  return {
    user,
    point,
    request: () => {
      const [method, path] = draw.pick(paths)();
      const sent = method === 'GET' ? {} : { body: text() };
      return { user: user(), method, path, headers: draw.pick(HEADERS), ...sent };
    },
    frame: () => {
      if (draw.chance(1, 20)) return draw.pick(['', 'ping', '[]', 'null', '{"t":"ask"', '{"t":1}', 'x'.repeat(70_000)]);
      const t = draw.pick([
        'presence',
        'presence',
        'ask',
        'move',
        'cancel',
        'accept',
        'decline',
        'answer',
        'ack',
        'token',
        'leave',
        'steal',
      ]);
      const ref = draw.chance(1, 10) ? draw.pick(ODD) : String(draw.below(1000));
      const named = t === 'presence' || t === 'ask' || t === 'ack' ? {} : { id: id() };
      return JSON.stringify({ t, ref, ...named, ...body() });
    },
    learn: (answer) => {
      for (const found of JSON.stringify(answer ?? null).matchAll(/"(q-[0-9a-z]+-[0-9a-z]+(?:\.\d+)?)"/g))
        if (ids.length < 500) ids.push(found[1] as string);
        else ids[draw.below(ids.length)] = found[1] as string;
    },
  };
}
