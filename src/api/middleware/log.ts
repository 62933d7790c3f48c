// One line for each request: what was called and how it went, never where anybody is, what they said or who they are.
import type { MiddlewareHandler } from 'hono';
import { jsonLog, pseudonymOf } from '../../ops/log.ts';
import type { AppEnv } from '../context.ts';

export const log: MiddlewareHandler<AppEnv> = async (c, next) => {
  const startedMs = Date.now();
  await next();
  const user = c.get('user');
  const { status } = c.res;
  // A refusal under pressure is no fault, and there may be many.
  const level = status >= 500 && c.get('code') !== 'busy' ? 'error' : 'info';
  jsonLog(c.env.LOG_LEVEL)(level, 'request', {
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
