// The service that a replay plays against: the one that is named, the one that runs, or one of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_DATA_DIR } from '../support/data-dir.ts';
import { expectApi } from '../support/http.ts';
import { startService } from '../support/service.ts';
import { signToken } from '../support/token.ts';
import { addressOf, isHealthy, noServiceAt, readJsonFile, rollOut, runningUrl, signWith } from './rollout.ts';

export type HostOptions = {
  readonly url: string | undefined;
  readonly data: string | undefined;
  readonly city: string;
  /** GeoJSON file; needed where the city is not there yet. */
  readonly boundary: string | undefined;
  readonly precision: number | undefined;
  /** The policy of a city that is rolled out here. */
  readonly policy: unknown;
};

export type Host = {
  readonly url: string;
  /** Whether the service was started for this, and ends with it. */
  readonly own: boolean;
  readonly tokenFor: (user: string) => Promise<string>;
  readonly close: () => Promise<void>;
};

const TOKEN_TTL_S = 24 * 3600;

/** Throws, with nothing left running, saying what to do when the city is not there and no boundary was given. */
export async function openHost(options: HostOptions): Promise<Host> {
  const running = options.url === undefined ? runningUrl(options.data) : addressOf(options.url);
  const host =
    running !== undefined && (options.url !== undefined || (await isHealthy(running)))
      ? await theirs(running, options)
      : await own(options);
  try {
    await prepareCity(host, options);
    return host;
  } catch (error) {
    await host.close();
    throw error;
  }
}

type AnyHost = Host & { readonly opsToken: string };

async function theirs(url: string, { data }: HostOptions): Promise<AnyHost> {
  if (!(await isHealthy(url))) throw noServiceAt(url);
  return {
    url,
    own: false,
    tokenFor: (user) => signWith(data, user, 'user', TOKEN_TTL_S),
    opsToken: await signWith(data, 'replay', 'ops', 600),
    close: async () => {},
  };
}

async function own({ data, boundary, city }: HostOptions): Promise<AnyHost> {
  if (boundary === undefined && data === undefined) {
    const start = 'start one with npm start and add the city with npm run city -- add FILE --id';
    throw new Error(
      `no service runs on ${DEFAULT_DATA_DIR}: ${start} ${city}, or give --boundary FILE to have one started here`,
    );
  }
  const dataDir = data ?? mkdtempSync(join(tmpdir(), 'vicinal-replay-'));
  const remove = (): void => {
    if (data === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const service = await startService({ dataDir, port: 0, quiet: true });
    const { url, secret } = service;
    return {
      url,
      own: true,
      tokenFor: (sub) => signToken({ sub, scope: 'user', secret, ttlS: TOKEN_TTL_S }),
      opsToken: await signToken({ sub: 'replay', scope: 'ops', secret, ttlS: 600 }),
      close: async () => {
        await service.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

async function prepareCity(host: AnyHost, { city, boundary, precision, policy }: HostOptions): Promise<void> {
  if (boundary === undefined) {
    const body = await expectApi(host.url, '/v1/ops/cities', { token: host.opsToken });
    const items = (body as { readonly items?: readonly { readonly id?: unknown }[] }).items ?? [];
    if (items.some(({ id }) => id === city)) return;
    throw new Error(`the service at ${host.url} has no city ${city}: give its boundary with --boundary FILE`);
  }
  await rollOut(host.url, host.opsToken, {
    id: city,
    name: city,
    boundary: readJsonFile(boundary, 'boundary'),
    ...(precision === undefined ? {} : { precision }),
    ...(policy === undefined ? {} : { policy }),
  });
}
