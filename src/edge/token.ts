// A JWT and what it says: HS256 and nothing else. For the edge, and for cells whose sockets get a new one.
import { verify } from 'hono/jwt';
import { type EpochMs, epochMs } from '../lib/brand.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { isSubject, type UserId } from '../protocol/ids.ts';
import { type Problem, problem } from '../protocol/problems.ts';
import { userIdOf } from './digest.ts';

export const SCOPES = ['user', 'service', 'ops'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who a token is for. */
export type Bearer = {
  readonly user: UserId;
  /** The `sub` of the token, for people to read: the audit names it. */
  readonly name: string;
  readonly scope: Scope;
  /** In seconds since 1970; absent where tokens need not end. */
  readonly exp?: number;
};

export type TokenRules = {
  readonly secret: string;
  /** Tokens without `exp` are taken. */
  readonly endless: boolean;
  /** Clocks of issuers may differ from ours by as much. */
  readonly leewayS: number;
};

/** Of a request; a socket, which lives on, has none. */
export const LEEWAY_S = 60;
/** In ms since 1970, whatever an issuer takes for the end of time. */
export const timeOf = (exp: number): EpochMs => epochMs(Math.min(exp * 1000, LAST_MS));
const LAST_MS = 8_640_000_000_000_000;

type TokenEnv = { readonly JWT_SECRET: string; readonly TOKENS_WITHOUT_EXP?: string };

/** What a deployment takes. */
export const tokenRules = ({ JWT_SECRET, TOKENS_WITHOUT_EXP }: TokenEnv, leewayS: number): TokenRules => ({
  secret: JWT_SECRET,
  endless: TOKENS_WITHOUT_EXP === 'yes',
  leewayS,
});

const SECRET_BYTES_MIN = 32;
const TOKEN_LENGTH_MAX = 8192;
/** RFC 9068 gives access tokens a type of their own. */
const TYPES = ['JWT', 'at+jwt'];

/** Problems: `token_*` by what is wrong with it. @throws Error when the service has no usable secret. */
export async function bearerOf(
  token: string,
  nowS: number,
  { secret, endless, leewayS }: TokenRules,
): Promise<Result<Bearer, Problem>> {
  const claims = await claimsOf(token, secret);
  if (!claims.ok) return claims;
  const untimely = timesProblem(claims.value, nowS, leewayS);
  if (untimely !== undefined) return err(untimely);
  const { sub, exp } = claims.value;
  if (exp === undefined && !endless) return err(problem('token_no_expiry'));
  if (typeof sub !== 'string' || !isSubject(sub)) return err(problem('token_subject'));
  const scope = scopeOf(claims.value['scope']);
  if (scope === undefined) return err(problem('token_scope', `scope must name one of ${SCOPES.join(', ')}`));
  const times = typeof exp === 'number' ? { exp } : {};
  return ok({ user: await userIdOf(sub), name: readable(sub), scope, ...times });
}

function timesProblem({ exp, nbf, iat }: Claims, nowS: number, leewayS: number): Problem | undefined {
  for (const [name, time] of Object.entries({ exp, nbf, iat })) {
    if (time !== undefined && !(typeof time === 'number' && Number.isFinite(time))) {
      return problem('token_claims', `${name} must be a number: seconds since 1970`);
    }
  }
  if (Number(exp ?? Number.POSITIVE_INFINITY) + leewayS <= nowS) return problem('token_expired');
  for (const [name, time] of Object.entries({ nbf, iat })) {
    if (Number(time ?? nowS) > nowS + LEEWAY_S) return problem('token_not_yet_valid', `${name} lies in the future`);
  }
  return undefined;
}

/** What would disturb a terminal or hide in a line is not repeated. */
const readable = (sub: string): string => sub.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');

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
  const typ = 'typ' in header ? { typ: TYPES } : {};
  try {
    // Times are looked at afterwards, so that nobody learns of them from a token that we did not sign, and with a leeway.
    return ok(await verify(token, secret, { alg: 'HS256', exp: false, nbf: false, iat: false, ...typ }));
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

/** Issuers list scopes with spaces between (RFC 8693): exactly one of ours counts, those of others are theirs. */
function scopeOf(claim: unknown): Scope | undefined {
  if (typeof claim !== 'string') return undefined;
  const named = claim.split(' ');
  const ours = SCOPES.filter((scope) => named.includes(scope));
  return ours.length === 1 ? ours[0] : undefined;
}
