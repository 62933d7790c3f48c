// A bad network in front of the service: connections that are refused, cut at any moment, or still for a while.
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import type { Prng } from '../../src/lib/prng.ts';

export type ChaosProxy = {
  readonly url: string;
  /** Where connections lead; undefined while the service is down: then they are refused, as by a machine without it. */
  readonly lead: (port: number | undefined) => void;
  /** No more faults; what is still goes on. */
  readonly heal: () => void;
  /** Connections cut, and held still. */
  readonly counts: () => { readonly drops: number; readonly stalls: number };
  readonly close: () => Promise<void>;
};

type Line = { readonly client: Socket; readonly service: Socket; stalled: boolean };

const TICK_MS = 200;
/** One in so many, for each connection at each tick. */
const CUT_ONE_IN = 150;
const STALL_ONE_IN = 120;
const STALL_MS: readonly [min: number, max: number] = [200, 3000];
/** One in so many pieces of data is the last of its connection: a request that arrives, or not; an answer that is lost. */
const CUT_AT_DATA_ONE_IN = 120;
const REFUSE_ONE_IN = 40;

/** Listens on a free port of 127.0.0.1. */
export async function openProxy(random: Prng): Promise<ChaosProxy> {
  const lines = new Set<Line>();
  let target: number | undefined;
  let faulty = true;
  let drops = 0;
  let stalls = 0;
  const chance = (oneIn: number): boolean => faulty && random.chance(1, oneIn);
  const cut = (line: Line): void => {
    lines.delete(line);
    line.client.destroy();
    line.service.destroy();
  };
  const drop = (line: Line): void => {
    drops++;
    cut(line);
  };
  const resume = (line: Line): void => {
    line.stalled = false;
    line.client.resume();
    line.service.resume();
  };
  const stall = (line: Line): void => {
    stalls++;
    line.stalled = true;
    line.client.pause();
    line.service.pause();
    const [min, max] = STALL_MS;
    setTimeout(() => resume(line), min + random.unit() * (max - min));
  };
  const relay = (line: Line, from: Socket, to: Socket): void => {
    from.on('data', (data) => {
      const last = chance(CUT_AT_DATA_ONE_IN);
      // Half of them get through first: then the other side acts, and nobody hears of it.
      if (last && random.chance(1, 2)) {
        to.write(data, () => drop(line));
        return;
      }
      if (last) drop(line);
      else if (!to.write(data)) from.pause();
    });
    to.on('drain', () => void (line.stalled || from.resume()));
    from.on('end', () => to.end());
    from.on('error', () => cut(line));
    from.on('close', () => cut(line));
  };
  const server = createServer({ noDelay: true }, (client) => {
    client.on('error', () => {});
    if (target === undefined || chance(REFUSE_ONE_IN)) {
      client.destroy();
      return;
    }
    const service = dial({ host: '127.0.0.1', port: target, noDelay: true });
    const line: Line = { client, service, stalled: false };
    lines.add(line);
    relay(line, client, service);
    relay(line, service, client);
  });
  const timer = setInterval(() => {
    for (const line of [...lines]) {
      if (chance(CUT_ONE_IN)) drop(line);
      else if (!line.stalled && chance(STALL_ONE_IN)) stall(line);
    }
  }, TICK_MS);
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}`,
    lead: (to) => {
      target = to;
      if (to === undefined) for (const line of [...lines]) cut(line);
    },
    heal: () => {
      faulty = false;
    },
    counts: () => ({ drops, stalls }),
    close: () => {
      clearInterval(timer);
      for (const line of [...lines]) cut(line);
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
