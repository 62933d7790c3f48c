// Browsers of other origins: which of them may call, what they may send and what they may read (CORS). Cookies are never
// taken and tokens are, so that by default every origin may: a page can only use a token that it was given.
import type { MiddlewareHandler } from 'hono';
import { cors as corsOf } from 'hono/cors';
import { type Problem, problem } from '../../protocol/problems.ts';
import type { AppEnv } from '../context.ts';
import { ACT_FOR_HEADER } from './auth.ts';

const ANY = '*';
/** Browsers remember a preflight for as long as they like, and no longer than this. */
const PREFLIGHT_S = 86_400;
const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE'];
/** Ours, those of tracing, and what libraries add by themselves. */
const REQUEST_HEADERS = [
  'authorization',
  'content-type',
  'idempotency-key',
  ACT_FOR_HEADER,
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
  'x-requested-with',
];
const RESPONSE_HEADERS = ['x-trace-id', 'traceparent', 'retry-after', 'location', 'allow', 'www-authenticate', 'date'];

const answer = corsOf({
  origin: (origin, c) => allowedBy((c.env as AppEnv['Bindings']).CORS_ORIGINS, origin),
  allowMethods: METHODS,
  allowHeaders: REQUEST_HEADERS,
  exposeHeaders: RESPONSE_HEADERS,
  maxAge: PREFLIGHT_S,
});

export const cors: MiddlewareHandler<AppEnv> = (c, next) =>
  // The answer to a handshake cannot be copied, and CORS says nothing about sockets: `originProblem` does.
  isHandshake(c.req.raw.headers) ? next() : answer(c, next);

/** Why a page may not open a socket from where it is: browsers name their origin, and nobody else does. */
export function originProblem(request: Request, origins: string | undefined): Problem | undefined {
  const origin = request.headers.get('origin');
  if (origin === null || isOwn(origin, request) || allowedBy(origins, origin) !== null) return undefined;
  return problem('forbidden_origin', 'pages of this origin may not connect');
}

/** What `Access-Control-Allow-Origin` says to an origin. @param origins a list with commas, `*` for all; absent: all. */
function allowedBy(origins: string | undefined, origin: string): string | null {
  const listed = (origins ?? ANY).split(',').map((one) => one.trim().toLowerCase().replace(/\/$/, ''));
  if (listed.includes(ANY)) return ANY;
  return origin !== '' && listed.includes(origin.toLowerCase()) ? origin : null;
}

/** A page that this service served itself; before it may be a proxy that speaks TLS. */
function isOwn(origin: string, request: Request): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(request.url).host;
}

function isHandshake(headers: Headers): boolean {
  return headers.get('upgrade')?.toLowerCase() === 'websocket';
}
