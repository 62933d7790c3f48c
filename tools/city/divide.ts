// `city split` and `city merge`: splits a cell or merges its parts again while it works, and waits until the map shows it.
import { isCellId } from '../../src/protocol/ids.ts';
import { CELL_LENGTH_MAX } from '../../src/protocol/limits.ts';
import { UsageError } from '../support/args.ts';
import { ApiError } from '../support/http.ts';
import { counted, startProgress } from '../support/progress.ts';
import { STOPPED_CODE, StoppedError, stopSignal } from '../support/stop.ts';
import type { CityOptions } from './options.ts';
import { inWords, type NextSteps } from './refusal.ts';
import { type CityService, cityService, pause, print } from './service.ts';

type Verb = 'split' | 'merge';
/** A cell of the map and what it is doing: `leaf` when it is at rest. */
type Part = { readonly cell: string; readonly state: string };
type Begun = { readonly cell: string; readonly city?: string; readonly state: string };

const PARTS = 32;
const POLL_MS = 300;
/** Somebody else's change may have come first: then the service has given it up, and is asked again. */
const ASK_AGAIN_MS = 5000;
/** A cell that is being changed is asked again so often, and for so long: one person is handed over in a thirtieth of a second. */
const FREE_POLL_MS = 1000;
const FREE_WAIT_MS = 300_000;

/** Where it is not what others do after the same refusal. */
const NEXT: NextSteps = {
  city_draining:
    'its cells go with it, and are not split or merged any more; npm run city -- keep ID takes its removal back',
};

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
  if (verb === 'merge' && isCellId(cell) && cell.length >= CELL_LENGTH_MAX) {
    const above = cell.slice(0, -1);
    throw new Error(
      `${cell} has no parts: nothing is smaller than ${CELL_LENGTH_MAX} letters. npm run city -- merge ${above} joins it with the other 31 of ${above}`,
    );
  }
  const signal = stopSignal();
  const service = await cityService(options, signal);
  const work: Work = { service, verb, cell, signal, bar: waitingBar(`${verb} ${cell}`, verb === 'split' ? PARTS : 1) };
  try {
    const asked = options['no-wait'] ? await ask(work) : await askUntilFree(work);
    const wait = asked.city !== undefined && !options['no-wait'];
    const parts = wait ? await untilDone(work, asked.city, asked.already) : undefined;
    work.bar.finish();
    report(verb, options, asked, parts);
    return wait && parts === undefined ? STOPPED_CODE : 0;
  } finally {
    work.bar.finish();
  }
}

type Work = {
  readonly service: CityService;
  readonly verb: Verb;
  readonly cell: string;
  readonly signal: AbortSignal;
  readonly bar: { readonly set: (done: number, note: string) => void; readonly finish: () => void };
};
type Asked = Begun & { readonly already: boolean };

/** A bar that is not there before there is something to wait for. */
function waitingBar(label: string, total: number): Work['bar'] {
  const bar = startProgress({ label, total, plainEveryMs: 2000 });
  let isShown = false;
  return {
    set: (done, note) => {
      isShown = true;
      // A part that is split again has more of them than were expected.
      bar.set(Math.min(done, total), note);
    },
    finish: () => {
      if (isShown) bar.finish();
    },
  };
}

/** What is already as it should be is no error. @throws ApiError in readable words */
async function ask({ service, verb, cell }: Work): Promise<Asked> {
  try {
    const path = `/v1/ops/cells/${encodeURIComponent(cell)}/${verb}`;
    return { ...((await service.call(path, { method: 'POST' })).body as Begun), already: false };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { was, city } = (error.body ?? {}) as { readonly was?: string; readonly city?: string };
    if (was === (verb === 'split' ? 'split' : 'leaf'))
      return { cell, state: was, already: true, ...(city === undefined ? {} : { city }) };
    error.message = inWords(error, NEXT);
    throw error;
  }
}

/** As `ask`, once the change that the cell is in has come to its end. */
async function askUntilFree(work: Work): Promise<Asked> {
  const { bar, signal } = work;
  for (const startMs = Date.now(); ; ) {
    try {
      return await ask(work);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'cell_changing') throw error;
      if (Date.now() - startMs > FREE_WAIT_MS) throw error;
      const { detail } = error.body as { readonly detail?: string };
      bar.set(0, `waits for the change before it: ${detail ?? 'under way'}`);
      await pause(FREE_POLL_MS, signal);
    }
  }
}

/** The cells as they are then; `undefined` when the user did not want to wait. */
async function untilDone(work: Work, city: string | undefined, already: boolean) {
  try {
    return await watch(work, city ?? '', already);
  } catch (error) {
    if (error instanceof StoppedError) return undefined;
    throw error;
  }
}

async function watch(work: Work, city: string, already: boolean): Promise<readonly Part[]> {
  const { service, verb, cell, bar, signal } = work;
  const query = new URLSearchParams({ city, within: cell });
  for (let askedMs = Date.now(); ; ) {
    const parts = ((await service.call(`/v1/ops/cells?${query}`)).body as { readonly items: readonly Part[] }).items;
    if (parts.length === 0) throw new Error(goneWords(cell, city));
    const { done, ready, note } = progressOf(verb, cell, parts);
    // Of one that was split long ago, some parts may have come to another city.
    const isAtRest = verb === 'split' && parts.every((part) => part.state === 'leaf' && part.cell !== cell);
    if (already && (done || isAtRest)) return parts;
    bar.set(ready, note);
    if (done) return parts;
    const isIdle = verb === 'split' ? note === 'leaf' : note === 'merging';
    if (isIdle && Date.now() - askedMs > ASK_AGAIN_MS) {
      await askUntilFree(work);
      askedMs = Date.now();
    }
    await pause(POLL_MS, signal);
  }
}

const goneWords = (cell: string, city: string): string =>
  `${city} has no cell in ${cell} any more: it was split before, and the city, or this part of it, was removed since; npm run city -- list says which cities there are`;

function report(verb: Verb, { json }: CityOptions, asked: Asked, parts: readonly Part[] | undefined): void {
  const { already, cell, city, state } = asked;
  if (json) {
    print(JSON.stringify({ cell, city, state, already, ...(parts === undefined ? {} : { cells: parts.length }) }));
  } else if (already) {
    const into = parts === undefined ? '' : `, into ${counted(parts.length, 'cell')}`;
    print(verb === 'split' ? `${cell} is split already${into}` : `${cell} is a leaf already: nothing to merge`);
  } else if (parts !== undefined) {
    const now = verb === 'split' ? `${parts.length} cells` : 'one cell';
    print(`${cell} is ${now} now, with all of its questions; whoever is there follows within seconds`);
  } else {
    print(`${cell} is ${state}; it goes on by itself, and npm run city -- ${verb} ${cell} waits for it`);
  }
}
