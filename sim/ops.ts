// The simulated city team: splits and merges cells by hand at random moments, and insists until somebody has heard; takes the city
// away, as `src/cron/removal.ts` does.

import { type Carried, together } from '../src/city/cell-load.ts';
import { coldNow, dueToMerge, type Family, isCold } from '../src/city/cold.ts';
import { children, parent } from '../src/geo/geohash.ts';
import type { EpochMs } from '../src/lib/brand.ts';
import type { Prng } from '../src/lib/prng.ts';
import type { CellRequest } from '../src/messages/calls.ts';
import type { CellId, CityId } from '../src/protocol/ids.ts';
import type { World } from './world.ts';

const TIMEOUT_MS = 15_000;
const TRIES_MAX = 5;
const LENGTH_MAX = 7;
const LOOK_EVERY_MS = 10_000;
const KEPT_WITHIN_MS = 40_000;

export type Ops = {
  readonly split: () => void;
  readonly merge: () => void;
  readonly remove: () => void;
  /** What the cron does, as `src/cron/rejoin.ts`: merges again what has been cold for long, by what the cells have told. */
  readonly rejoin: (told: ReadonlyMap<CellId, Carried>) => void;
  /** How many merges that began. */
  readonly rejoined: () => number;
  /** Whether a removal was taken back. */
  readonly kept: () => boolean;
};

const NOTHING: Carried = { users: 0, eventsPerS: 0, stepMs: 0 };
const CITY = 'sim' as CityId;

export function ops(world: World, draw: Prng): Ops {
  let lookedAt: Set<CellId> | undefined;
  let kept = false;
  let rejoined = 0;
  let cold: ReadonlyMap<CellId, EpochMs> = new Map();
  const insist = (cell: CellId, request: CellRequest, tries: number): void =>
    world.request(world.cell(cell), request, TIMEOUT_MS, (reply) => {
      if (reply.t === 'failed' && tries > 1) world.after(draw.below(5000), () => insist(cell, request, tries - 1));
    });
  /** Ticks off who has nothing open; when all leaves are, they go in one batch. */
  const look = (ticked: Set<CellId>): void => {
    // Kept meanwhile; another removal looks anew.
    if (world.map.cityState() !== 'draining' || ticked !== lookedAt) return;
    const open = [...world.map.leaves().keys()].filter((cell) => !ticked.has(cell));
    if (open.length === 0 && !world.isD1Away()) {
      dissolve(ticked, world.map.retire());
      return;
    }
    for (const cell of open)
      world.tell(world.cell(cell), { t: 'load' }, TIMEOUT_MS, (reply) => {
        if (reply.t !== 'load' || reply.life !== 'leaf') return;
        const { open: seeking, dormant, matched } = reply.questions;
        if (seeking + dormant + matched === 0) ticked.add(cell);
      });
    world.after(LOOK_EVERY_MS, () => look(ticked));
  };
  const dissolve = (untold: Set<CellId>, version: number): void => {
    for (const cell of untold)
      world.request(world.cell(cell), { t: 'dissolve', version }, TIMEOUT_MS, (reply) => {
        if (reply.t === 'done' || reply.t === 'uninitialised') untold.delete(cell);
      });
    world.after(LOOK_EVERY_MS, () => {
      if (untold.size > 0) dissolve(untold, version);
    });
  };
  const familiesOf = (leaves: ReadonlyMap<CellId, unknown>): readonly CellId[] =>
    [...new Set([...leaves.keys()].map((cell) => parent(cell) as CellId))].filter((one) =>
      children(one).every((child) => leaves.has(child as CellId)),
    );
  const merge = (cell: CellId): void => insist(cell, { t: 'merge', mapRow: world.map.familyMapRow(cell) }, TRIES_MAX);
  const team: Ops = {
    remove: () => {
      if (world.map.cityState() !== 'live') return;
      world.map.drain();
      lookedAt = new Set();
      look(lookedAt);
      if (kept || !draw.chance(1, 2)) return;
      // Now and then they change their minds, and now and then again.
      const again = draw.chance(1, 2);
      world.after(draw.below(KEPT_WITHIN_MS), () => {
        if (world.map.cityState() !== 'draining') return;
        world.map.keep();
        kept = true;
        if (again) world.after(draw.below(KEPT_WITHIN_MS), team.remove);
      });
    },
    kept: () => kept,
    rejoin: (told) => {
      if (world.isD1Away() || world.map.cityState() !== 'live') return;
      const { limits } = world.map.policy;
      const now = world.now as EpochMs;
      const carriedBy = (cell: CellId): Carried =>
        together(children(cell).map((child) => told.get(child as CellId) ?? NOTHING));
      const families = familiesOf(world.map.leaves()).map(
        (cell): Family => ({ cell, city: CITY, carried: carriedBy(cell) }),
      );
      cold = coldNow(families, () => limits, cold, now);
      for (const cell of dueToMerge(families, () => limits, cold, now)) {
        // The cells themselves have the last word.
        const parts = children(cell).flatMap((child) => world.cells.get(child as CellId)?.state ?? []);
        const users = parts.reduce((sum, { roster }) => sum + roster.size(), 0);
        if (!isCold({ ...carriedBy(cell), users }, limits)) continue;
        rejoined++;
        merge(cell);
      }
    },
    rejoined: () => rejoined,
    split: () => {
      const leaves = [...world.map.leaves().keys()].filter((cell) => cell.length < LENGTH_MAX);
      if (leaves.length > 0) insist(draw.pick(leaves), { t: 'split' }, TRIES_MAX);
    },
    merge: () => {
      const families = familiesOf(world.map.leaves());
      if (families.length > 0) merge(draw.pick(families));
    },
  };
  return team;
}
