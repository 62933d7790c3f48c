// W3C trace context: the caller's trace goes on, or a new one begins; every response names it.
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '../context.ts';

export const trace: MiddlewareHandler<AppEnv> = async (c, next) => {
  const id = traceIdOf(c.req.header('traceparent')) ?? randomHex(16);
  c.set('trace', id);
  await next();
  // The handshake of a socket cannot be copied, and nobody reads its headers.
  if (c.res.status === 101) return;
  c.header('traceparent', `00-${id}-${randomHex(8)}-01`);
  c.header('x-trace-id', id);
};

/** The trace id of a `traceparent` header; `undefined` for one that does not follow the recommendation. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  const parts = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$/.exec(traceparent?.trim() ?? '');
  const [, id, parent] = parts ?? [];
  return id === undefined || /^0+$/.test(id) || /^0+$/.test(parent ?? '0') ? undefined : id;
}

function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
}
