// A small HTTP client for commands and tests: JSON in, JSON out, problems as values or as one clear error.
export interface ApiRequest {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Ends the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when the response says that it is JSON (`undefined` when empty), else the text. */
  readonly body: unknown;
}

/** The service answered with an error status: its `code` is the stable one of the problem document. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string | undefined;
  readonly body: unknown;

  constructor(request: string, { status, body }: ApiResponse) {
    const problem = problemOf(body);
    super([`${request}: ${status}`, problem.code, problem.detail].filter((part) => part !== undefined).join(' '));
    this.status = status;
    this.code = problem.code;
    this.body = body;
  }
}

/** There was no answer: nobody listens, the connection broke, or the time was up. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

const TIMEOUT_MS = 30_000;

/** Any status is a result. Throws UnreachableError when the service cannot be reached or the time is up. */
export async function callApi(baseUrl: string, path: string, request: ApiRequest = {}): Promise<ApiResponse> {
  const { method = 'GET', body, token, headers = {}, timeoutMs = TIMEOUT_MS, signal } = request;
  const url = new URL(path, baseUrl);
  const init: RequestInit = {
    method,
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
  try {
    const response = await fetch(url, init);
    return { status: response.status, headers: response.headers, body: await bodyOf(response) };
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw new UnreachableError(`${method} ${url.href}: ${reasonOf(error, timeoutMs)}`);
  }
}

/** The body of a 2xx answer; any other status throws ApiError. */
export async function expectApi(baseUrl: string, path: string, request: ApiRequest = {}): Promise<unknown> {
  const response = await callApi(baseUrl, path, request);
  if (response.status >= 200 && response.status < 300) return response.body;
  throw new ApiError(`${request.method ?? 'GET'} ${path}`, response);
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  if (!/[/+]json\b/.test(type) || type.includes('ndjson')) return text;
  return text === '' ? undefined : JSON.parse(text);
}

function problemOf(body: unknown): { readonly code: string | undefined; readonly detail: string | undefined } {
  if (typeof body !== 'object' || body === null) return { code: undefined, detail: undefined };
  const text = (field: string): string | undefined => {
    const value = (body as Readonly<Record<string, unknown>>)[field];
    return typeof value === 'string' ? value : undefined;
  };
  return { code: text('code'), detail: text('detail') ?? text('title') };
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  const cause: unknown = error.cause;
  if (cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED')
    return 'nothing listens there; is the service running?';
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
