// The service that is killed: SIGKILL at random moments, started again on the same directory and port.
import type { Prng } from '../../src/lib/prng.ts';
import { type Service, startService } from '../../tools/support/service.ts';
import type { ChaosProxy } from './proxy.ts';

export type Victim = {
  readonly service: () => Service;
  readonly kills: () => number;
  /** Kills so many times, each at a random moment of its share of the time. Ends with the service running. */
  readonly torment: (kills: number, overMs: number, stop: AbortSignal) => Promise<void>;
  readonly stop: () => Promise<void>;
};

const PORT_TRIES_MAX = 5;

/** Starts it, and leads the proxy there. A service that ends by itself is reported to `onDeath`. */
export async function openVictim(
  dataDir: string,
  proxy: ChaosProxy,
  random: Prng,
  { onLog, onDeath }: { readonly onLog: (line: string) => void; readonly onDeath: (how: string) => void },
): Promise<Victim> {
  let expected = false;
  let kills = 0;
  const start = async (port: number): Promise<Service> => {
    const started = await startService({ dataDir, port, onLog });
    proxy.lead(started.port);
    void started.exited.then(({ code, signal }) => {
      if (!expected) onDeath(`the service ended by itself (${signal ?? `exit code ${code}`})`);
    });
    return started;
  };
  const startAgain = async (port: number): Promise<Service> => {
    for (let tries = 1; ; tries++) {
      try {
        return await start(port);
      } catch (error) {
        // Somebody else's outgoing connection may sit on the port for a moment.
        if (tries === PORT_TRIES_MAX || !String(error).includes('in use')) throw error;
        await sleep(500);
      }
    }
  };
  let service = await start(0);
  const killOnce = async (): Promise<void> => {
    const { port } = service;
    expected = true;
    // The proxy learns of it from its connections, as clients would; new ones find nothing.
    const dead = service.kill('SIGKILL');
    kills++;
    await dead;
    proxy.lead(undefined);
    expected = false;
    service = await startAgain(port);
  };
  return {
    service: () => service,
    kills: () => kills,
    torment: async (wanted, overMs, stop) => {
      const startMs = Date.now();
      for (let i = 0; i < wanted && !stop.aborted; i++) {
        const atMs = startMs + ((i + random.unit()) * overMs) / wanted;
        await sleep(Math.max(0, atMs - Date.now()), stop);
        if (!stop.aborted) await killOnce();
      }
      await sleep(Math.max(0, startMs + overMs - Date.now()), stop);
    },
    stop: async () => {
      expected = true;
      await service.stop();
    },
  };
}

function sleep(ms: number, stop?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop?.addEventListener('abort', done, { once: true });
  });
}
