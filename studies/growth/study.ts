// The whole run as a list of samples to simulate, and what they are for. Pure: who runs them, on how many threads, is not said here.
import { prng } from '../../src/lib/prng.ts';
import type { CellId } from '../../src/protocol/ids.ts';
import type { PolicyPatch } from '../../src/protocol/policy.ts';
import { type Habits, stayMsOf } from './crowd.ts';
import { PEAK_SHARE } from './day-curve.ts';
import type { Day, TownDay } from './days.ts';
import type { SampleSpec } from './sample.ts';
import { type Element, placeOf, type Survey, surveyOf, touching } from './strata.ts';

export type Effort = {
  /** Days of so many people or fewer are simulated whole. */
  readonly wholeUsers: number;
  /** Small days are repeated until so many people were simulated. */
  readonly wholePeople: number;
  /** Cells and hours drawn from each stratum of a day. */
  readonly each: number;
  /** Steps that one sampled world may take, roughly. */
  readonly steps: number;
};

export type DayStudy =
  | { readonly t: 'whole'; readonly day: Day; readonly repeats: number; readonly specs: readonly SampleSpec[] }
  | { readonly t: 'sampled'; readonly day: Day; readonly survey: Survey; readonly specs: readonly SampleSpec[] };

export function studyOf(day: Day, habits: Habits, policy: PolicyPatch, effort: Effort, seed: number): DayStudy {
  const draw = prng(seed ^ (day.day * 0x9e37));
  if (day.users <= effort.wholeUsers) {
    const repeats = Math.max(1, Math.round(effort.wholePeople / day.users));
    const specs = Array.from({ length: repeats }, () => wholeDay(day, habits, policy, draw.u32())).flat();
    return { t: 'whole', day, repeats, specs };
  }
  const survey = surveyOf(day, habits, effort.each, draw);
  const all = [...survey.strata.values()].reduce((sum, { hours }) => sum + hours, 0);
  const chosen = [...survey.strata.values()].filter(({ hours }) => hours >= 0.01 * all).flatMap(({ drawn }) => drawn);
  // Several draws may have met the same cell at the same hour: once is enough.
  const once = new Map<string, Element>(
    [survey.hottest, ...chosen].map((one) => [`${one.leaf.cell} ${one.utcHour}`, one]),
  );
  const specs = [...once.values()].map((element) => stretch(element, habits, policy, effort.steps, draw.u32()));
  return { t: 'sampled', day, survey, specs };
}

const HOUR_MS = 3_600_000;
const ALL_MS: readonly [number, number] = [0, Number.MAX_SAFE_INTEGER];

/** Each town by itself: they are far apart. People are shared out to whole people, the largest rest first. */
function wholeDay(day: Day, habits: Habits, policy: PolicyPatch, seed: number): readonly SampleSpec[] {
  const draw = prng(seed);
  const shares = day.towns.map(({ users }) => Math.floor(users));
  const byRest = day.towns
    .map(({ users }, i) => ({ i, rest: users - Math.floor(users) }))
    .sort((a, b) => b.rest - a.rest);
  let left = day.users - shares.reduce((sum, users) => sum + users, 0);
  for (const { i } of byRest) if (left-- > 0) shares[i] = (shares[i] ?? 0) + 1;
  return day.towns.flatMap(({ town, leaves }, i): SampleSpec[] => {
    const users = shares[i] ?? 0;
    if (users === 0) return [];
    const cells = leaves.map(({ cell }) => cell);
    return [
      {
        seed: draw.u32(),
        cells,
        counted: cells,
        people: { t: 'day', users, zoneH: town.zoneH, density: town.density },
        habits,
        policy,
        windowMs: ALL_MS,
        endMs: 24 * HOUR_MS + habits.sessions * (stayMsOf(habits) + HOUR_MS),
      },
    ];
  });
}

/** Those who are there from the start come within this time, and are not counted before the world is warm. */
const SETTLING_MS = 20_000;
const WARM_MS = 45_000;
const CROWD = 400;
const WINDOW_MAX_MS = 4 * HOUR_MS;
const WINDOW_MIN_MS = 90_000;

/**
 * A steady crowd, for as long as the steps allow. Which cells are split is the plan's to say: a cell just below its limits that
 * chance lifts above them for a moment would be counted as if all of its kind were split within these minutes.
 */
function stretch(element: Element, habits: Habits, policy: PolicyPatch, steps: number, seed: number): SampleSpec {
  const { cells, loads, counted, people } = placeOf(element, habits);
  // Where few are, a question may sleep for a quarter of an hour; where many are, it has its answer in a minute.
  const restMs = people > CROWD ? 75_000 : 16 * 60_000;
  const forMs = (steps / (1.15 * people)) * habits.pingS * 1000;
  const windowMs = Math.min(WINDOW_MAX_MS, Math.max(WINDOW_MIN_MS, forMs - restMs - WARM_MS));
  const endMs = WARM_MS + windowMs + restMs;
  return {
    seed,
    cells,
    counted,
    people: { t: 'steady', loads, forMs: endMs, settlingMs: SETTLING_MS, density: densityOf(element.town) },
    habits,
    policy: { ...policy, limits: { ...policy.limits, autoSplit: false } },
    windowMs: [WARM_MS, WARM_MS + windowMs],
    endMs,
  };
}

const densityOf = ({ town }: TownDay): TownDay['town']['density'] => town.density;

/**
 * A cell that grows too hot on this day, as it was the day before: whole, with its neighbours, its people coming within minutes. It
 * is split while it works, by the shipping protocol. Undefined when none is small enough to be simulated whole.
 */
export function divided(
  day: Day,
  before: Day | undefined,
  habits: Habits,
  policy: PolicyPatch,
  seed: number,
): SampleSpec | undefined {
  for (const town of day.towns) {
    const was = before?.towns.find((one) => one.town === town.town)?.leaves ?? [];
    const parts = new Map<CellId, number>();
    for (const { cell, users } of town.leaves) {
      const parent = cell.slice(0, -1) as CellId;
      if (was.some((one) => one.cell === parent)) parts.set(parent, (parts.get(parent) ?? 0) + users);
    }
    for (const [parent, users] of parts) {
      const people = users * habits.hours * PEAK_SHARE;
      if (people > PEOPLE_MAX) continue;
      const cells = [parent, ...was.flatMap(({ cell }) => (cell !== parent && touching(cell, parent) ? [cell] : []))];
      const loads = cells.map((cell) => (cell === parent ? people : NEIGHBOURS));
      const endMs = DIVIDED_MS;
      const crowd = { t: 'steady', loads, forMs: endMs, settlingMs: COMING_MS, density: densityOf(town) } as const;
      return { seed, cells, counted: [parent], people: crowd, habits, policy, windowMs: [0, endMs], endMs };
    }
  }
  return undefined;
}

const PEOPLE_MAX = 4000;
const NEIGHBOURS = 20;
/** An evening's crowd in fast motion. */
const COMING_MS = 480_000;
const DIVIDED_MS = 720_000;

/** A small whole world, from which the load that a person puts on a cell is taken before anything is split. */
export function firstLook(cell: CellId, day: Day, habits: Habits, policy: PolicyPatch, seed: number): SampleSpec {
  const density = (day.towns[0] as TownDay).town.density;
  const endMs = WARM_MS + 30 * 60_000;
  const people = { t: 'steady', loads: [100], forMs: endMs, settlingMs: SETTLING_MS, density } as const;
  return { seed, cells: [cell], counted: [cell], people, habits, policy, windowMs: [WARM_MS, endMs - 300_000], endMs };
}
