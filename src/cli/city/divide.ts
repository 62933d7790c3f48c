// `city split` and `city merge`: divides a cell or joins its parts again while it works, and waits until the map shows it.
import { setTimeout as sleep } from 'node:timers/promises';
import { PROBLEMS, type ProblemCode } from '../../protocol/problems.ts';
import { UsageError } from '../support/args.ts';
import { ApiError } from '../support/http.ts';
import { type Progress, startProgress } from '../support/progress.ts';
import type { CityOptions } from './options.ts';
import { type CityService, cityService, print } from './service.ts';

type Verb = 'split' | 'merge';
/** A cell of the map and what it is doing: `leaf` when it is at rest. */
type Part = { readonly cell: string; readonly state: string };
type Begun = { readonly cell: string; readonly city?: string; readonly state: string };

const PARTS = 32;
const POLL_MS = 300;
/** Somebody else's change may have come first: then the service has given it up, and is asked again. */
const ASK_AGAIN_MS = 5000;
const STOPPED_CODE = 130;

export const split = (options: CityOptions, cell: string | undefined): Promise<number> =>
  change('split', options, cell);

export const merge = (options: CityOptions, cell: string | undefined): Promise<number> =>
  change('merge', options, cell);

/** Whether the map is as asked for, and how many cells of it are done. */
export function progressOf(
  verb: Verb,
  cell: string,
  parts: readonly Part[],
): { readonly done: boolean; readonly ready: number; readonly note: string } {
  const isWhole = parts.some((part) => part.cell === cell);
  const leaves = parts.filter(({ state }) => state === 'leaf').length;
  const done =
    verb === 'split'
      ? !isWhole && parts.length >= PARTS && leaves === parts.length
      : isWhole && leaves === parts.length;
  const states = new Map<string, number>();
  for (const { state } of parts) states.set(state, (states.get(state) ?? 0) + 1);
  const note = [...states].map(([state, cells]) => (parts.length === 1 ? state : `${cells} ${state}`)).join(', ');
  if (verb === 'merge') return { done, ready: done ? 1 : 0, note: isWhole ? note : 'merging' };
  return { done, ready: isWhole ? 0 : leaves, note };
}

async function change(verb: Verb, options: CityOptions, cell: string | undefined): Promise<number> {
  if (cell === undefined) throw new UsageError(`${verb} needs the geohash of a CELL, for example 9q8yy`);
  const service = await cityService(options);
  const { already, ...begun } = await ask(service, verb, cell);
  const { city } = begun;
  const wait = city !== undefined && !options['no-wait'];
  const parts = wait ? await untilDone(service, verb, { cell, city }) : undefined;
  report(verb, options, { ...begun, already }, parts);
  return wait && parts === undefined ? STOPPED_CODE : 0;
}

type Asked = Begun & { readonly already: boolean };

/** What is already as it should be is no error. @throws ApiError in readable words */
async function ask(service: CityService, verb: Verb, cell: string): Promise<Asked> {
  try {
    const path = `/v1/ops/cells/${encodeURIComponent(cell)}/${verb}`;
    return { ...((await service.call(path, { method: 'POST' })).body as Begun), already: false };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { was, city } = (error.body ?? {}) as { readonly was?: string; readonly city?: string };
    if (was === (verb === 'split' ? 'split' : 'leaf'))
      return { cell, state: was, already: true, ...(city === undefined ? {} : { city }) };
    throw inWords(error);
  }
}

function inWords(error: ApiError): ApiError {
  const known = error.code === undefined ? undefined : PROBLEMS[error.code as ProblemCode];
  const { detail } = (error.body ?? {}) as { readonly detail?: string };
  if (known !== undefined) error.message = `${error.code}: ${detail ?? known.title}\n${known.advice}`;
  return error;
}

type Where = { readonly cell: string; readonly city: string };

/** The cells as they are then; `undefined` when the user did not want to wait. */
async function untilDone(service: CityService, verb: Verb, where: Where): Promise<readonly Part[] | undefined> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const total = verb === 'split' ? PARTS : 1;
  const bar = startProgress({ label: `${verb} ${where.cell}`, total, plainEveryMs: 2000 });
  try {
    return await watch(service, verb, where, bar, stop.signal);
  } finally {
    bar.finish();
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  }
}

async function watch(service: CityService, verb: Verb, { cell, city }: Where, bar: Progress, signal: AbortSignal) {
  const query = new URLSearchParams({ city, within: cell });
  for (let askedMs = Date.now(); !signal.aborted; ) {
    const parts = ((await service.call(`/v1/ops/cells?${query}`)).body as { readonly items: readonly Part[] }).items;
    const { done, ready, note } = progressOf(verb, cell, parts);
    bar.set(ready, note);
    if (done) return parts;
    const isIdle = verb === 'split' ? note === 'leaf' : note === 'merging';
    if (isIdle && Date.now() - askedMs > ASK_AGAIN_MS) {
      await ask(service, verb, cell);
      askedMs = Date.now();
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
  return undefined;
}

function report(verb: Verb, { json }: CityOptions, asked: Asked, parts: readonly Part[] | undefined): void {
  const { already, cell, city, state } = asked;
  if (json) {
    print(JSON.stringify({ cell, city, state, already, ...(parts === undefined ? {} : { cells: parts.length }) }));
    return;
  }
  if (already) print(verb === 'split' ? `${cell} is split already` : `${cell} is a leaf already: nothing to merge`);
  if (parts !== undefined) {
    const now = verb === 'split' ? `${parts.length} cells` : 'one cell';
    print(`${cell} is ${now} now, with all of its questions; whoever is there follows within seconds`);
  } else if (!already) {
    print(`${cell} is ${state}; it goes on by itself, and npm run city -- ${verb} ${cell} waits for it`);
  }
}
