// /v1/ops/status: the load of cities and of their hottest cells. One table is read, and only the hottest cells are asked.
import { statusOf } from '../../city/status.ts';
import type { Services } from '../../edge/services.ts';
import { mapBounded } from '../../lib/bounded.ts';
import { epochMs } from '../../lib/brand.ts';
import type { CellId, CityId } from '../../protocol/ids.ts';
import { busy, isProblem, problem } from '../../protocol/problems.ts';
import type { CellLoad, ToldLoad } from '../../protocol/status.ts';
import { STATUS_CELLS_DEFAULT, statusQuerySchema } from '../../protocol/wire.ts';
import { done, type Route, route } from '../route.ts';

/** A cell tells again within the hour: what is older is of a cell that sleeps. */
const TOLD_MS = 70 * 60_000;
const ASKED_MAX = 12;

export const statusRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/ops/status',
    summary: 'Load and headroom of the cities and of their hottest cells, and which will be hot next',
    scopes: ['ops'],
    status: 200,
    query: statusQuerySchema,
    handle: async ({ services, query, trace }) => {
      const { cells = STATUS_CELLS_DEFAULT } = query;
      const city = query.city as CityId | undefined;
      const { store, loads } = services;
      const now = epochMs(Date.now());
      const since = epochMs(now - TOLD_MS);
      const read = await Promise.all([
        store.cities(),
        loads.cities(since, city),
        loads.hottest(since, cells, city),
      ]).catch(() => undefined);
      if (read === undefined) return busy('the table of loads cannot be read for the moment');
      const [all, totals, told] = read;
      const cities = city === undefined ? all : all.filter(({ id }) => id === city);
      if (city !== undefined && cities.length === 0) return problem('unknown_city');
      const { live, gone, silent } = await ask(services, told.slice(0, ASKED_MAX), trace);
      const hottest = told.filter(({ cell }) => !gone.has(cell));
      return done(statusOf({ cities, totals, hottest, live, silent }, now));
    },
  }),
];

type Answers = {
  readonly live: ReadonlyMap<CellId, CellLoad>;
  readonly gone: ReadonlySet<CellId>;
  readonly silent: ReadonlyMap<CellId, string>;
};

/** One that does not answer is shown as it told; one that is not a leaf any more is not shown. */
async function ask({ router }: Services, told: readonly ToldLoad[], trace: string): Promise<Answers> {
  const live = new Map<CellId, CellLoad>();
  const gone = new Set<CellId>();
  const silent = new Map<CellId, string>();
  await mapBounded(told, async ({ cell }) => {
    const load = await router.look(cell, trace);
    if (load === undefined) gone.add(cell);
    else if (isProblem(load)) silent.set(cell, load.code);
    else if (load.life === 'handing' || load.life === 'merging') gone.add(cell);
    else live.set(cell, load);
  });
  return { live, gone, silent };
}
