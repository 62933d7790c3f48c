// The sweep's list in D1, by the cases that the simulator's list passes too.
import { env } from 'cloudflare:workers';
import { describe } from 'vitest';
import { d1BusyStore } from '../../src/store/sql/d1-busy-store.ts';
import { busyListContract } from '../contract/busy-list.ts';

describe("the sweep's list in D1", () => {
  busyListContract(async () => {
    await env.DB.prepare('DELETE FROM busy').run();
    return d1BusyStore(env.DB);
  });
});
