// `npm run status`: how much each city carries, its hottest cells with their headroom, and which will be hot next.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '../src/protocol/status.ts';
import { cityService, print } from './city/service.ts';
import { messageOf, runCommand } from './support/args.ts';
import { ApiError, callApi } from './support/http.ts';
import { openScreen, type Screen } from './support/screen.ts';
import { statusLines } from './support/status-lines.ts';
import { STOPPED_CODE } from './support/stop.ts';
import { SERVICE_OPTIONS } from './traffic/rollout.ts';

type Health = { readonly status: string; readonly reason?: string; readonly detail?: string };

const CELLS_MAX = 200;

await runCommand(
  {
    name: 'npm run status --',
    summary:
      'Shows the load of a running service: cities, hottest cells, headroom, and the cell that will be hot next.',
    options: {
      city: { type: 'text', value: 'ID', help: 'this city alone' },
      cells: {
        type: 'integer',
        value: 'N',
        help: 'how many of the hottest cells',
        default: 10,
        min: 1,
        max: CELLS_MAX,
      },
      watch: { type: 'flag', help: 'again every few seconds, until you press Ctrl-C' },
      every: { type: 'integer', value: 'SECONDS', help: 'how often with --watch', default: 5, min: 1, max: 3600 },
      ...SERVICE_OPTIONS,
      json: { type: 'flag', help: 'print JSON, one line each time' },
    },
  },
  async (options) => {
    const service = await cityService(options);
    const city = options.city === undefined ? '' : `&city=${encodeURIComponent(options.city)}`;
    const look = async (): Promise<Status> => {
      const { status, reason, detail } = (await callApi(service.url, '/health')).body as Health;
      if (status !== 'ok') process.stderr.write(`${status}: ${reason}, ${detail}\n`);
      return (await service.call(`/v1/ops/status?cells=${options.cells}${city}`)).body as Status;
    };
    const first = await look();
    if (!options.watch) {
      print(options.json ? JSON.stringify(first) : statusLines(first).join('\n'));
      return 0;
    }
    return watch(options, first, look);
  },
);

type WatchOptions = { readonly json: boolean; readonly every: number };

/** For ever: a service that is away for a while is looked for again. */
async function watch(options: WatchOptions, first: Status, look: () => Promise<Status>): Promise<never> {
  const screen = !options.json && process.stdout.isTTY ? openScreen() : undefined;
  // By way of `exit`, where the screen gives the cursor back.
  process.once('SIGINT', () => process.exit(STOPPED_CODE));
  try {
    for (let status = first; ; ) {
      if (screen !== undefined) screen.show(statusLines(status));
      else print(options.json ? JSON.stringify(status) : [status.at, ...statusLines(status), ''].join('\n'));
      await sleep(options.every * 1000);
      status = await again(options, status, screen, look);
    }
  } finally {
    screen?.finish();
  }
}

/** The next status there is; meanwhile it is said why there is none. */
async function again(
  { every }: WatchOptions,
  last: Status,
  screen: Screen | undefined,
  look: () => Promise<Status>,
): Promise<Status> {
  for (;;) {
    try {
      return await look();
    } catch (error) {
      // A refusal stays one: the city is gone, or the token is not taken any more.
      if (error instanceof ApiError && error.status < 500) throw error;
      const words = `no answer (${messageOf(error)}); this was at ${last.at}, and is asked again every ${every} s`;
      if (screen !== undefined) screen.show([words, '', ...statusLines(last)]);
      else process.stderr.write(`${words}\n`);
    }
    await sleep(every * 1000);
  }
}
