// /v1/ops/cells: the cells of a city and what each carries.

import { mayMerge } from '../../city/cell-load.ts';
import { mergeFamily } from '../../cron/merge-family.ts';
import type { Services } from '../../edge/services.ts';
import { mapBounded } from '../../lib/bounded.ts';
import type { MapRow } from '../../messages/map-row.ts';
import { type CellId, type CityId, isCellId } from '../../protocol/ids.ts';
import { isProblem, type Problem, problem } from '../../protocol/problems.ts';
import type { CellLoad } from '../../protocol/status.ts';
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
      const all = await services.store.leavesOf(city, { primary: true });
      const leaves = query.within === undefined ? all : all.filter((cell) => cell.startsWith(query.within ?? ''));
      const from = query.after === undefined ? 0 : leaves.filter((cell) => cell <= (query.after ?? '')).length;
      const names = query.load === false;
      const page = leaves.slice(from, from + (names ? CELL_NAMES_PAGE_MAX : CELLS_PAGE_MAX));
      const born = new Set(names ? [] : await services.store.bornOf(city));
      const answers = await mapBounded(page, async (cell) =>
        born.has(cell) ? services.router.look(cell, trace) : undefined,
      );
      // What one cell cannot say is said in its place: the others are well.
      const items = page.map((cell, at) => (names ? { cell, city, state: 'leaf' } : itemOf(cell, city, answers[at])));
      const loads = answers.map((load) => (load === undefined || isProblem(load) ? undefined : load));
      const next = from + page.length < leaves.length ? page.at(-1) : undefined;
      const handing = await handingTo(services, loads, new Set(page), trace);
      return done({ items, handing, total: leaves.length, ...(next === undefined ? {} : { next }) });
    },
  }),
  route({
    method: 'POST',
    path: '/v1/ops/cells/:geohash/split',
    summary: 'Divide a cell into its 32 parts; it goes on by itself',
    scopes: ['ops'],
    status: 202,
    handle: async ({ services, params, identity }) => {
      const leaf = await leafNamed(services, params['geohash']);
      if (isProblem(leaf)) return leaf;
      const { cell, city, version } = leaf;
      // The primary's word goes along: the cell may not have heard that its city has come back.
      const reply = await services.router.tellCell(cell, { t: 'split' }, version);
      if (isProblem(reply)) return reply;
      if (reply.t === 'uninitialised') return problem('unknown_cell', `${cell} is not a leaf any more`);
      if (reply.t === 'pending') return problem('cell_changing', 'it is being filled');
      if (reply.t === 'moved') return done({ cell, city, state: 'handing' });
      await services.store.noteAsked({ what: 'split', cell, city, actor: identity.name });
      return done({ cell, city, state: reply.life });
    },
  }),
  route({
    method: 'POST',
    path: '/v1/ops/cells/:geohash/merge',
    summary: 'Join the 32 parts of a cell again, if together they are not hot',
    scopes: ['ops'],
    status: 202,
    handle: async ({ services, params, identity, trace }) => {
      const parent = params['geohash'] ?? '';
      if (!isCellId(parent)) return problem('unknown_cell');
      const asked = await mergeFamily(services, { parent, actor: identity.name, mayCarry: mayMerge, trace });
      return isProblem(asked) ? asked : done(asked);
    },
  }),
];

/** A page and these are below a thousand calls. */
const HANDING_MAX = 64;

/**
 * Cells that are no leaves any more and still have something for leaves of the page, or people whom these have not claimed yet:
 * what they carry is in no leaf. One that does not answer is left out; `behind` of the leaf names it.
 */
async function handingTo(
  { router }: Services,
  loads: readonly (CellLoad | undefined)[],
  page: ReadonlySet<CellId>,
  trace: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const behind = new Set(loads.flatMap((load) => load?.behind ?? []));
  const asked = [...behind]
    .filter((cell) => !page.has(cell))
    .sort()
    .slice(0, HANDING_MAX);
  const answers = await mapBounded(asked, (cell) => router.look(cell, trace));
  return answers.flatMap((load) => (load === undefined || isProblem(load) ? [] : [itemOf(load.cell, load.city, load)]));
}

/** A leaf by the primary's word, and its city. The refusal says what has become of one that was a leaf. */
async function leafNamed({ store, router }: Services, name = ''): Promise<MapRow | Problem> {
  if (!isCellId(name)) return problem('unknown_cell', `${name} is no geohash of 3 to 7 letters`);
  const { rows } = await store.rows([name]);
  const [row] = rows;
  if (row === undefined) return problem('unknown_cell', `no city has a cell ${name}`);
  const mapRow = row.state === 'leaf' ? await store.mapRow(name) : undefined;
  if (mapRow !== undefined) return mapRow;
  const city = (await router.everLeaf(name))?.city.id;
  return {
    ...problem('unknown_cell', `${name} is not a leaf: it was ${row.state}`),
    more: { was: row.state, ...(city === undefined ? {} : { city }) },
  };
}

const EMPTY: Omit<CellLoad, 't' | 'cell' | 'city'> = {
  life: 'leaf',
  users: 0,
  eventsPerS: 0,
  stepMs: 0,
  used: 0,
  strain: 0,
  queueAgeMs: 0,
  alarmLagMs: 0,
  sockets: 0,
  questions: { open: 0, dormant: 0, matched: 0, answered: 0, expired: 0, cancelled: 0 },
  endsInMs: 0,
  beacons: 0,
  outbox: 0,
  journal: 0,
};

/** A cell that nobody has called yet carries nothing, and is not brought to life by looking at it. */
function itemOf(cell: CellId, city: CityId, load: CellLoad | Problem | undefined): Readonly<Record<string, unknown>> {
  if (load !== undefined && isProblem(load)) {
    const { code, detail } = load;
    return { cell, city, state: 'unreadable', born: true, code, ...(detail === undefined ? {} : { detail }) };
  }
  const { t: _, ...carried } = load ?? { t: 'load', ...EMPTY };
  return { ...carried, cell, city, state: carried.life, born: load !== undefined };
}
