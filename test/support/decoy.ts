// A service that nobody may call: it stands where a command looks that was told nothing, in the data directory of this
// run and on the default port. Whatever connects to it is written down, and fails the test file (alone.ts).
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PORT } from '../../tools/support/service.ts';

export type Decoy = {
  /** A data directory whose service seems to run. */
  readonly dataDir: string;
  readonly callsFile: string;
  readonly close: () => Promise<void>;
};

/** Listens on a free port, and on `ports` where they are free. `onTaken` is told of one that is not. */
export async function openDecoy(ports: readonly number[], onTaken: (port: number) => void): Promise<Decoy> {
  const dataDir = mkdtempSync(join(tmpdir(), 'vicinal-decoy-'));
  const callsFile = join(dataDir, 'calls');
  writeFileSync(callsFile, '');
  const servers: Server[] = [];
  const listen = async (port: number): Promise<number | undefined> => {
    const server = createServer((request, response) => {
      appendFileSync(callsFile, `${request.method} ${request.url} on port ${request.socket.localPort}\n`);
      response.end('{"status":"ok"}');
    });
    const taken = await new Promise<number | undefined>((done) => {
      server.once('error', () => done(undefined));
      server.listen(port, '127.0.0.1', () => done((server.address() as AddressInfo).port));
    });
    if (taken !== undefined) servers.push(server.unref());
    return taken;
  };
  const free = await listen(0);
  for (const port of ports) if ((await listen(port)) === undefined) onTaken(port);
  const url = `http://127.0.0.1:${free}`;
  writeFileSync(join(dataDir, 'holder.json'), JSON.stringify({ pid: process.pid, url }));
  writeFileSync(join(dataDir, 'secret'), 'a secret that opens nothing, of 32 characters or more\n');
  return {
    dataDir,
    callsFile,
    close: async () => {
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

let decoy: Decoy | undefined;

/** Once for each project of vitest, before its workers start: they take over the environment. */
export async function setup({ name }: { readonly name: string }): Promise<void> {
  const ports = name === 'e2e' ? [DEFAULT_PORT] : [];
  decoy = await openDecoy(ports, (port) =>
    console.warn(`port ${port} is taken: whether a test calls what runs there cannot be seen in this run`),
  );
  process.env['VICINAL_DATA'] = decoy.dataDir;
}

export async function teardown(): Promise<void> {
  await decoy?.close();
}
