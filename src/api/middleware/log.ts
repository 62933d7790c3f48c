// One line for each request: what was called and how it went, never where anybody is, what they said or who they are.
import type { MiddlewareHandler } from 'hono';
import { jsonLog, pseudonymOf } from '../../ops/log.ts';
import type { AppEnv } from '../context.ts';

export const log: MiddlewareHandler<AppEnv> = async (c, next) => {
  const startedMs = Date.now();
  await next();
  const user = c.get('user');
  const { status } = c.res;
  jsonLog(c.env.LOG_LEVEL)(status >= 500 ? 'error' : 'info', 'request', {
    method: c.req.method,
    // The pattern: a path has ids in it, a query points.
    route: c.get('route') ?? 'none',
    status,
    code: c.get('code'),
    ms: Date.now() - startedMs,
    user: user === undefined ? undefined : await pseudonymOf(user, c.env.JWT_SECRET),
    trace: c.get('trace'),
  });
};
