// Which worlds to simulate of a day that is too large to be simulated whole. What people cost depends on how large their cell is
// and how many others are in it: so the hours of all cells are sorted by these two, and from each sort some are drawn, each as
// likely as people are in it; each is simulated with its neighbours.
import { distanceM, minDistanceToBoundsM } from '../../src/geo/distance.ts';
import { center, decode } from '../../src/geo/geohash.ts';
import type { Prng } from '../../src/lib/prng.ts';
import type { CellId } from '../../src/protocol/ids.ts';
import type { Habits } from './crowd.ts';
import { shareAt } from './day-curve.ts';
import type { Day, Leaf, TownDay } from './days.ts';

export type StratumKey = `${number}:${number}`;

/** A cell at an hour. */
export type Element = {
  readonly town: TownDay;
  readonly leaf: Leaf;
  readonly utcHour: number;
  readonly people: number;
};
export type Stratum = { readonly key: StratumKey; hours: number; readonly drawn: readonly Element[] };

export type Survey = {
  readonly strata: ReadonlyMap<StratumKey, Stratum>;
  /** Hours connected, by hour of the UTC day and stratum. */
  readonly byHour: readonly ReadonlyMap<StratumKey, number>[];
  readonly hottest: Element;
};

/** By length of the cell, and people in it in steps of four: 1 is from 4 to 16. */
export function stratumOf(cell: CellId, people: number): StratumKey {
  const step = Math.min(5, Math.max(-2, Math.floor(Math.log(people) / Math.log(4))));
  return `${cell.length}:${step}`;
}

/** @param each elements drawn from each stratum. */
export function surveyOf(day: Day, habits: Habits, each: number, draw: Prng): Survey {
  const strata = new Map<StratumKey, { key: StratumKey; hours: number; pots: Pot[] }>();
  const byHour = Array.from({ length: 24 }, () => new Map<StratumKey, number>());
  let hottest: Element | undefined;
  for (const town of day.towns) {
    for (let utcHour = 0; utcHour < 24; utcHour++) {
      const share = habits.hours * shareAt(utcHour, town.town.zoneH);
      for (const leaf of town.leaves) {
        const people = leaf.users * share;
        if (people <= 0) continue;
        const key = stratumOf(leaf.cell, people);
        const element = { town, leaf, utcHour, people };
        const stratum = strata.get(key) ?? { key, hours: 0, pots: Array.from({ length: each }, pot) };
        strata.set(key, stratum);
        stratum.hours += people;
        for (const one of stratum.pots) offer(one, element, draw);
        const hour = byHour[utcHour] as Map<StratumKey, number>;
        hour.set(key, (hour.get(key) ?? 0) + people);
        if (hottest === undefined || people > hottest.people) hottest = element;
      }
    }
  }
  if (hottest === undefined) throw new Error('nobody is anywhere');
  const drawn = [...strata.values()].map(({ key, hours, pots }): [StratumKey, Stratum] => [
    key,
    { key, hours, drawn: pots.flatMap((one) => one.element ?? []) },
  ]);
  return { strata: new Map(drawn), byHour, hottest };
}

type Pot = { element: Element | undefined; best: number };
const pot = (): Pot => ({ element: undefined, best: Number.NEGATIVE_INFINITY });

/** One of all that are offered, each as likely as its people (Efraimidis and Spirakis). */
function offer(into: Pot, element: Element, draw: Prng): void {
  const key = Math.log(1 - draw.unit()) / element.people;
  if (key <= into.best) return;
  into.best = key;
  into.element = element;
}

/** A cell, its neighbours, and which of them have all theirs in the world too. */
export type Place = {
  readonly cells: readonly CellId[];
  readonly loads: readonly number[];
  readonly counted: readonly CellId[];
  readonly people: number;
};

/** No circle of a question reaches farther in a city without many people. */
const REACH_M = 4700;
/** With so many people around, a question finds them nearby. */
const PEOPLE_ENOUGH = 1200;
const CELLS_MAX = 150;

export function placeOf({ town, leaf, utcHour }: Element, habits: Habits): Place {
  const share = habits.hours * shareAt(utcHour, town.town.zoneH);
  const middle = center(leaf.cell);
  const sorted = town.leaves
    .map((other) => ({
      ...other,
      away: minDistanceToBoundsM(middle, decode(other.cell)),
      touches: touching(leaf.cell, other.cell),
    }))
    .sort((a, b) => Number(b.touches) - Number(a.touches) || a.away - b.away || (a.cell < b.cell ? -1 : 1));
  const own = decode(leaf.cell);
  const reachM = REACH_M + distanceM(middle, { lat: own.maxLat, lng: own.maxLng });
  const chosen: Leaf[] = [];
  let people = 0;
  for (const other of sorted) {
    const enough = people >= PEOPLE_ENOUGH || other.away > reachM || chosen.length >= CELLS_MAX;
    if (enough && !other.touches) break;
    chosen.push(other);
    people += other.users * share;
  }
  const inside = new Set(chosen.map(({ cell }) => cell));
  const near = chosen.slice(0, 60);
  const counted = near.filter(
    ({ cell }) =>
      cell === leaf.cell || town.leaves.every((other) => inside.has(other.cell) || !touching(cell, other.cell)),
  );
  return {
    cells: chosen.map(({ cell }) => cell),
    loads: chosen.map(({ users }) => users * share),
    counted: counted.map(({ cell }) => cell),
    people,
  };
}

/** Sides or corners in common; a cell touches itself. */
export function touching(a: CellId, b: CellId): boolean {
  const [one, other] = [decode(a), decode(b)];
  const slack = 1e-9;
  return (
    one.minLat <= other.maxLat + slack &&
    other.minLat <= one.maxLat + slack &&
    one.minLng <= other.maxLng + slack &&
    other.minLng <= one.maxLng + slack
  );
}
