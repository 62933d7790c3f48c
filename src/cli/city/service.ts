// The service that a command of `npm run city` works on: found, asked politely, and its refusals in readable words.
import { setTimeout as sleep } from 'node:timers/promises';
import type { FieldError, ProblemCode } from '../../protocol/problems.ts';
import { ApiError, type ApiRequest, callApi } from '../support/http.ts';
import { DEFAULT_URL, isHealthy, runningUrl, signWith } from '../traffic/rollout.ts';
import type { CityOptions } from './options.ts';
import { wordsOf } from './request.ts';

export type CityService = {
  readonly url: string;
  /** The body and status of a success. Throws an error with the code and every field of a refusal. */
  readonly call: (path: string, request?: Omit<ApiRequest, 'token'>) => Promise<CityAnswer>;
};
export type CityAnswer = { readonly status: number; readonly body: unknown };

/** The map may be changed by others for so long before we give up. */
const TRIES_MAX = 20;
const ROLLOUT_TIMEOUT_MS = 120_000;

export async function cityService(options: Pick<CityOptions, 'url' | 'data' | 'token'>): Promise<CityService> {
  const url = options.url ?? runningUrl(options.data) ?? DEFAULT_URL;
  if (!(await isHealthy(url))) throw new Error(`no service answers at ${url}: start one with npm start`);
  return serviceAt(url, options);
}

/** The named service, or one that runs here anyway; `undefined` when none was named and none runs. */
export async function runningService(options: CityOptions): Promise<CityService | undefined> {
  if (options.url !== undefined) return cityService(options);
  const url = runningUrl(options.data);
  return url !== undefined && (await isHealthy(url)) ? serviceAt(url, options) : undefined;
}

async function serviceAt(url: string, options: Pick<CityOptions, 'data' | 'token'>): Promise<CityService> {
  const token = options.token ?? (await signWith(options.data, 'ops', 'ops', 3600));
  return {
    url,
    call: async (path, request = {}) => {
      for (let tries = 1; ; tries++) {
        const answer = await callApi(url, path, { timeoutMs: ROLLOUT_TIMEOUT_MS, ...request, token });
        if (answer.status >= 200 && answer.status < 300) return answer;
        if (answer.status === 503 && tries < TRIES_MAX) {
          const afterS = Number(answer.headers.get('retry-after') ?? 1);
          // Whoever else is told to come back should not come at the same moment.
          await sleep(1000 * (Number.isFinite(afterS) ? afterS : 1) * (0.3 + Math.random()));
          continue;
        }
        throw refusal(`${request.method ?? 'GET'} ${path}`, answer, url);
      }
    },
  };
}

/** An error that keeps the status and code, and prints every field that was refused. */
function refusal(request: string, answer: Parameters<typeof makeError>[1], url: string): Error {
  const error = makeError(request, answer);
  if (error.status === 401) {
    error.message = `${error.message}\nthe service at ${url} has another secret: name its directory with --data, or give a --token`;
  }
  return error;
}

function makeError(request: string, answer: ConstructorParameters<typeof ApiError>[1]): ApiError {
  const error = new ApiError(request, answer);
  const { errors } = (answer.body ?? {}) as { readonly errors?: readonly FieldError[] };
  if (error.code !== undefined && errors !== undefined) {
    error.message = `${request}: ${error.status}\n${wordsOf({ code: error.code as ProblemCode, errors })}`;
  }
  return error;
}

export const cityPath = (id: string): string => `/v1/ops/cities/${encodeURIComponent(id)}`;

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
