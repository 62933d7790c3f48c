// A route as data: what it takes, who may call it, and the function that answers. The app and the reference read the same.
import type * as v from 'valibot';
import type { Services } from '../edge/services.ts';
import type { Scope } from '../edge/token.ts';
import type { Caller, Verbs } from '../edge/verbs.ts';
import type { Problem } from '../protocol/problems.ts';
import type { QuerySchema } from '../protocol/wire.ts';
import type { Identity } from './middleware/auth.ts';

export type Schema = v.GenericSchema;

export type Call<Body, Query> = {
  readonly request: Request;
  /** Whose pages may connect, as configured. */
  readonly origins: string | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly query: Query;
  readonly caller: Caller;
  readonly identity: Identity;
  readonly verbs: Verbs;
  readonly services: Services;
  readonly trace: string;
};

/** A JSON body (none for 204), a refusal, or a response that is ready. */
export type Outcome = Problem | Response | { readonly t: 'done'; readonly body?: unknown; readonly status?: 202 };

export type Route<Body = unknown, Query = unknown> = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** With `:name` for parameters. */
  readonly path: string;
  readonly summary: string;
  /** `open`: no token is asked for. */
  readonly scopes: readonly Scope[] | 'open';
  /** Of a success. */
  readonly status: 101 | 200 | 201 | 202 | 204;
  /** Absent: the body must be empty or `{}`. */
  readonly body?: Schema;
  readonly bodyBytesMax?: number;
  readonly query?: QuerySchema;
  /** Whether it is refused while the disk is full; all but GET if not said. */
  readonly writes?: boolean;
  /** Takes an `Idempotency-Key`. */
  readonly keyed?: boolean;
  readonly handle: (call: Call<Body, Query>) => Promise<Outcome> | Outcome;
};

/** Ties the handler's types to the schemas. */
export function route<B extends Schema | undefined = undefined, Q extends QuerySchema | undefined = undefined>(
  given: Omit<Route, 'body' | 'query' | 'handle'> & {
    readonly body?: B;
    readonly query?: Q;
    readonly handle: (call: Call<OutputOf<B>, OutputOf<Q>>) => Promise<Outcome> | Outcome;
  },
): Route {
  // Schemas and handler agree by construction; the table of routes need not know on what.
  return given as unknown as Route;
}

type OutputOf<S> = S extends Schema ? v.InferOutput<S> : Readonly<Record<never, never>>;

export const done = (body?: unknown): Extract<Outcome, { readonly t: 'done' }> =>
  body === undefined ? { t: 'done' } : { t: 'done', body };
