// Has the 32 parts of a cell merged again, if together they carry little enough: asked for by ops, or by the cron.

import { type Carried, type Limits, together } from '../city/cell-load.ts';
import { childrenOf } from '../city/family.ts';
import type { Router } from '../edge/router.ts';
import { mapBounded } from '../lib/bounded.ts';
import type { CellId, CityId } from '../protocol/ids.ts';
import { CELL_LENGTH_MAX } from '../protocol/limits.ts';
import { isProblem, type Problem, problem } from '../protocol/problems.ts';
import type { CityStore } from '../store/city-store.ts';

export type MergeDeps = {
  readonly store: Pick<CityStore, 'mapRow' | 'familyMapRow' | 'noteAsked'>;
  readonly router: Pick<Router, 'peek' | 'mergeInto'>;
};

export type MergeAsked = {
  readonly parent: CellId;
  readonly actor: string;
  /** Whether one cell may carry what the parts do. */
  readonly mayCarry: (parts: readonly Carried[], limits: Limits) => boolean;
  readonly trace?: string;
};

export type Merging = { readonly cell: CellId; readonly city: CityId; readonly state: string };

/** Idempotent; it goes on by itself. Problems: `not_mergeable`, `siblings_hot`, `cell_changing`, `city_draining`, and a part's own. */
export async function mergeFamily(
  { store, router }: MergeDeps,
  { parent, actor, mayCarry, trace }: MergeAsked,
): Promise<Merging | Problem> {
  if (parent.length >= CELL_LENGTH_MAX) return problem('unknown_cell');
  const mapRow = await store.familyMapRow(parent);
  if (mapRow === undefined) return noFamily(store, parent);
  const loads = await mapBounded(childrenOf(parent), (cell) => router.peek(cell, trace));
  const failed = loads.find((load) => load !== undefined && isProblem(load));
  if (failed !== undefined && isProblem(failed)) return failed;
  const parts = loads.flatMap((load) => (load === undefined || isProblem(load) ? [] : [load]));
  if (!mayCarry(parts, mapRow.policy.limits)) {
    const { users, eventsPerS } = together(parts);
    return problem('siblings_hot', `together they carry ${users} users and ${Math.round(eventsPerS)} events a second`);
  }
  const reply = await router.mergeInto(mapRow, trace);
  if (isProblem(reply)) return reply;
  const { city } = mapRow;
  if (reply.t !== 'changing') return { cell: parent, city, state: 'handing' };
  await store.noteAsked({ what: 'merge', cell: parent, city, actor });
  return { cell: parent, city, state: reply.life };
}

/** The refusal says so when the cell is what it would become. */
async function noFamily(store: MergeDeps['store'], parent: CellId): Promise<Problem> {
  const itself = await store.mapRow(parent);
  if (itself === undefined) return problem('not_mergeable', `${parent} has not 32 parts that are leaves of one city`);
  return { ...problem('not_mergeable', `${parent} is a leaf itself`), more: { was: 'leaf', city: itself.city } };
}
