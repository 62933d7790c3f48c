// The run from end to end: cities, days, samples, figures. Somebody else simulates the samples.

import { pingEveryMs } from '../../src/cell/backpressure/pressure.ts';
import type { Carried } from '../../src/city/cell-load.ts';
import { prng } from '../../src/lib/prng.ts';
import { resolvePolicy } from '../../src/matching/policy.ts';
import type { PolicyPatch } from '../../src/protocol/policy.ts';
import type { Habits } from './crowd.ts';
import { cellsOn, type Day, planDays } from './days.ts';
import { figuresOf, hoursIn, ratesOf, totalOf } from './figures.ts';
import { type Divisions, type GrowthReport, measuredOf, spreadOf, withOthers } from './report.ts';
import type { SampleResult, SampleSpec } from './sample.ts';
import { divided, type Effort, firstLook, studyOf } from './study.ts';
import { type Boundary, madeUpTowns, type Town, townOf } from './towns.ts';

export type GrowthOptions = {
  readonly days: number;
  readonly to: number;
  readonly seed: number;
  /** Made up when there are none. */
  readonly boundaries: readonly Boundary[];
  readonly cityFiles: readonly string[];
  /** Nobody anywhere but in the cities given: otherwise made-up ones follow when these are rolled out. */
  readonly only: boolean;
  readonly habits: Habits;
  readonly wholeUsers: number;
  /** 1 is what a few minutes on two cores allow. */
  readonly effort: number;
};

/** Simulates samples; the results in the same order. */
export type Simulate = (label: string, specs: readonly SampleSpec[]) => Promise<readonly SampleResult[]>;

const WHOLE_PEOPLE = 800;
/** Worlds in which a cell is split while it works. */
const DIVIDED_MAX = 2;
const VIOLATED_MAX = 20;
const EACH = 1;
const STEPS = 110_000;
/** Rules of the cities: the defaults, and the interval of pings. */
const policyOf = ({ pingS }: Habits): PolicyPatch => ({ presence: { pingEveryS: pingS } });

export async function growthRun(options: GrowthOptions, simulate: Simulate): Promise<GrowthReport> {
  const { habits, seed } = options;
  const draw = prng(seed);
  const towns = townsOf(options, draw.fork());
  const policy = policyOf(habits);
  const resolved = resolvePolicy(policy);
  if (!resolved.ok) throw new Error('the default policy is bad');
  const plan = (carriedOf: (peakUsers: number) => Carried): readonly Day[] =>
    planDays(towns, options, habits, resolved.value.limits, carriedOf);
  // First what a person makes of events, then who has to split.
  const [first] = plan(() => ({ users: 0, eventsPerS: 0, stepMs: 0 }));
  if (first === undefined) throw new Error('there are no days');
  const looked = await simulate('a first look', [
    firstLook(first.towns[0]?.leaves[0]?.cell as never, first, habits, policy, draw.u32()),
  ]);
  const { cellEvents } = eventsIn(looked);
  const perUserS = cellEvents / (hoursIn(totalOf(looked).presence, habits) * 3600);
  // A cell under pressure asks for fewer pings before it has to be split.
  const everyMs = (users: number): number =>
    pingEveryMs(0, users, resolved.value.presence.ttlDefaultMs, resolved.value);
  const days = plan((users) => ({
    users,
    eventsPerS: users * perUserS * Math.min(1, (habits.pingS * 1000) / everyMs(users)),
    stepMs: STEP_MS,
  }));
  const effort: Effort = {
    wholeUsers: options.wholeUsers,
    wholePeople: WHOLE_PEOPLE * options.effort,
    each: Math.max(1, Math.round(EACH * Math.sqrt(options.effort))),
    steps: STEPS * Math.sqrt(options.effort),
  };
  const studies = days.map((day) => studyOf(day, habits, policy, effort, seed));
  const specs = studies.flatMap((study) => study.specs);
  const hot = days
    .flatMap((day, i) => divided(day, days[i - 1], habits, policy, draw.u32()) ?? [])
    .slice(0, DIVIDED_MAX);
  const all = await simulate(`${specs.length + hot.length} worlds`, [...specs, ...hot]);
  const results = all.slice(0, specs.length);
  const divisions = divisionsOf(hot, all.slice(specs.length));
  let taken = 0;
  const done = studies.map((study) => {
    const mine = results.slice(taken, taken + study.specs.length);
    taken += study.specs.length;
    return { study, results: mine };
  });
  const book = ratesOf(done);
  const reports = done.map(({ study, results: mine }, i) => {
    const born = study.day.cells - (studies[i - 1]?.day.cells ?? 0);
    return withOthers(figuresOf(study, mine, book, habits, born));
  });
  const last = reports[reports.length - 1];
  if (last === undefined) throw new Error('there are no days');
  return {
    users: last.users,
    cells: last.cells,
    splits: reports.reduce((sum, { splits }) => sum + splits, 0),
    violations: divisions.violations + reports.reduce((sum, { violations }) => sum + violations, 0),
    hottestCellEventsPerS: Math.max(
      divisions.hottestCellEventsPerS,
      ...reports.map(({ hottestCellEventsPerS }) => hottestCellEventsPerS),
    ),
    dollarsPerMonth: last.dollarsPerMonth,
    perMillionEvents: spreadOf(reports.map(({ dollarsPerMillionEvents }) => dollarsPerMillionEvents)),
    perThousandQuestions: spreadOf(reports.map(({ dollarsPerThousandQuestions }) => dollarsPerThousandQuestions)),
    seed,
    cities: last.cities,
    cityFiles: options.cityFiles,
    habits,
    divisions,
    violated: all.flatMap(({ violations }) => violations).slice(0, VIOLATED_MAX),
    measured: measuredOf(totalOf(results), habits),
    days: reports,
  };
}

/** The mean step of a crowded cell: `npm run bench -- --only cell`. */
const STEP_MS = 0.05;

function divisionsOf(specs: readonly SampleSpec[], results: readonly SampleResult[]): Divisions {
  const peaks = results.flatMap(({ shares }) => [...shares.values()].map(({ peakEventsPerS }) => peakEventsPerS));
  return {
    cells: specs.flatMap(({ counted }) => counted),
    people: results.reduce((sum, { people }) => sum + people, 0),
    splits: results.reduce((sum, { splits }) => sum + splits, 0),
    hottestCellEventsPerS: Math.max(0, ...peaks),
    violations: results.reduce((sum, { violations }) => sum + violations.length, 0),
  };
}

function eventsIn(results: readonly SampleResult[]): { readonly cellEvents: number } {
  const { presence, questions } = totalOf(results);
  return { cellEvents: presence.events + questions.events };
}

function townsOf({ boundaries, only, to }: GrowthOptions, draw: ReturnType<typeof prng>): readonly Town[] {
  const taken = new Set<string>();
  const given = boundaries.map((boundary) => {
    const town = townOf(boundary, taken, draw.fork());
    if (town.cells.length === 0) throw new Error(`${boundary.name}: the cities before it have all its cells`);
    for (const { cell } of town.cells) taken.add(cell);
    return town;
  });
  return only ? given : [...given, ...madeUpTowns(cellsOn(to) - taken.size, taken, draw)];
}
