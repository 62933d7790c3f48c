// One real service for a test file: on a directory of its own, on a free port, gone when the file has run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, onTestFailed } from 'vitest';
import { type ClientOptions, VicinalClient } from '../../../src/client/client.ts';
import { type ApiRequest, callApi } from '../../../tools/support/http.ts';
import { type Service, type ServiceOptions, startService } from '../../../tools/support/service.ts';
import { type Scope, signToken } from '../../../tools/support/token.ts';

type Method = NonNullable<ApiRequest['method']>;

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface TestService {
  /** The running one; another after `crash`. */
  readonly service: () => Service;
  readonly url: () => string;
  /** A token of an hour; `scope` is `user` if not said. */
  readonly tokenFor: (sub: string, scope?: Scope) => Promise<string>;
  /** The client library in the hands of this user. */
  readonly clientOf: (sub: string, more?: Omit<ClientOptions, 'url' | 'token'>) => VicinalClient;
  /** Any status is a result. `Body` is what the test expects, not what was checked. */
  readonly api: <Body = unknown>(
    method: Method,
    path: string,
    body?: unknown,
    token?: string,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer<Body>>;
  /** What the worker has logged so far, a line each, over crashes. */
  readonly logs: () => readonly string[];
  /**
   * SIGKILL, and a start on the same data and the same port so much later: whoever was connected finds the way back. `meanwhile` may do
   * with the data what disks do.
   */
  readonly crash: (downMs: number, meanwhile?: (dataDir: string) => void) => Promise<void>;
}

const LOG_TAIL_LINES = 40;

type Options = Pick<ServiceOptions, 'vars'> & {
  /** Puts something into the data directory before the first start. */
  readonly prepare?: (dataDir: string) => void;
};

/** To be called once at the top of a test file, or of a group in it: it registers the hooks. */
export function useService({ prepare, ...options }: Options = {}): TestService {
  let dataDir = '';
  const logs: string[] = [];
  let running: Service | undefined;

  const start = async (port: number): Promise<void> => {
    running = await startService({ ...options, dataDir, port, onLog: (line) => void logs.push(line) });
  };
  const service = (): Service => {
    if (running === undefined) throw new Error('the service runs from beforeAll on');
    return running;
  };
  beforeAll(() => {
    dataDir = temporaryDir();
    prepare?.(dataDir);
    return start(0);
  });
  afterAll(async () => {
    await running?.stop();
    if (dataDir !== '') rmSync(dataDir, { recursive: true, force: true });
  });
  const tokenFor = (sub: string, scope: Scope = 'user'): Promise<string> =>
    signToken({ sub, scope, secret: service().secret });
  return {
    service,
    url: () => service().url,
    tokenFor,
    clientOf: (sub, more) => new VicinalClient({ ...more, url: service().url, token: () => tokenFor(sub) }),
    api: async <Body>(
      method: Method,
      path: string,
      body?: unknown,
      token?: string,
      headers?: Readonly<Record<string, string>>,
    ) => {
      const answer = await callApi(service().url, path, {
        method,
        ...(body === undefined ? {} : { body }),
        ...(token === undefined ? {} : { token }),
        ...(headers === undefined ? {} : { headers }),
      });
      return answer as Answer<Body>;
    },
    logs: () => logs,
    crash: async (downMs, meanwhile) => {
      const { port, kill } = service();
      await kill('SIGKILL');
      await sleep(downMs);
      meanwhile?.(dataDir);
      await start(port);
    },
  };
}

/** In a test: prints the end of the worker's log should the test fail. */
export function showLogsOnFailure({ logs }: TestService): void {
  onTestFailed(() => void process.stderr.write(`${logs().slice(-LOG_TAIL_LINES).join('\n')}\n`));
}

export function temporaryDir(): string {
  return mkdtempSync(join(tmpdir(), 'vicinal-e2e-'));
}

/**
 * The first that `look` finds: neither `undefined` nor `false`. Throws naming `what` when there is none in time, which is far
 * longer than a busy machine takes.
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 90_000,
  everyMs = 25,
): Promise<T> {
  const deadlineMs = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadlineMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(everyMs);
  }
}
