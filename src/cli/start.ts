// `npm start`: the whole service on this machine, until SIGTERM or Ctrl-C.
import { runCommand } from './support/args.ts';
import { DATA_OPTION } from './support/data-dir.ts';
import { PORT_OPTION, startService } from './support/service.ts';

const PARENT_CHECK_MS = 250;
const SETTINGS = ['LOG_LEVEL', 'CORS_ORIGINS', 'ID_SECRET', 'ID_SECRET_PREVIOUS'] as const;

await runCommand(
  {
    name: 'npm start --',
    summary: 'Runs the service on this machine and prints "ready URL" when it listens. Logs go to stderr.',
    outlivesReader: true,
    options: {
      port: PORT_OPTION,
      data: DATA_OPTION,
    },
  },
  async ({ port, data }) => {
    const asked = stopAsked();
    const starting = startService({ dataDir: data, port, vars: settings() });
    // Until it listens nothing was promised to anybody: leaving at once is safe, and workerd goes with this process.
    const first = await Promise.race([starting, asked]);
    if (first === 'stop') process.exit(0);
    process.stdout.write(`ready ${first.url}\n`);
    const end = await Promise.race([first.exited, asked]);
    if (end === 'stop') {
      await first.stop();
      process.exit(0);
    }
    process.stderr.write(`workerd ended by itself (${end.signal ?? `exit code ${end.code}`})\n`);
    process.exit(1);
  },
);

/** Of wrangler.toml and beyond, what the environment says otherwise. */
function settings(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    SETTINGS.flatMap((name) => {
      const said = process.env[name];
      return said === undefined ? [] : [[name, said]];
    }),
  );
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
