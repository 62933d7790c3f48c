// Who is calling: a Bearer JWT, HS256 and nothing else, from the header or, on a socket, from a subprotocol.
import { verify } from 'hono/jwt';
import { err, ok, type Result } from '../../lib/result.ts';
import { BEARER_SUBPROTOCOL } from '../../protocol/frames.ts';
import { isUserId, type UserId } from '../../protocol/ids.ts';
import { type Problem, problem } from '../../protocol/problems.ts';

export const SCOPES = ['user', 'service', 'ops'] as const;
export type Scope = (typeof SCOPES)[number];

export type Identity = {
  readonly sub: UserId;
  readonly scope: Scope;
  /** The user for whom a service acts, from the header `x-vicinal-act-for`. */
  readonly actFor?: UserId;
};

export const ACT_FOR_HEADER = 'x-vicinal-act-for';
const SECRET_BYTES_MIN = 32;
const TOKEN_LENGTH_MAX = 8192;

/**
 * Checks the token of a request. Problems: `unauthorized` without one, then `token_*` by what is wrong with it, `bad_header`
 * and `forbidden_scope` for `x-vicinal-act-for`. @throws Error when the service has no usable secret.
 */
export async function authenticate(headers: Headers, secret: string, nowS: number): Promise<Result<Identity, Problem>> {
  const token = tokenOf(headers);
  if (!token.ok) return token;
  const claims = await claimsOf(token.value, secret);
  if (!claims.ok) return claims;
  const { sub, scope, exp, nbf } = claims.value;
  if (exp !== undefined && typeof exp !== 'number') return err(problem('token_claims', 'exp must be a number'));
  if (exp !== undefined && exp <= nowS) return err(problem('token_expired'));
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= nowS)) {
    return err(problem('token_claims', 'nbf lies in the future'));
  }
  if (typeof sub !== 'string' || !isUserId(sub)) return err(problem('token_claims', 'sub must be a user id'));
  if (!isScope(scope)) return err(problem('token_claims', `scope must be one of ${SCOPES.join(', ')}`));
  return withActFor({ sub, scope }, headers.get(ACT_FOR_HEADER));
}

function withActFor(identity: Identity, actFor: string | null): Result<Identity, Problem> {
  if (actFor === null) return ok(identity);
  if (identity.scope !== 'service') return err(problem('forbidden_scope', `${ACT_FOR_HEADER} needs the scope service`));
  if (!isUserId(actFor)) return err(problem('bad_header', `${ACT_FOR_HEADER} must be a user id`));
  return ok({ ...identity, actFor });
}

function tokenOf(headers: Headers): Result<string, Problem> {
  const header = headers.get('authorization');
  if (header !== null) {
    const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
    if (token === undefined) return err(problem('unauthorized', 'Authorization must be Bearer and a token'));
    return ok(token);
  }
  // Browsers cannot set headers on a socket.
  const offered = subprotocolsOf(headers).find((name) => name.startsWith(BEARER_SUBPROTOCOL));
  return offered === undefined ? err(problem('unauthorized')) : ok(offered.slice(BEARER_SUBPROTOCOL.length));
}

export function subprotocolsOf(headers: Headers): readonly string[] {
  const names = headers.get('sec-websocket-protocol') ?? '';
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

type Claims = Readonly<Record<string, unknown>>;

async function claimsOf(token: string, secret: string): Promise<Result<Claims, Problem>> {
  if (new TextEncoder().encode(secret ?? '').length < SECRET_BYTES_MIN) {
    throw new Error(`JWT_SECRET is missing or shorter than ${SECRET_BYTES_MIN} bytes`);
  }
  const parts = token.split('.');
  if (token.length > TOKEN_LENGTH_MAX || parts.length !== 3) return err(problem('token_malformed'));
  const header = jsonPart(parts[0]);
  if (header === undefined || jsonPart(parts[1]) === undefined) return err(problem('token_malformed'));
  // Before anything is believed: a token must not choose how it is checked.
  if (header['alg'] !== 'HS256') return err(problem('token_algorithm', 'alg must be HS256'));
  try {
    // Times are looked at afterwards, so that nobody learns of them from a token that we did not sign.
    return ok(await verify(token, secret, { alg: 'HS256', exp: false, nbf: false, iat: false }));
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    return err(problem(name === 'JwtTokenSignatureMismatched' ? 'token_signature' : 'token_malformed'));
  }
}

function jsonPart(part: string | undefined): Claims | undefined {
  try {
    const bytes = Uint8Array.from(atob((part ?? '').replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}

function isScope(scope: unknown): scope is Scope {
  return SCOPES.some((known) => known === scope);
}
