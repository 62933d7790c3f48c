// Takes a city away, a slice of its cells at a time: by whoever asks for it, and by the cron that goes on when nobody does.

import { unreadable } from '../edge/call.ts';
import type { Router } from '../edge/router.ts';
import { mapBounded } from '../lib/bounded.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { CellId, CityId } from '../protocol/ids.ts';
import { isProblem, type Problem, problem } from '../protocol/problems.ts';
import type { CellLoad } from '../protocol/status.ts';
import type { City, CityStore } from '../store/city-store.ts';

export type RemovalDeps = {
  readonly store: Pick<
    CityStore,
    'city' | 'drain' | 'keep' | 'removal' | 'leaving' | 'undrained' | 'setDrained' | 'remove' | 'untold' | 'setTold'
  >;
  readonly router: Pick<Router, 'tellCell' | 'callCell'>;
  readonly now: () => EpochMs;
};

export type RemovalView =
  | { readonly id: CityId; readonly state: 'removed' }
  | {
      readonly id: CityId;
      readonly state: 'draining';
      readonly cells: number;
      /** Cells that have nothing open and take nothing new. */
      readonly drained: number;
      /** Questions that have not ended, in the cells that were looked at. */
      readonly open: number;
      /** When the last of these ends at the latest. */
      readonly endsAt?: string;
      /** Cells of which nobody can tell whether something is open: the city stays until they can be read. */
      readonly unreadable?: readonly CellId[];
    };

/** To look at a cell is up to three calls, and one request may make a thousand. */
export const SLICE_CELLS = 300;

/** Idempotent. `unknown_city` for one that never was, and for one that is gone already, with when. */
export async function removeCity(deps: RemovalDeps, id: CityId, actor: string): Promise<RemovalView | Problem> {
  const city = await deps.store.city(id, { primary: true });
  if (city === undefined) return problem('unknown_city');
  if (city.state === 'removed') {
    await tell(deps, id, city.version);
    return gone(city);
  }
  if (city.state === 'live') await deps.store.drain(id, actor);
  return goOn(deps, id, actor);
}

/** Takes the removal of a city back, for as long as it drains. Idempotent; its cells learn of it as of any change of the map. */
export async function keepCity(
  { store }: { readonly store: Pick<CityStore, 'keep'> },
  id: CityId,
  actor: string,
): Promise<City | Problem> {
  const city = await store.keep(id, actor);
  if (city === undefined) return problem('unknown_city');
  return city.state === 'removed' ? gone(city) : city;
}

function gone({ removedAt }: City): Problem {
  const when = removedAt === undefined ? '' : ` at ${new Date(removedAt).toISOString()}`;
  return problem('unknown_city', `the city was removed${when}`);
}

/** What the cron does for every city that is going. Failures of one are told and stop no other. */
export async function removeOn(deps: RemovalDeps, onError: (city: CityId, error: unknown) => void): Promise<number> {
  const ids = await deps.store.leaving();
  for (const id of ids) {
    try {
      const city = await deps.store.city(id, { primary: true });
      if (city?.state === 'draining') await goOn(deps, id, 'cron');
      else if (city?.state === 'removed') await tell(deps, id, city.version);
    } catch (error) {
      onError(id, error);
    }
  }
  return ids.length;
}

async function goOn(deps: RemovalDeps, id: CityId, actor: string): Promise<RemovalView | Problem> {
  const { store, now } = deps;
  const before = await store.city(id, { primary: true });
  if (before === undefined) return problem('unknown_city');
  const found = await lookAt(deps, id, before.version);
  if (await store.remove(id, actor)) {
    const gone = await store.city(id, { primary: true });
    if (gone?.state === 'removed') await tell(deps, id, gone.version);
    return { id, state: 'removed' };
  }
  const how = await store.removal(id);
  if (how === undefined) return problem('unknown_city');
  // Somebody else has just taken it away.
  if (how.city.state === 'removed') return { id, state: 'removed' };
  const unread = found.unread.length > 0 ? { unreadable: found.unread } : {};
  const endsAt = found.endsInMs > 0 ? { endsAt: new Date(now() + found.endsInMs).toISOString() } : {};
  return { id, state: 'draining', cells: how.cells, drained: how.drained, open: found.open, ...endsAt, ...unread };
}

/** Ticks off the next cells that have nothing open; each has heard by then that it takes nothing new. */
async function lookAt({ store, router }: RemovalDeps, id: CityId, version: number) {
  const cells = await store.undrained(id, SLICE_CELLS);
  const loads = await mapBounded(cells, async (cell): Promise<CellLoad | Problem> => {
    const told = await router.tellCell(cell, { t: 'load' }, version).catch(unreadable);
    return told.t === 'load' || told.t === 'problem' ? told : problem('busy');
  });
  const drained: CellId[] = [];
  const unread: CellId[] = [];
  let open = 0;
  let endsInMs = 0;
  for (const [at, load] of loads.entries()) {
    const cell = cells[at] as CellId;
    if (isProblem(load)) {
      if (load.code === 'unreadable') unread.push(cell);
      continue;
    }
    const here = load.questions.open + load.questions.dormant + load.questions.matched;
    open += here;
    endsInMs = Math.max(endsInMs, load.endsInMs);
    // One that is being split, merged or filled may get questions yet.
    if (here === 0 && load.life === 'leaf') drained.push(cell);
  }
  await store.setDrained(id, drained, version);
  return { open, endsInMs, unread };
}

/** Cells that lived learn that they are gone, and send their people away. */
async function tell({ store, router }: RemovalDeps, id: CityId, version: number): Promise<void> {
  const cells = await store.untold(id, SLICE_CELLS);
  const told = await mapBounded(cells, async (cell) => {
    const reply = await router.callCell({ cell }, { t: 'dissolve', version }).catch(unreadable);
    return reply.t === 'done' || (isProblem(reply) && reply.code === 'unknown_cell') ? [cell] : [];
  });
  if (cells.length > 0) await store.setTold(id, told.flat());
}
