// Every failure that the client reports: the service's own refusals by their stable code, and what went wrong on the way.
import type { FieldError, ProblemCode } from '../protocol/problems.ts';
import type { FetchReply } from './platform.ts';

/** `socket_unavailable`: no WebSocket, or none gets through: the connection polls. `network`: no answer; `timeout`: none in time; `closed`: the connection was closed here; `bad_response`: not ours. */
export type FailureCode = ProblemCode | 'socket_unavailable' | 'network' | 'timeout' | 'closed' | 'bad_response';

type Details = {
  readonly code: FailureCode | (string & {});
  /** HTTP status; 0 when there was no response. */
  readonly status: number;
  readonly detail?: string | undefined;
  readonly retryAfterS?: number | undefined;
  readonly errors?: readonly FieldError[] | undefined;
  readonly traceId?: string | undefined;
  readonly cause?: unknown;
};

export class VicinalError extends Error {
  override readonly name = 'VicinalError';
  /** A code of the service (see /docs), or of `FailureCode`; newer services may know more. */
  readonly code: Details['code'];
  readonly status: number;
  readonly detail: string | undefined;
  readonly retryAfterS: number | undefined;
  /** The fields that a validation refused. */
  readonly errors: readonly FieldError[];
  readonly traceId: string | undefined;

  constructor({ code, status, detail, retryAfterS, errors, traceId, cause }: Details) {
    super(detail === undefined ? code : `${code}: ${detail}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.retryAfterS = retryAfterS;
    this.errors = errors ?? [];
    this.traceId = traceId;
  }

  /** True when the same call may well succeed later: nothing is wrong with it. */
  get transient(): boolean {
    return this.status === 0 ? this.code === 'network' || this.code === 'timeout' : TRANSIENT.has(this.status);
  }
}

const TRANSIENT: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** The error that a response with an error status stands for, whatever its body is. */
export function errorOfResponse(response: FetchReply, text: string): VicinalError {
  const body = recordOf(parsed(text));
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return errorOfProblem(body, response.status, Number.isFinite(retryAfter) ? retryAfter : undefined);
}

/** The error that a problem document stands for, as the body of a response or in an `error` frame. */
export function errorOfProblem(
  body: Readonly<Record<string, unknown>>,
  status: number,
  retryAfterS?: number,
): VicinalError {
  const text = (field: string): string | undefined => {
    const value = body[field];
    return typeof value === 'string' ? value : undefined;
  };
  const said = body['retryAfterS'];
  return new VicinalError({
    code: text('code') ?? 'bad_response',
    status,
    detail: text('detail') ?? text('title') ?? (text('code') === undefined ? `HTTP status ${status}` : undefined),
    retryAfterS: retryAfterS ?? (typeof said === 'number' ? said : undefined),
    errors: Array.isArray(body['errors']) ? (body['errors'] as readonly FieldError[]) : undefined,
    traceId: text('traceId') ?? text('trace'),
  });
}

export function networkError(cause: unknown): VicinalError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new VicinalError({ code: 'network', status: 0, detail, cause });
}

export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
