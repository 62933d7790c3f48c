// `npm start`: the whole service on this machine, until SIGTERM or Ctrl-C.
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from './support/args.ts';
import { DATA_OPTION } from './support/data-dir.ts';
import { freeBytesOf, LEAST_FREE_BYTES } from './support/disk-watch.ts';
import { PORT_OPTION, startService } from './support/service.ts';
import { settings } from './support/settings.ts';

const PARENT_CHECK_MS = 250;
const ROOM_CHECK_MS = 1000;

await runCommand(
  {
    name: 'npm start --',
    summary: 'Runs the service on this machine and prints "ready URL" when it listens. Logs go to stderr.',
    outlivesReader: true,
    options: {
      port: PORT_OPTION,
      data: DATA_OPTION,
      'least-free': {
        type: 'integer',
        value: 'MIB',
        help: 'with less room than that on the disk, what writes is refused',
        default: LEAST_FREE_BYTES / 2 ** 20,
        min: 1,
      },
    },
  },
  async ({ port, data, 'least-free': leastMib }) => {
    const asked = stopAsked();
    const leastFreeBytes = leastMib * 2 ** 20;
    const options = { dataDir: data, leastFreeBytes, vars: settings() };
    const starting = startService({ ...options, port });
    // Until it listens nothing was promised to anybody: leaving at once is safe, and workerd goes with this process.
    const first = await Promise.race([starting, asked]);
    if (first === 'stop') process.exit(0);
    process.stdout.write(`ready ${first.url}\n`);
    for (let service = first; ; ) {
      const end = await Promise.race([service.exited, asked]);
      if (end === 'stop') {
        await service.stop();
        process.exit(0);
      }
      process.stderr.write(`workerd ended by itself (${end.signal ?? `exit code ${end.code}`})\n`);
      // What needs room to write, and has none, is ended by the runtime itself. Nothing that was acknowledged is lost.
      if ((await freeBytesOf(service.dataDir)) >= leastFreeBytes) process.exit(1);
      process.stderr.write('the disk is full: it is started again when there is room\n');
      if ((await Promise.race([untilRoom(service.dataDir, leastFreeBytes), asked])) === 'stop') process.exit(0);
      service = await startService({ ...options, port: service.port });
      process.stdout.write(`ready again ${service.url}\n`);
    }
  },
);

async function untilRoom(path: string, bytes: number): Promise<void> {
  while ((await freeBytesOf(path)) < bytes) await sleep(ROOM_CHECK_MS);
}

/** Settles at the first wish that this process end: a signal, or the death of the npm that runs it. */
function stopAsked(): Promise<'stop'> {
  return new Promise((resolve) => {
    const stop = (): void => resolve('stop');
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
    // npm passes signals on, except SIGKILL, which it cannot: then this process would go on without anybody to stop it.
    if (process.env['npm_lifecycle_event'] !== 'start') return;
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) stop();
    }, PARENT_CHECK_MS).unref();
  });
}
