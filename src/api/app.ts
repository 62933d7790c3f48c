// The HTTP interface: a table of routes, each run through the same checks.
import { type Context, Hono } from 'hono';
import { diskProblem } from '../edge/disk.ts';
import { MapAwayError } from '../edge/map-cache.ts';
import { servicesOf } from '../edge/services.ts';
import { LEEWAY_S, tokenRules } from '../edge/token.ts';
import type { Caller } from '../edge/verbs.ts';
import { errorFields, jsonLog } from '../ops/log.ts';
import { KEY } from '../protocol/frames.ts';
import { BODY_BYTES_MAX } from '../protocol/limits.ts';
import { parseBody, parseQuery } from '../protocol/parse.ts';
import { busy, isProblem, type Problem, problem } from '../protocol/problems.ts';
import { emptyQuerySchema, emptySchema } from '../protocol/wire.ts';
import type { AppEnv } from './context.ts';
import { authenticate, type Identity } from './middleware/auth.ts';
import { readJson } from './middleware/body.ts';
import { cors } from './middleware/cors.ts';
import { log } from './middleware/log.ts';
import { problemResponse } from './middleware/problems.ts';
import { trace } from './middleware/trace.ts';
import type { Outcome, Route } from './route.ts';
import { ROUTES } from './routes/table.ts';

type Ctx = Context<AppEnv>;

export function createApp(routes: readonly Route[] = ROUTES): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(trace, log, cors);
  for (const each of routes) {
    app.on(each.method, each.path, async (c) => {
      c.set('route', each.path);
      return respond(c, each, await run(c, each));
    });
  }
  // What is left of a known path is a method that it does not take.
  for (const path of new Set(routes.map((each) => each.path))) {
    const allow = routes.filter((each) => each.path === path).map(({ method }) => method);
    app.all(path, (c) => {
      c.set('route', path);
      return refuse(c, problem('method_not_allowed', `${path} takes ${allow.join(', ')}`), { allow: allow.join(', ') });
    });
  }
  const paths = [...new Set(routes.map(({ path }) => path.replaceAll(/:(\w+)/g, '{$1}')))].join(', ');
  app.notFound((c) => refuse(c, problem('not_found', `the paths are ${paths}`)));
  app.onError((error, c) => {
    const where = { trace: c.get('trace'), route: c.get('route') };
    if (error instanceof MapAwayError) {
      jsonLog(c.env.LOG_LEVEL)('error', 'd1.away', { ...where, ...errorFields(error.cause) });
      return refuse(c, busy('the cell map cannot be read for the moment'));
    }
    jsonLog(c.env.LOG_LEVEL)('error', 'fault', { ...where, ...errorFields(error) });
    return refuse(c, problem('internal'));
  });
  return app;
}

/** The checks in the order of their cost, then the handler. */
async function run(c: Ctx, each: Route): Promise<Outcome> {
  const identity = await identityOf(c, each);
  if (isProblem(identity)) return identity;
  const query = parseQuery(each.query ?? emptyQuerySchema, c.req.query(), isRisky(each));
  if (!query.ok) return query.error;
  const body = await bodyOf(c, each);
  if (isProblem(body)) return body;
  const full = (each.writes ?? each.method !== 'GET') ? diskProblem(Date.now()) : undefined;
  if (full !== undefined) return full;
  const services = servicesOf(c.env);
  const caller: Caller = {
    user: identity.actFor ?? identity.user,
    anybody: identity.scope === 'service' && identity.actFor === undefined,
    trace: c.get('trace'),
  };
  return each.handle({
    request: c.req.raw,
    origins: c.env.CORS_ORIGINS,
    params: c.req.param(),
    body: body.value,
    query: query.value,
    caller,
    identity,
    verbs: services.verbs,
    services,
    trace: c.get('trace'),
  });
}

/** Where a parameter decides what is done to a city, one with a wrong name must not do something else. */
const isRisky = ({ method, scopes }: Route): boolean =>
  method !== 'GET' && scopes !== 'open' && !scopes.includes('user');

/** Nobody, for an open route. */
const NOBODY = { user: '', name: '', scope: 'user' } as unknown as Identity;

async function identityOf(c: Ctx, { scopes }: Route): Promise<Identity | Problem> {
  if (scopes === 'open') return NOBODY;
  const rules = tokenRules(c.env, LEEWAY_S);
  const checked = await authenticate(c.req.raw.headers, Math.floor(Date.now() / 1000), rules);
  if (!checked.ok) return checked.error;
  const { scope, user, actFor } = checked.value;
  c.set('user', actFor ?? user);
  if (!scopes.includes(scope)) return problem('forbidden_scope', `this needs the scope ${scopes.join(' or ')}`);
  return checked.value;
}

async function bodyOf(c: Ctx, each: Route): Promise<{ readonly value: unknown } | Problem> {
  if (each.method === 'GET' || each.method === 'DELETE') return { value: {} };
  const read = await readJson(c.req.raw, each.bodyBytesMax ?? BODY_BYTES_MAX);
  if (!read.ok) return read.error;
  if (read.value === undefined && each.body !== undefined) return problem('bad_json', 'the body is empty');
  const body = parseBody(each.body ?? emptySchema, read.value ?? {});
  if (!body.ok) return body.error;
  if (each.keyed !== true) return body;
  const key = c.req.header('idempotency-key');
  if (key === undefined) return body;
  const bare = unquoted(key);
  if (!KEY.test(bare)) return problem('bad_header', 'Idempotency-Key must be 1 to 255 printable ASCII characters');
  return { value: { ...(body.value as object), key: bare } };
}

/** A structured header (RFC 9651) has its string in quotes, with quotes and backslashes escaped: both forms are one key. */
function unquoted(header: string): string {
  return /^"(?:[^"\\]|\\["\\])*"$/.test(header) ? header.slice(1, -1).replace(/\\(["\\])/g, '$1') : header;
}

function respond(c: Ctx, { status }: Route, outcome: Outcome): Response {
  if (outcome instanceof Response) return outcome;
  if (isProblem(outcome)) return refuse(c, outcome);
  const headers = { 'cache-control': 'no-store' };
  if (outcome.body === undefined) return new Response(null, { status, headers });
  return new Response(JSON.stringify(outcome.body), {
    status: outcome.status ?? status,
    headers: { ...headers, 'content-type': 'application/json' },
  });
}

function refuse(c: Ctx, refused: Problem, headers?: Readonly<Record<string, string>>): Response {
  c.set('code', refused.code);
  return problemResponse(refused, c.get('trace'), headers);
}
