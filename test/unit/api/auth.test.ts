// Tokens: each way to be wrong has its code, and only HS256 with our secret is right.
import { sign } from 'hono/jwt';
import { describe, expect, it } from 'vitest';
import { authenticate } from '../../../src/api/middleware/auth.ts';

const SECRET = 'a-secret-of-more-than-thirty-two-characters';
const NOW_S = 1_800_000_000;
const CLAIMS = { sub: 'alice', scope: 'user', exp: NOW_S + 60 };

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const withToken = (token: string): Headers => new Headers({ authorization: `Bearer ${token}` });
const check = (headers: Headers) => authenticate(headers, SECRET, NOW_S);

describe('EDGE3: authenticate', () => {
  it.each(['user', 'service', 'ops'])('knows the scope %s', async (scope) => {
    const token = await sign({ ...CLAIMS, scope }, SECRET, 'HS256');
    expect(await check(withToken(token))).toEqual({ ok: true, value: { sub: 'alice', scope } });
  });

  it('takes the token of a socket from its subprotocols', async () => {
    const token = await sign(CLAIMS, SECRET, 'HS256');
    const headers = new Headers({ 'sec-websocket-protocol': `vicinal.v1, bearer.${token}` });
    expect(await check(headers)).toMatchObject({ ok: true, value: { sub: 'alice' } });
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
      async () => withToken(await sign({ ...CLAIMS, exp: NOW_S }, SECRET, 'HS256')),
      'token_expired',
    ],
    [
      'an end in the past and another secret',
      async () => withToken(await sign({ ...CLAIMS, exp: 1 }, `${SECRET}!`, 'HS256')),
      'token_signature',
    ],
    [
      'a beginning in the future',
      async () => withToken(await sign({ ...CLAIMS, nbf: NOW_S + 60 }, SECRET, 'HS256')),
      'token_claims',
    ],
    ['no sub', async () => withToken(await sign({ scope: 'user' }, SECRET, 'HS256')), 'token_claims'],
    [
      'a sub that is no user id',
      async () => withToken(await sign({ ...CLAIMS, sub: 'a b' }, SECRET, 'HS256')),
      'token_claims',
    ],
    [
      'an unknown scope',
      async () => withToken(await sign({ ...CLAIMS, scope: 'root' }, SECRET, 'HS256')),
      'token_claims',
    ],
  ] as const)('refuses %s', async (_name, headers, code) => {
    expect(await check(await headers())).toMatchObject({ ok: false, error: { code } });
  });

  it('lets a service act for a user, and nobody else', async () => {
    const as = async (scope: string, actFor: string) => {
      const headers = withToken(await sign({ ...CLAIMS, scope }, SECRET, 'HS256'));
      headers.set('x-vicinal-act-for', actFor);
      return check(headers);
    };
    expect(await as('service', 'bob')).toEqual({ ok: true, value: { sub: 'alice', scope: 'service', actFor: 'bob' } });
    expect(await as('service', 'no body')).toMatchObject({ error: { code: 'bad_header' } });
    expect(await as('user', 'bob')).toMatchObject({ error: { code: 'forbidden_scope' } });
    expect(await as('ops', 'bob')).toMatchObject({ error: { code: 'forbidden_scope' } });
  });

  it('does not run on a short secret', async () => {
    await expect(authenticate(withToken('a.b.c'), 'short', NOW_S)).rejects.toThrow('JWT_SECRET');
  });
});
