// HTTP calls: token, JSON, problem documents, and retries where they are safe.
import { backOffMs, pause, retryAfterMs } from './back-off.ts';
import type { Fetch, Platform } from './platform.ts';
import { errorOfResponse, networkError, VicinalError } from './vicinal-error.ts';

export type Token = string | (() => string | Promise<string>);

export type Call = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Time that the service itself may take before it answers, on top of the usual. */
  readonly waitMs?: number;
  /** Whether sending it twice does what sending it once does. Default: yes, as for every verb of the service that has an id or a key. */
  readonly repeatable?: boolean;
  /** Tries after the first; default 6: about twelve seconds. */
  readonly retriesMax?: number;
  readonly signal?: AbortSignal | undefined;
};

export type Transport = {
  /** The parsed body of a 2xx response, undefined when it is empty. Throws VicinalError. */
  readonly send: (call: Call) => Promise<unknown>;
  readonly token: () => Promise<string>;
  /** Has the next call ask for a new token, if there is a function to ask. */
  readonly forgetToken: () => void;
  /** There is a function to ask: a token that was refused may be followed by a better one. */
  readonly renewable: boolean;
};

const TIMEOUT_MS = 30_000;
const RETRIES_MAX = 6;
/** A call that timed out counts as so many failed tries. */
const TIMEOUT_WEIGHT = 3;

export function transport(url: string, given: Token, { fetch, random }: Pick<Platform, 'fetch' | 'random'>): Transport {
  const base = url.replace(/\/+$/, '');
  let held: Promise<string> | undefined;
  const token = (): Promise<string> => {
    if (typeof given === 'string') return Promise.resolve(given);
    held ??= Promise.resolve(given());
    // A failure to get a token must not be remembered as the token.
    held.catch(() => forgetToken());
    return held;
  };
  const forgetToken = (): void => {
    held = undefined;
  };

  const send = async (call: Call): Promise<unknown> => {
    let renewed = false;
    for (let failures = 0; ; ) {
      try {
        return await sendOnce(fetch, base, call, await token());
      } catch (error) {
        if (!(error instanceof VicinalError)) throw error;
        if (error.status === 401 && !renewed && typeof given !== 'string') {
          renewed = true;
          forgetToken();
          continue;
        }
        if (call.signal?.aborted === true) throw error;
        if (!mayRetry(call, error) || failures >= (call.retriesMax ?? RETRIES_MAX)) throw error;
        const asked = error.retryAfterS === undefined ? 0 : retryAfterMs(error.retryAfterS, random);
        await pause(Math.max(asked, backOffMs(failures, random)), call.signal);
        // A service that did not answer in time is behind, and works on what was given up: it gets less of it again.
        failures += error.code === 'timeout' ? TIMEOUT_WEIGHT : 1;
      }
    }
  };
  return { send, token, forgetToken, renewable: typeof given !== 'string' };
}

/** 503, and 429 that says when to come again, say that nothing was done; a bound that is reached is not passed by waiting a moment. After any other failure on the way only a repeatable call may go again. */
function mayRetry(call: Call, error: VicinalError): boolean {
  if (error.status === 429) return error.retryAfterS !== undefined;
  if (error.status === 503) return true;
  return error.transient && call.repeatable !== false;
}

async function sendOnce(fetch: Fetch, base: string, call: Call, token: string): Promise<unknown> {
  const abort = new AbortController();
  const onAbort = (): void => abort.abort();
  call.signal?.addEventListener('abort', onAbort);
  if (call.signal?.aborted === true) abort.abort();
  let late = false;
  const timer = setTimeout(
    () => {
      late = true;
      abort.abort();
    },
    TIMEOUT_MS + (call.waitMs ?? 0),
  );
  try {
    const reply = await fetch(`${base}${call.path}${queryOf(call.query)}`, {
      method: call.method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: abort.signal,
    });
    const text = await reply.text();
    if (reply.status < 200 || reply.status >= 300) throw errorOfResponse(reply, text);
    return bodyOf(text, reply.status);
  } catch (error) {
    if (error instanceof VicinalError) throw error;
    if (late) throw new VicinalError({ code: 'timeout', status: 0, detail: `no answer in time: ${call.path}` });
    if (call.signal?.aborted === true) throw new VicinalError({ code: 'closed', status: 0 });
    throw networkError(error);
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', onAbort);
  }
}

function bodyOf(text: string, status: number): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new VicinalError({ code: 'bad_response', status, detail: 'the response is not JSON' });
  }
}

function queryOf(query: Call['query'] = {}): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
