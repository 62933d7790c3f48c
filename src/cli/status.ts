// `npm run status`: how much each city carries, its hottest cells with their headroom, and which will be hot next.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '../protocol/status.ts';
import { cityService, print } from './city/service.ts';
import { runCommand } from './support/args.ts';
import { openScreen } from './support/screen.ts';
import { statusLines } from './support/status-lines.ts';
import { SERVICE_OPTIONS } from './traffic/rollout.ts';

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
    const look = async (): Promise<Status> =>
      (await service.call(`/v1/ops/status?cells=${options.cells}${city}`)).body as Status;
    const screen = options.json || !options.watch ? undefined : openScreen({ plainEveryMs: 0 });
    try {
      for (;;) {
        const status = await look();
        if (screen !== undefined) screen.show(statusLines(status));
        else print(options.json ? JSON.stringify(status) : statusLines(status).join('\n'));
        if (!options.watch) return 0;
        await sleep(options.every * 1000);
      }
    } finally {
      screen?.finish();
    }
  },
);
