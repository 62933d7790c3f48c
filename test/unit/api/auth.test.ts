// Tokens: each way to be wrong has its code, and only HS256 with our secret is right.
import { createHmac } from 'node:crypto';
import { sign } from 'hono/jwt';
import { describe, expect, it } from 'vitest';
import { authenticate } from '../../../src/api/middleware/auth.ts';
import { LEEWAY_S, type TokenRules } from '../../../src/edge/token.ts';
import { isUserId } from '../../../src/protocol/ids.ts';

const SECRET = 'a-secret-of-more-than-thirty-two-characters';
const NOW_S = 1_800_000_000;
const CLAIMS = { sub: 'alice', scope: 'user', exp: NOW_S + 60 };

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const withToken = (token: string): Headers => new Headers({ authorization: `Bearer ${token}` });
const RULES: TokenRules = { secret: SECRET, endless: false, leewayS: LEEWAY_S };
const check = (headers: Headers, rules: Partial<TokenRules> = {}) =>
  authenticate(headers, NOW_S, { ...RULES, ...rules });

/** Signed here: no library writes what these tests are about. */
const signed = (claims: unknown, header: Readonly<Record<string, unknown>> = {}): Headers => {
  const signing = `${part({ alg: 'HS256', ...header })}.${part(claims)}`;
  return withToken(`${signing}.${createHmac('sha256', SECRET).update(signing).digest('base64url')}`);
};
type Refused = readonly [what: string, headers: () => Headers | Promise<Headers>, code: string];

describe('EDGE4: who it is', () => {
  const idOf = async (sub: string): Promise<string> => {
    const checked = await check(await signed({ ...CLAIMS, sub }));
    if (!checked.ok) throw new Error(checked.error.code);
    return checked.value.user;
  };

  it.each([
    'auth0|5f7c8ec7c33c6c004bbafe82',
    'google-oauth2|112233',
    'did:web:example.com:users#alice',
    'a b',
    ' ',
    'z\u00f6e',
    '\u{1f600}'.repeat(255),
    '~aaaa',
    'a\u0000b',
    '__proto__',
    'x'.repeat(255),
  ])('%s is somebody, under a name of 52 plain characters', async (sub) => {
    expect(await idOf(sub)).toMatch(/^~[a-z2-7]{51}$/);
    expect(await idOf(sub)).toBe(await idOf(sub));
    expect(isUserId(await idOf(sub))).toBe(true);
  });

  it('whoever could get in before is who they were', async () => {
    for (const sub of ['alice', 'a.b_c:d@e-f', '0', 'x'.repeat(128), '3f2b0c9e-7f5a-4c39-9a0e-1b2c3d4e5f60']) {
      expect(await idOf(sub)).toBe(sub);
    }
  });

  it('nobody is taken for somebody else', async () => {
    const subs = [
      'a b',
      'a  b',
      'A b',
      ' a b',
      'a\u0000b',
      'z\u00f6e',
      'zo\u0308e',
      'x'.repeat(129),
      await idOf('a b'),
    ];
    expect(new Set(await Promise.all(subs.map(idOf))).size).toBe(subs.length);
  });
});

