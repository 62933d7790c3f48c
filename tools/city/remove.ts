// `city remove`: asks the service to let a city go, and waits while its questions end as their askers were promised.
import { createInterface } from 'node:readline/promises';
import { UsageError } from '../support/args.ts';
import { ApiError } from '../support/http.ts';
import { counted, startProgress } from '../support/progress.ts';
import { STOPPED_CODE, StoppedError, stopSignal } from '../support/stop.ts';
import type { CityOptions } from './options.ts';
import { type CityService, cityPath, cityService, pause, print } from './service.ts';

type Draining = {
  readonly id: string;
  readonly state: 'draining' | 'removed';
  readonly cells?: number;
  /** Cells that have nothing open and take nothing new. */
  readonly drained?: number;
  /** Questions that have not ended, in the cells that were looked at. */
  readonly open?: number;
  /** When the last of them ends at the latest. */
  readonly endsAt?: string;
  /** Cells that keep the city from going, as nobody can tell what is in them. */
  readonly unreadable?: readonly string[];
};

type Listed = { readonly name: string; readonly cells: number; readonly state?: string };

const POLL_MS = 1000;

export async function remove(options: CityOptions, id: string | undefined): Promise<number> {
  if (id === undefined) throw new UsageError('remove needs the ID of a city');
  const signal = stopSignal();
  const service = await cityService(options, signal);
  if (options.yes !== true && !(await agreed(service, id))) return 1;
  const ask = async (): Promise<Draining> => (await service.call(cityPath(id), { method: 'DELETE' })).body as Draining;
  let answer = await ask();
  if (options['no-wait'] || answer.state === 'removed') return report(options, answer);

  const bar = startProgress({ label: `draining ${id}`, total: answer.cells ?? 0 });
  try {
    while (answer.state === 'draining') {
      bar.set(answer.drained ?? 0, noteOf(answer), leftMsOf(answer, Date.now()));
      // While cells are still being looked through there is nothing to wait for.
      await pause((answer.open ?? 0) > 0 ? POLL_MS : POLL_MS / 5, signal);
      answer = await ask().catch((error: unknown) => removedMeanwhile(id, error));
    }
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
  } finally {
    bar.finish(answer.state === 'draining' ? noteOf(answer) : 'drained');
  }
  report(options, answer);
  return answer.state === 'draining' ? STOPPED_CODE : 0;
}

/** Says what would go, and asks. One that drains already was agreed to. Throws UsageError where nobody can be asked. */
async function agreed(service: CityService, id: string): Promise<boolean> {
  const { name, cells, state } = (await service.call(cityPath(id))).body as Listed;
  if (state === 'draining' || state === 'removed') return true;
  const what = `${name} (${id}) with its ${counted(cells, 'cell')}: from now on it takes no new questions, and when those that it has have ended it is gone`;
  if (!process.stdin.isTTY) throw new UsageError(`remove takes away ${what}; say --yes if that is meant`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`Take away ${what}.\nType ${id} to go on: `);
  lines.close();
  if (answer.trim() === id) return true;
  print(`${id} stays as it is`);
  return false;
}

/** `city keep`: takes a removal back while the city drains. */
export async function keep(options: CityOptions, id: string | undefined): Promise<number> {
  if (id === undefined) throw new UsageError('keep needs the ID of a city');
  const service = await cityService(options);
  const { body } = await service.call(`${cityPath(id)}/keep`, { method: 'POST' });
  print(options.json ? JSON.stringify(body) : `${id} stays, and takes new questions`);
  return 0;
}

/** A city goes when its last question has ended, however few of its cells have one. */
export function leftMsOf({ open = 0, endsAt }: Pick<Draining, 'open' | 'endsAt'>, nowMs: number): number | undefined {
  return open > 0 && endsAt !== undefined ? Math.max(0, Date.parse(endsAt) - nowMs) : undefined;
}

/** The cron, or somebody else, may have been there between two of our questions. */
function removedMeanwhile(id: string, error: unknown): Draining {
  if (error instanceof ApiError && error.code === 'unknown_city') return { id, state: 'removed' };
  throw error;
}

function noteOf({ open = 0, endsAt, unreadable = [] }: Draining): string {
  const last = open > 0 && endsAt !== undefined ? `, the last ends by ${endsAt}` : '';
  const [first] = unreadable;
  const kept =
    first === undefined ? '' : `, ${counted(unreadable.length, 'cell')} unreadable (npm run cell -- inspect ${first})`;
  return `${counted(open, 'open question')}${last}${kept}`;
}

function report({ json }: CityOptions, answer: Draining): number {
  const { id, state } = answer;
  if (json) print(JSON.stringify(answer));
  else if (state === 'removed') print(`${id} is removed`);
  else {
    print(`${id} is draining: ${noteOf(answer)}; it takes no new ones, and goes by itself when they have ended`);
    print(`npm run city -- remove ${id} waits for it again, npm run city -- keep ${id} takes it back`);
  }
  return 0;
}
