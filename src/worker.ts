// The entry of the worker: the edge, the objects, and the sweep. Nothing else.
import { createApp } from './api/app.ts';
import { rejoin } from './cron/rejoin.ts';
import { removeOn } from './cron/removal.ts';
import { sweep } from './cron/sweep.ts';
import { servicesOf } from './edge/services.ts';
import type { Env } from './env.ts';
import { epochMs } from './lib/brand.ts';
import { errorFields, jsonLog } from './ops/log.ts';
import { d1BusyStore } from './store/sql/d1-busy-store.ts';
import { d1FamilyStore } from './store/sql/d1-family-store.ts';

export { CellObject } from './object/cell-object.ts';
export { UserObject } from './object/user-object.ts';

const app = createApp();

export default {
  fetch: app.fetch,
  // No proxy: without a handler of its own a CONNECT is a fault in the log and a 500.
  connect: async (socket) => {
    await socket.close();
  },
  scheduled: async ({ scheduledTime }, env) => {
    const log = jsonLog(env.LOG_LEVEL);
    const { router, loads, store } = servicesOf(env);
    const onError = (cell: string | undefined, error: unknown): void =>
      log('error', 'sweep.fault', { cell, ...errorFields(error) });
    const swept = await sweep({ router, loads, busy: d1BusyStore(env.DB), onError }, epochMs(scheduledTime));
    if (swept.cells > 0) log('info', 'sweep', swept);
    const now = () => epochMs(Date.now());
    const leaving = await removeOn({ store, router, now }, (city, error) =>
      log('error', 'removal.fault', { city, ...errorFields(error) }),
    );
    if (leaving > 0) log('info', 'removal', { cities: leaving });
    const families = d1FamilyStore(env.DB);
    const joined = await rejoin(
      {
        store,
        router,
        families,
        onError: (cell, error) => log('error', 'rejoin.fault', { cell, ...errorFields(error) }),
      },
      epochMs(scheduledTime),
    );
    if (joined.length > 0) log('info', 'rejoin', { cells: joined.join(' ') });
  },
} satisfies ExportedHandler<Env>;
