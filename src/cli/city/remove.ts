// `city remove`: asks the service to let a city go, and waits while its questions end as their askers were promised.
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../support/args.ts';
import { ApiError } from '../support/http.ts';
import { count, startProgress } from '../support/progress.ts';
import type { CityOptions } from './options.ts';
import { cityPath, cityService, print } from './service.ts';

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
};

const POLL_MS = 1000;
const STOPPED_CODE = 130;

export async function remove(options: CityOptions, id: string | undefined): Promise<number> {
  if (id === undefined) throw new UsageError('remove needs the ID of a city');
  const service = await cityService(options);
  const ask = async (): Promise<Draining> => (await service.call(cityPath(id), { method: 'DELETE' })).body as Draining;
  let answer = await ask();
  if (options['no-wait'] || answer.state === 'removed') return report(options, answer);

  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const bar = startProgress({ label: `draining ${id}`, total: answer.cells ?? 0 });
  try {
    while (answer.state === 'draining' && !stop.signal.aborted) {
      bar.set(answer.drained ?? 0, noteOf(answer));
      // While cells are still being looked through there is nothing to wait for.
      const waits = (answer.open ?? 0) > 0 ? POLL_MS : POLL_MS / 5;
      await sleep(waits, undefined, { signal: stop.signal }).catch(() => {});
      if (!stop.signal.aborted) answer = await ask().catch((error: unknown) => removedMeanwhile(id, error));
    }
  } finally {
    bar.finish(answer.state === 'draining' ? noteOf(answer) : 'drained');
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  }
  report(options, answer);
  return answer.state === 'draining' ? STOPPED_CODE : 0;
}

/** The cron, or somebody else, may have been there between two of our questions. */
function removedMeanwhile(id: string, error: unknown): Draining {
  if (error instanceof ApiError && error.code === 'unknown_city') return { id, state: 'removed' };
  throw error;
}

function noteOf({ open = 0, endsAt }: Draining): string {
  const noun = open === 1 ? 'question' : 'questions';
  return `${count(open)} open ${noun}${open > 0 && endsAt !== undefined ? `, the last ends by ${endsAt}` : ''}`;
}

function report({ json }: CityOptions, answer: Draining): number {
  const { id, state } = answer;
  if (json) print(JSON.stringify(answer));
  else if (state === 'removed') print(`${id} is removed`);
  else {
    print(`${id} is draining: ${noteOf(answer)}; it takes no new ones, and goes by itself when they have ended`);
    print(`npm run city -- remove ${id} waits for it again`);
  }
  return 0;
}
