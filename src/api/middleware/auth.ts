// Who is calling: a Bearer JWT, HS256 and nothing else, from the header or, on a socket, from a subprotocol.

import { userIdOf } from '../../edge/digest.ts';
import { type Bearer, bearerOf, type TokenRules } from '../../edge/token.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { BEARER_SUBPROTOCOL } from '../../protocol/frames.ts';
import { isSubject, type UserId } from '../../protocol/ids.ts';
import { type Problem, problem } from '../../protocol/problems.ts';

export type Identity = Bearer & {
  /** The user for whom a service acts, from the header `x-vicinal-act-for`. */
  readonly actFor?: UserId;
};

export const ACT_FOR_HEADER = 'x-vicinal-act-for';

/**
 * Checks the token of a request. Problems: `unauthorized` without one, then `token_*` by what is wrong with it, `bad_header`
 * and `forbidden_scope` for `x-vicinal-act-for`. @throws Error when the service has no usable secret.
 */
export async function authenticate(
  headers: Headers,
  nowS: number,
  rules: TokenRules,
): Promise<Result<Identity, Problem>> {
  const token = tokenOf(headers);
  if (!token.ok) return token;
  const bearer = await bearerOf(token.value, nowS, rules);
  return bearer.ok ? withActFor(bearer.value, headers.get(ACT_FOR_HEADER)) : bearer;
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
