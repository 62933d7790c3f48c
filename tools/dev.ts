// `npm run dev`: the service of `npm start`, on the same data and the same port, started anew whenever its sources change.
import { watch } from 'node:fs';
import { join } from 'node:path';
import { messageOf, runCommand } from './support/args.ts';
import { cachedBundle, PROJECT_DIR } from './support/bundle.ts';
import { DATA_OPTION } from './support/data-dir.ts';
import { PORT_OPTION, type Service, startService } from './support/service.ts';
import { settings } from './support/settings.ts';
import { stopAsked } from './support/stop.ts';

const WATCHED = ['src', 'migrations', 'wrangler.toml'];
/** An editor writes a file in several steps, and a checkout many files. */
const QUIET_MS = 200;

await runCommand(
  {
    name: 'npm run dev --',
    summary: 'Runs the service on this machine as npm start does, and starts it anew when its sources change.',
    options: { port: PORT_OPTION, data: DATA_OPTION },
  },
  async ({ port, data }) => {
    const asked = stopAsked();
    // From before the first build on: whoever sees the service ready may change a source at once.
    const changes = watchSources();
    let bundle = await cachedBundle(say);
    let service = await startService({ dataDir: data, port, vars: settings() });
    process.stdout.write(`ready ${service.url}\n`);
    for (;;) {
      const next = await Promise.race([asked, service.exited, changes.next()]);
      if (next === 'stop') break;
      if (next !== 'changed') return endedByItself(next.signal ?? `exit code ${next.code}`);
      const built = await cachedBundle(say).catch((error: unknown) => {
        say(`${messageOf(error)}\nthe service goes on as it was`);
        return bundle;
      });
      if (built === bundle) continue;
      bundle = built;
      service = await again(service, data);
    }
    await service.stop();
    return process.exit(0);
  },
);

async function again(service: Service, dataDir: string): Promise<Service> {
  await service.stop();
  // The port that it had: clients come back to it by themselves.
  const next = await startService({ dataDir, port: service.port, vars: settings() });
  process.stdout.write(`ready again ${next.url}\n`);
  return next;
}

function endedByItself(how: string): number {
  say(`workerd ended by itself (${how})`);
  return 1;
}

/** `next` settles when something has changed since it settled last, and then nothing for a moment. */
function watchSources(): { readonly next: () => Promise<'changed'> } {
  let timer: NodeJS.Timeout | undefined;
  let isChanged = false;
  let tell = (): void => {};
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isChanged = true;
      tell();
    }, QUIET_MS);
  };
  for (const path of WATCHED) watch(join(PROJECT_DIR, path), { recursive: true }, changed);
  const next = (): Promise<'changed'> =>
    new Promise((resolve) => {
      tell = () => {
        if (!isChanged) return;
        isChanged = false;
        resolve('changed');
      };
      tell();
    });
  return { next };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
