// Signs the tokens that the local service accepts: HS256, with the secret of its data directory.
import { sign } from 'hono/jwt';

export const SCOPES = ['user', 'service', 'ops'] as const;
export type Scope = (typeof SCOPES)[number];

export interface TokenRequest {
  /** The user id that the token speaks for. */
  readonly sub: string;
  readonly scope: Scope;
  readonly secret: string;
  /** How long it is good for; an hour if not said. */
  readonly ttlS?: number;
}

export const DEFAULT_TTL_S = 3600;

/** A JWT with the claims `sub`, `scope`, `iat` and `exp`. */
export function signToken({ sub, scope, secret, ttlS = DEFAULT_TTL_S }: TokenRequest): Promise<string> {
  const issuedAtS = Math.floor(Date.now() / 1000);
  return sign({ sub, scope, iat: issuedAtS, exp: issuedAtS + ttlS }, secret, 'HS256');
}
