// One real service for a test file: on a directory of its own, on a free port, gone when the file has run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFailed } from 'vitest';
import { type ApiRequest, callApi } from '../../../src/cli/support/http.ts';
import { type Service, type ServiceOptions, startService } from '../../../src/cli/support/service.ts';
import { type Scope, signToken } from '../../../src/cli/support/token.ts';

type Method = NonNullable<ApiRequest['method']>;

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface TestService {
  /** The running one; another after `restart`. */
  readonly service: () => Service;
  readonly url: () => string;
  /** A token of an hour; `scope` is `user` if not said. */
  readonly tokenFor: (sub: string, scope?: Scope) => Promise<string>;
  /** Any status is a result. `Body` is what the test expects, not what was checked. */
  readonly api: <Body = unknown>(
    method: Method,
    path: string,
    body?: unknown,
    token?: string,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer<Body>>;
  /** What the worker has logged so far, a line each, over restarts. */
  readonly logs: () => readonly string[];
  /** Starts again on the same data: after a clean stop, or after SIGKILL. The port is another one. */
  readonly restart: (how?: 'stop' | 'kill') => Promise<Service>;
}

const LOG_TAIL_LINES = 40;

/** To be called once at the top of a test file: it registers the hooks. */
export function useService(options: Pick<ServiceOptions, 'vars'> = {}): TestService {
  const dataDir = temporaryDir();
  const logs: string[] = [];
  let running: Service | undefined;

  const start = async (): Promise<Service> => {
    running = await startService({ ...options, dataDir, port: 0, onLog: (line) => void logs.push(line) });
    return running;
  };
  const service = (): Service => {
    if (running === undefined) throw new Error('the service runs from beforeAll on');
    return running;
  };
  beforeAll(async () => void (await start()));
  afterAll(async () => {
    await running?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return {
    service,
    url: () => service().url,
    tokenFor: (sub, scope = 'user') => signToken({ sub, scope, secret: service().secret }),
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
    restart: async (how = 'stop') => {
      if (how === 'kill') await service().kill('SIGKILL');
      else await service().stop();
      return start();
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

/** Polls until `check` holds; throws naming `what` when it does not in time. */
export async function eventually(
  what: string,
  check: () => boolean | Promise<boolean>,
  withinMs = 5000,
  everyMs = 25,
): Promise<void> {
  const deadlineMs = Date.now() + withinMs;
  while (!(await check())) {
    if (Date.now() > deadlineMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
