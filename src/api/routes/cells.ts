// /v1/ops/cells: the cells of a city and what each carries.
import { mapBounded } from '../../lib/bounded.ts';
import { isProblem } from '../../object/call.ts';
import type { CellId, CityId } from '../../protocol/ids.ts';
import type { CellLoad } from '../../protocol/messages.ts';
import { problem } from '../../protocol/problems.ts';
import { CELL_NAMES_PAGE_MAX, CELLS_PAGE_MAX, cellsQuerySchema } from '../../protocol/wire.ts';
import { done, type Route, route } from '../route.ts';

export const cellRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/ops/cells',
    summary: 'The cells of a city with their load',
    scopes: ['ops'],
    status: 200,
    query: cellsQuerySchema,
    handle: async ({ services, query, trace }) => {
      const city = query.city as CityId;
      if ((await services.store.city(city, { primary: true })) === undefined) return problem('unknown_city');
      const leaves = await services.store.leavesOf(city, { primary: true });
      const from = query.after === undefined ? 0 : leaves.filter((cell) => cell <= (query.after ?? '')).length;
      const names = query.load === false;
      const page = leaves.slice(from, from + (names ? CELL_NAMES_PAGE_MAX : CELLS_PAGE_MAX));
      const loads = names ? [] : await mapBounded(page, (cell) => services.router.peek(cell, trace));
      const failed = loads.find((load) => load !== undefined && isProblem(load));
      if (failed !== undefined && isProblem(failed)) return failed;
      const items = page.map((cell, at) =>
        names ? { cell, city, state: 'leaf' } : itemOf(cell, city, loads[at] as CellLoad | undefined),
      );
      const next = from + page.length < leaves.length ? page.at(-1) : undefined;
      return done({ items, total: leaves.length, ...(next === undefined ? {} : { next }) });
    },
  }),
];

const EMPTY: Omit<CellLoad, 't' | 'cell' | 'city'> = {
  users: 0,
  eventsPerS: 0,
  stepMs: 0,
  used: 0,
  strain: 0,
  queueAgeMs: 0,
  alarmLagMs: 0,
  sockets: 0,
  questions: { open: 0, dormant: 0, matched: 0, answered: 0, expired: 0, cancelled: 0 },
  beacons: 0,
  outbox: 0,
  journal: 0,
};

/** A cell that nobody has called yet carries nothing, and is not brought to life by looking at it. */
function itemOf(cell: CellId, city: CityId, load: CellLoad | undefined): Readonly<Record<string, unknown>> {
  const { t: _, ...carried } = load ?? { t: 'load', ...EMPTY };
  return { ...carried, cell, city, state: 'leaf', born: load !== undefined };
}
