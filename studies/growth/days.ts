// The growth on paper: how many people on which day, which cells are rolled out for them, and which are split, by the shipping rule.
import { type Carried, isHot, type Limits } from '../../src/city/cell-load.ts';
import { children, decode } from '../../src/geo/geohash.ts';
import type { CellId } from '../../src/protocol/ids.ts';
import type { Habits } from './crowd.ts';
import { PEAK_SHARE } from './day-curve.ts';
import { massIn } from './density.ts';
import type { Town } from './towns.ts';

export const USERS_FIRST = 10;
/** Before splits there is a cell for each so many daily users, the more the larger the service is; see `usersPerCell`. */
const USERS_PER_CELL = 250;
const USERS_PER_CELL_AT = 1000;
const USERS_PER_CELL_GROWTH = 0.15;
const LEAF_LENGTH_MAX = 7;

export type Leaf = { readonly cell: CellId; readonly users: number };
export type TownDay = { readonly town: Town; readonly users: number; readonly leaves: readonly Leaf[] };
export type Day = {
  readonly day: number;
  readonly users: number;
  readonly towns: readonly TownDay[];
  readonly cells: number;
  /** Cells that somebody is in at some time of the day, as expected. */
  readonly active: number;
  /** Splits of this day alone. */
  readonly splits: number;
};

export function usersOn(day: number, days: number, to: number): number {
  if (day >= days) return to;
  return Math.round(USERS_FIRST * (to / USERS_FIRST) ** ((day - 1) / (days - 1)));
}

/**
 * How many cells are rolled out, before splits. A city team opens the next place when those that it has are alive: 250 people a
 * day each when there are a thousand in all, 1,000 when there are ten million. The first one does for the first few hundred.
 */
export function cellsOn(users: number): number {
  const each = USERS_PER_CELL * (users / USERS_PER_CELL_AT) ** USERS_PER_CELL_GROWTH;
  return Math.ceil(users / each);
}

/** @param carriedOf what a cell carries at its peak, from the people in it then. */
export function planDays(
  towns: readonly Town[],
  { days, to }: { readonly days: number; readonly to: number },
  habits: Habits,
  limits: Limits,
  carriedOf: (peakUsers: number) => Carried,
): readonly Day[] {
  const split = new Set<CellId>();
  const peakOf = (users: number): number => users * habits.hours * PEAK_SHARE;
  const leavesOf = ({ density }: Town, cell: CellId, users: number): readonly Leaf[] => {
    const tooHot = isHot(carriedOf(peakOf(users)), limits) && cell.length < LEAF_LENGTH_MAX;
    // What was split stays split.
    if (!tooHot && !split.has(cell)) return [{ cell, users }];
    split.add(cell);
    const parts = children(cell).map((child) => ({ cell: child as CellId, mass: massIn(density, decode(child)) }));
    const all = parts.reduce((sum, { mass }) => sum + mass, 0);
    return parts.flatMap((part) => leavesOf({ density } as Town, part.cell, all === 0 ? 0 : (users * part.mass) / all));
  };
  let splitBefore = 0;
  return Array.from({ length: days }, (_, i): Day => {
    const users = usersOn(i + 1, days, to);
    const rolledOut = openOn(towns, cellsOn(users));
    const all = rolledOut.reduce((sum, { share }) => sum + share, 0);
    const plan = rolledOut.map(({ town, open, share }): TownDay => {
      const here = (users * share) / all;
      const mass = open.reduce((sum, one) => sum + one.mass, 0);
      return { town, users: here, leaves: open.flatMap((one) => leavesOf(town, one.cell, (here * one.mass) / mass)) };
    });
    const leaves = plan.flatMap((one) => one.leaves);
    const splits = split.size - splitBefore;
    splitBefore = split.size;
    const active = Math.round(leaves.reduce((sum, leaf) => sum + 1 - Math.exp(-leaf.users), 0));
    return { day: i + 1, users, towns: plan, cells: leaves.length, active, splits };
  });
}

/** Town after town, each from its densest cell. */
function openOn(towns: readonly Town[], count: number) {
  const opened: { readonly town: Town; readonly open: Town['cells']; readonly share: number }[] = [];
  let left = count;
  for (const town of towns) {
    if (left <= 0) break;
    const open = town.cells.slice(0, left);
    left -= open.length;
    const whole = town.cells.reduce((sum, { mass }) => sum + mass, 0);
    const mass = open.reduce((sum, one) => sum + one.mass, 0);
    if (mass > 0) opened.push({ town, open, share: (town.weight * mass) / whole });
  }
  return opened;
}
