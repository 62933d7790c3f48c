// The service that a command of `npm run city` works on: found, asked politely, and its refusals in readable words.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiRequest, callApi } from '../support/http.ts';
import {
  addressOf,
  isHealthy,
  noServiceAt,
  noServiceOn,
  operatorName,
  runningUrl,
  signWith,
} from '../traffic/rollout.ts';
import type { CityOptions } from './options.ts';
import { refusalOf } from './refusal.ts';

export type CityService = {
  readonly url: string;
  /** The body and status of a success. Throws an error with the code and every field of a refusal. */
  readonly call: (path: string, request?: Omit<ApiRequest, 'token'>) => Promise<CityAnswer>;
};
export type CityAnswer = { readonly status: number; readonly body: unknown };

/** The map may be changed by others for so long before we give up. */
const TRIES_MAX = 20;
const ROLLOUT_TIMEOUT_MS = 120_000;

type Which = Pick<CityOptions, 'url' | 'data' | 'token'>;

/** `signal` ends whatever is being asked, and the waiting for it. */
export async function cityService(options: Which, signal?: AbortSignal): Promise<CityService> {
  const url = options.url === undefined ? runningUrl(options.data) : addressOf(options.url);
  if (url === undefined) throw noServiceOn(options.data);
  if (!(await isHealthy(url))) throw noServiceAt(url);
  return serviceAt(url, options, signal);
}

/** The named service, or one that runs here anyway; `undefined` when none was named and none runs. */
export async function runningService(options: CityOptions): Promise<CityService | undefined> {
  if (options.url !== undefined) return cityService(options);
  const url = runningUrl(options.data);
  return url !== undefined && (await isHealthy(url)) ? serviceAt(url, options) : undefined;
}

async function serviceAt(url: string, options: Which, signal?: AbortSignal): Promise<CityService> {
  // Whoever watches for hours needs a new one now and then.
  const sign = async (): Promise<string> =>
    options.token ?? (await signWith(options.data, operatorName(), 'ops', 3600));
  await sign();
  const stop = signal === undefined ? {} : { signal };
  return {
    url,
    call: async (path, request = {}) => {
      for (let tries = 1; ; tries++) {
        const token = await sign();
        const answer = await callApi(url, path, { timeoutMs: ROLLOUT_TIMEOUT_MS, ...request, ...stop, token });
        if (answer.status >= 200 && answer.status < 300) return answer;
        if (answer.status === 503 && tries < TRIES_MAX) {
          const afterS = Number(answer.headers.get('retry-after') ?? 1);
          // Whoever else is told to come back should not come at the same moment.
          await pause(1000 * (Number.isFinite(afterS) ? afterS : 1) * (0.3 + Math.random()), signal);
          continue;
        }
        throw refusalOf(`${request.method ?? 'GET'} ${path}`, answer, url);
      }
    },
  };
}

/** Throws the signal's reason when it is aborted. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  signal?.throwIfAborted();
}

export const cityPath = (id: string): string => `/v1/ops/cities/${encodeURIComponent(id)}`;

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
