// Who comes when: a whole day of given people, or a stretch of a steady crowd, as plans of single stays.
import { decode } from '../../src/geo/geohash.ts';
import type { Prng } from '../../src/lib/prng.ts';
import type { CellId, UserId } from '../../src/protocol/ids.ts';
import { type Life, TOPICS } from './citizen.ts';
import { arrivalMs } from './day-curve.ts';
import { type Density, drawIn, massIn } from './density.ts';

/** What one person does in a day. */
export type Habits = {
  readonly hours: number;
  /** The hours are spread over so many stays. */
  readonly sessions: number;
  readonly pingS: number;
  /** The share of people who walk, of 1. */
  readonly moving: number;
  readonly asks: number;
};

export type People =
  | { readonly t: 'day'; readonly users: number; readonly zoneH: number; readonly density: Density }
  /** So many at any time in each cell, for so long; those who are there from the start come within the time for settling. */
  | {
      readonly t: 'steady';
      readonly loads: readonly number[];
      readonly forMs: number;
      readonly settlingMs: number;
      readonly density: Density;
    };

export function crowdOf(people: People, cells: readonly CellId[], habits: Habits, draw: Prng): readonly Life[] {
  return people.t === 'day' ? wholeDay(people, cells, habits, draw) : steady(people, cells, habits, draw);
}

export const stayMsOf = ({ hours, sessions }: Habits): number => (hours / sessions) * 3_600_000;

function wholeDay(
  { users, zoneH, density }: Extract<People, { t: 'day' }>,
  cells: readonly CellId[],
  habits: Habits,
  draw: Prng,
): readonly Life[] {
  const stayMs = stayMsOf(habits);
  const masses = cells.map((cell) => massIn(density, decode(cell)));
  const lives: Life[] = [];
  for (let n = 0; n < users; n++) {
    const who = person(n, habits, draw);
    const cell = cells[weighted(masses, draw)] as CellId;
    const asks = Math.floor(habits.asks) + (draw.unit() < habits.asks % 1 ? 1 : 0);
    const starts = startsOf(habits.sessions, zoneH, stayMs, draw);
    const askedIn = Array.from({ length: asks }, () => draw.below(habits.sessions));
    starts.forEach((fromMs, session) => {
      lives.push({
        ...who,
        session: `s${session}`,
        at: drawIn(density, decode(cell), draw),
        fromMs,
        untilMs: fromMs + stayMs,
        asksAtMs: askedIn.filter((one) => one === session).map(() => fromMs + 30_000 + draw.unit() * (stayMs - 60_000)),
      });
    });
  }
  return lives;
}

/** Stays of one person do not overlap. */
function startsOf(sessions: number, zoneH: number, stayMs: number, draw: Prng): readonly number[] {
  const starts: number[] = [];
  for (let tries = 0; starts.length < sessions; tries++) {
    const at = arrivalMs(zoneH, draw.unit(), draw.unit());
    // A day that is too full for chance to place them all: one behind the other.
    if (tries > 50) starts.push((starts[starts.length - 1] ?? 0) + stayMs + 300_000);
    else if (starts.every((other) => Math.abs(other - at) > stayMs + 300_000)) starts.push(at);
  }
  return starts.sort((a, b) => a - b);
}

function steady(
  { loads, forMs, settlingMs, density }: Extract<People, { t: 'steady' }>,
  cells: readonly CellId[],
  habits: Habits,
  draw: Prng,
): readonly Life[] {
  const stayMs = stayMsOf(habits);
  const askEveryMs = habits.asks === 0 ? Number.POSITIVE_INFINITY : (habits.hours * 3_600_000) / habits.asks;
  const lives: Life[] = [];
  const add = (cell: CellId, fromMs: number, untilMs: number): void => {
    const asksAtMs: number[] = [];
    for (let at = fromMs + draw.exponential(askEveryMs); at < untilMs; at += draw.exponential(askEveryMs))
      asksAtMs.push(at);
    const who = person(lives.length, habits, draw);
    lives.push({ ...who, session: 's0', at: drawIn(density, decode(cell), draw), fromMs, untilMs, asksAtMs });
  };
  cells.forEach((cell, i) => {
    const load = loads[i] ?? 0;
    for (let n = poisson(load, draw); n > 0; n--)
      add(cell, draw.unit() * settlingMs, Math.min(forMs, settlingMs + draw.unit() * stayMs));
    if (load === 0) return;
    const everyMs = stayMs / load;
    for (let at = settlingMs + draw.exponential(everyMs); at < forMs; at += draw.exponential(everyMs))
      add(cell, at, Math.min(forMs, at + stayMs));
  });
  return lives;
}

function person(n: number, { moving }: Habits, draw: Prng): Pick<Life, 'user' | 'walks' | 'profile'> {
  return {
    user: `u${n}` as UserId,
    walks: draw.unit() < moving,
    profile: { topics: TOPICS.filter(() => draw.chance(1, 2)), languages: [], capacity: 1 + draw.below(2) },
  };
}

function weighted(masses: readonly number[], draw: Prng): number {
  let left = draw.unit() * masses.reduce((sum, mass) => sum + mass, 0);
  const at = masses.findIndex((mass) => {
    left -= mass;
    return left < 0;
  });
  return at < 0 ? 0 : at;
}

function poisson(mean: number, draw: Prng): number {
  let count = 0;
  for (let at = draw.exponential(1); at < mean; at += draw.exponential(1)) count++;
  return count;
}