describe('EDGE3: authenticate', () => {
  it.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt', undefined])('takes a token of the type %s', async (typ) => {
    expect(await check(signed(CLAIMS, typ === undefined ? {} : { typ }))).toMatchObject({ ok: true });
  });

  it('takes a clock that differs by a minute', async () => {
    expect(await check(signed({ ...CLAIMS, nbf: NOW_S + 60, iat: NOW_S + 60 }))).toMatchObject({ ok: true });
    expect(await check(signed({ ...CLAIMS, exp: NOW_S - 59 }))).toMatchObject({ ok: true });
  });

  it('finds its scope among others', async () => {
    expect(await check(signed({ ...CLAIMS, scope: 'openid user email' }))).toMatchObject({ value: { scope: 'user' } });
  });

  it.each(['user', 'service', 'ops'])('knows the scope %s', async (scope) => {
    const token = await sign({ ...CLAIMS, scope }, SECRET, 'HS256');
    expect(await check(withToken(token))).toEqual({
      ok: true,
      value: { user: 'alice', name: 'alice', scope, exp: NOW_S + 60 },
    });
  });

  it('takes the token of a socket from its subprotocols', async () => {
    const token = await sign(CLAIMS, SECRET, 'HS256');
    const headers = new Headers({ 'sec-websocket-protocol': `vicinal.v1, bearer.${token}` });
    expect(await check(headers)).toMatchObject({ ok: true, value: { user: 'alice' } });
  });

  it.each([
    ['no token', () => new Headers(), 'unauthorized'],
    ['another scheme', () => new Headers({ authorization: 'Basic YTpi' }), 'unauthorized'],
    ['an empty token', () => new Headers({ authorization: 'Bearer ' }), 'unauthorized'],
    ['a word', () => withToken('hello'), 'token_malformed'],
    ['three words', () => withToken('a.b.c'), 'token_malformed'],
    ['a list for claims', () => withToken(`${part({ alg: 'HS256' })}.${part([])}.x`), 'token_malformed'],
    ['too much', () => withToken(`${'a'.repeat(9000)}.b.c`), 'token_malformed'],
    ['alg none', () => withToken(`${part({ alg: 'none', typ: 'JWT' })}.${part(CLAIMS)}.`), 'token_algorithm'],
    ['alg NONE', () => withToken(`${part({ alg: 'NONE' })}.${part(CLAIMS)}.`), 'token_algorithm'],
    ['no alg', () => withToken(`${part({ typ: 'JWT' })}.${part(CLAIMS)}.x`), 'token_algorithm'],
    ['HS512', async () => withToken(await sign(CLAIMS, SECRET, 'HS512')), 'token_algorithm'],
    ['another secret', async () => withToken(await sign(CLAIMS, `${SECRET}!`, 'HS256')), 'token_signature'],
    ['no signature', () => withToken(`${part({ alg: 'HS256', typ: 'JWT' })}.${part(CLAIMS)}.`), 'token_signature'],
    [
      'an end in the past',
      async () => withToken(await sign({ ...CLAIMS, exp: NOW_S - 60 }, SECRET, 'HS256')),
      'token_expired',
    ],
    [
      'an end in the past and another secret',
      async () => withToken(await sign({ ...CLAIMS, exp: 1 }, `${SECRET}!`, 'HS256')),
      'token_signature',
    ],
    ...(['nbf', 'iat'] as const).map((name) => [
      `an ${name} in the future`,
      async () => withToken(await sign({ ...CLAIMS, [name]: NOW_S + 61 }, SECRET, 'HS256')),
      'token_not_yet_valid',
    ]),
    ...(['exp', 'nbf', 'iat'] as const).flatMap((name) =>
      ['soon', '1800000000', null, {}].map((time) => [
        `an ${name} that is ${JSON.stringify(time)}`,
        async () => withToken(await sign({ ...CLAIMS, [name]: time }, SECRET, 'HS256')),
        'token_claims',
      ]),
    ),
    ...[undefined, '', 7, null, 'x'.repeat(256)].map((sub) => [
      `the sub ${String(sub).slice(0, 9)}`,
      async () => withToken(await sign({ ...CLAIMS, sub }, SECRET, 'HS256')),
      'token_subject',
    ]),
    ['half a surrogate pair', () => signed({ ...CLAIMS, sub: 'a\ud800' }), 'token_subject'],
    ...['root', undefined, ['user'], '', 'user ops', 'openid  profile', 'users'].map((scope) => [
      `the scope ${JSON.stringify(scope)}`,
      async () => withToken(await sign({ ...CLAIMS, scope }, SECRET, 'HS256')),
      'token_scope',
    ]),
    ['another typ', () => signed(CLAIMS, { typ: 'dpop+jwt' }), 'token_malformed'],
    ['critical extensions', () => signed(CLAIMS, { crit: ['b64'] }), 'token_malformed'],
  ] as readonly Refused[])('refuses %s', async (_name, headers, code) => {
    expect(await check(await headers())).toMatchObject({ ok: false, error: { code } });
  });

  it('lets a service act for a user, and nobody else', async () => {
    const as = async (scope: string, actFor: string) => {
      const headers = withToken(await sign({ ...CLAIMS, scope }, SECRET, 'HS256'));
      headers.set('x-vicinal-act-for', actFor);
      return check(headers);
    };
    expect(await as('service', 'bob')).toMatchObject({ ok: true, value: { user: 'alice', actFor: 'bob' } });
    const zoe = await check(signed({ ...CLAIMS, sub: 'z\u00f6e 1' }));
    const actFor = zoe.ok ? zoe.value.user : undefined;
    expect(await as('service', "UTF-8''z%C3%B6e%201")).toMatchObject({ ok: true, value: { actFor } });
    expect(await as('service', 'z\u00f6e')).toMatchObject({ error: { code: 'bad_header' } });
    expect(await as('service', 'auth0|5f7c')).toMatchObject({ ok: true });
    expect(await as('service', '')).toMatchObject({ error: { code: 'bad_header' } });
    expect(await as('service', "UTF-8''%C3")).toMatchObject({ error: { code: 'bad_header' } });
    expect(await as('service', 'x'.repeat(256))).toMatchObject({ error: { code: 'bad_header' } });
    expect(await as('user', 'bob')).toMatchObject({ error: { code: 'forbidden_scope' } });
    expect(await as('ops', 'bob')).toMatchObject({ error: { code: 'forbidden_scope' } });
  });

  it('SOCK1 has an end, unless the deployment takes tokens without', async () => {
    const { exp: _, ...endless } = CLAIMS;
    expect(await check(signed(endless))).toMatchObject({ ok: false, error: { code: 'token_no_expiry' } });
    expect(await check(signed(endless), { endless: true })).toEqual({
      ok: true,
      value: { user: 'alice', name: 'alice', scope: 'user' },
    });
  });

  it('does not run on a short secret', async () => {
    await expect(check(withToken('a.b.c'), { secret: 'short' })).rejects.toThrow('JWT_SECRET');
  });
});
