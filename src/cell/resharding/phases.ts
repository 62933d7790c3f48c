// A cell's life in the map: a leaf, about to be split or merged, being filled, or handing over what it has.

import { minDistanceToBoundsM } from '../../geo/distance.ts';
import { center, children, decode, encode, MAX_LENGTH } from '../../geo/geohash.ts';
import type { Point } from '../../geo/point.ts';
import { type EpochMs, epochMs, plusMs } from '../../lib/brand.ts';
import type { Op } from '../../messages/resharding.ts';
import { type CellId, homeOf, type QuestionId } from '../../protocol/ids.ts';
import type { AnyCell, CellState } from '../state.ts';
import type { Role } from '../tables/role.ts';

export const newRole = (): Role => ({ phase: { t: 'leaf' }, led: 0, heard: 0, origin: undefined, behind: [] });

/** Its questions are decided here: everywhere but where they are being handed over. */
export function decides({ role: { phase } }: Pick<AnyCell, 'role'>): boolean {
  return phase.t === 'leaf' || phase.t === 'splitting' || phase.t === 'filling';
}

/** Arrivals are held against sleepers only where all questions and beacons are. */
export function welcomes({ role: { phase } }: Pick<AnyCell, 'role'>): boolean {
  return phase.t === 'leaf' || phase.t === 'splitting';
}

/** A leaf to which nobody hands over anything any more: only such a one may be split, or be merged with others. */
export function isWhole({ phase, behind }: Role): boolean {
  return phase.t === 'leaf' && behind.length === 0;
}

/** Nothing of a change is left to be done here. */
export function isAtRest({ phase }: Role): boolean {
  if (phase.t === 'handing') return phase.filled && phase.handed;
  return phase.t === 'leaf' || (phase.t === 'filling' && !phase.untold);
}

/** Nobody hands anything over to it any more. */
export function hasEverybody({ phase, behind }: Role): boolean {
  return phase.t !== 'filling' && behind.length === 0;
}

/** A crash between a commit and its sends is repaired this long after it: people wait for a change of the map. */
const CHANGE_GUARD_MS = 15_000;

/** When a cell whose life is changing wants to go on; `undefined`: there is nothing to go on with. */
export function dueRole({ role, change }: CellState, now: EpochMs): EpochMs | undefined {
  if (isAtRest(role)) return undefined;
  let due: number = plusMs(now, CHANGE_GUARD_MS);
  for (const { retryAt } of change.lanes.values()) if (retryAt !== undefined) due = Math.min(due, retryAt);
  if (change.tellAt !== undefined) due = Math.min(due, change.tellAt);
  return epochMs(due);
}

/** Cells that hold people of this place beside this one. */
export function coOwners({ role: { phase, behind } }: CellState): readonly CellId[] {
  if (phase.t === 'handing') return [...phase.to, ...behind];
  return phase.t === 'merging' ? [...(children(phase.op.by) as readonly CellId[]), ...behind] : behind;
}

/**
 * The number of the next operation that this cell leads: above all that it has led, also in a life that was lost with its storage,
 * as the map's versions rise with each swap.
 */
export const nextOp = ({ role, mapRow }: CellState): number => Math.max(role.led, mapRow.version) + 1;

export const isSameOp = (a: Op | undefined, b: Op): boolean => a !== undefined && a.by === b.by && a.n === b.n;

/** As the map keeps it. */
export const opText = (op: Op): string => `${op.by}#${op.n}`;

/** Who gets a question; a home key may be shorter than a leaf, then its middle counts. */
export function successorFor(to: readonly CellId[], id: QuestionId): CellId {
  return successorAt(to, center(homeOf(id)));
}

/** Whether this cell, as a leaf, would own the question. */
export const isHomeIn = (cell: CellId, id: QuestionId): boolean =>
  encode(center(homeOf(id)), MAX_LENGTH).startsWith(cell);

/** The successor that covers a point, or the nearest one: people may be held a little beyond the border. */
export function successorAt(to: readonly CellId[], point: Point): CellId {
  const key = encode(point, MAX_LENGTH);
  const covering = to.find((cell) => key.startsWith(cell));
  if (covering !== undefined) return covering;
  let best = to[0] as CellId;
  let least = Number.POSITIVE_INFINITY;
  for (const cell of to) {
    const metres = minDistanceToBoundsM(point, decode(cell));
    if (metres >= least) continue;
    best = cell;
    least = metres;
  }
  return best;
}
