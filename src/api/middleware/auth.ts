// Who is calling: a Bearer JWT, HS256 and nothing else, from the header or, on a socket, from a subprotocol.
import { verify } from 'hono/jwt';
import { err, ok, type Result } from '../../lib/result.ts';
import { userIdOf } from '../../object/digest.ts';
import { BEARER_SUBPROTOCOL } from '../../protocol/frames.ts';
import { isSubject, type UserId } from '../../protocol/ids.ts';
import { type Problem, problem } from '../../protocol/problems.ts';

export const SCOPES = ['user', 'service', 'ops'] as const;
export type Scope = (typeof SCOPES)[number];

export type Identity = {
  readonly user: UserId;
  /** The `sub` of the token, for people to read: the audit names it. */
  readonly name: string;
  readonly scope: Scope;
  /** The user for whom a service acts, from the header `x-vicinal-act-for`. */
  readonly actFor?: UserId;
};

export const ACT_FOR_HEADER = 'x-vicinal-act-for';
const SECRET_BYTES_MIN = 32;
const TOKEN_LENGTH_MAX = 8192;
/** Clocks of issuers differ from ours by as much. */
const LEEWAY_S = 60;
/** RFC 9068 gives access tokens a type of their own. */
const TYPES = ['JWT', 'at+jwt'];

/**
 * Checks the token of a request. Problems: `unauthorized` without one, then `token_*` by what is wrong with it, `bad_header`
 * and `forbidden_scope` for `x-vicinal-act-for`. @throws Error when the service has no usable secret.
 */
export async function authenticate(headers: Headers, secret: string, nowS: number): Promise<Result<Identity, Problem>> {
  const token = tokenOf(headers);
  if (!token.ok) return token;
  const claims = await claimsOf(token.value, secret);
  if (!claims.ok) return claims;
  const untimely = timesProblem(claims.value, nowS);
  if (untimely !== undefined) return err(untimely);
  const { sub } = claims.value;
  if (typeof sub !== 'string' || !isSubject(sub)) return err(problem('token_subject'));
  const scope = scopeOf(claims.value.scope);
  if (scope === undefined) return err(problem('token_scope', `scope must name one of ${SCOPES.join(', ')}`));
  return withActFor({ user: await userIdOf(sub), name: readable(sub), scope }, headers.get(ACT_FOR_HEADER));
}

function timesProblem({ exp, nbf, iat }: Claims, nowS: number): Problem | undefined {
  for (const [name, time] of Object.entries({ exp, nbf, iat })) {
    if (time !== undefined && !(typeof time === 'number' && Number.isFinite(time))) {
      return problem('token_claims', `${name} must be a number: seconds since 1970`);
    }
  }
  if (Number(exp ?? Number.POSITIVE_INFINITY) + LEEWAY_S <= nowS) return problem('token_expired');
  for (const [name, time] of Object.entries({ nbf, iat })) {
    if (Number(time ?? nowS) > nowS + LEEWAY_S) return problem('token_not_yet_valid', `${name} lies in the future`);
  }
  return undefined;
}

async function withActFor(identity: Identity, header: string | null): Promise<Result<Identity, Problem>> {
  if (header === null) return ok(identity);
  if (identity.scope !== 'service') return err(problem('forbidden_scope', `${ACT_FOR_HEADER} needs the scope service`));
  const subject = subjectIn(header);
  if (subject === undefined || !isSubject(subject)) {
    return err(
      problem(
        'bad_header',
        `${ACT_FOR_HEADER} must be a user id of 1 to 255 characters; see RFC 8187 for those beyond ASCII`,
      ),
    );
  }
  return ok({ ...identity, actFor: await userIdOf(subject) });
}

/**
 * A subject beyond ASCII, or with blanks at its ends, comes as RFC 8187 writes it: `UTF-8''z%C3%B6e`. As it is, what one server
 * takes for two people another takes for one.
 */
function subjectIn(header: string): string | undefined {
  const encoded = /^utf-8'[^']*'(.*)$/i.exec(header)?.[1];
  if (encoded === undefined) return /^[\x20-\x7e]*$/.test(header) ? header : undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** What would disturb a terminal or hide in a line is not repeated. */
const readable = (sub: string): string => sub.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');

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
