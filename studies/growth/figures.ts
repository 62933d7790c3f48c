// From what the samples counted to the figures of each day.
import { costOf, DAYS_PER_MONTH } from '../../src/city/cost.ts';
import { ROWS_A_MAP_ROW } from './bill.ts';
import type { Habits } from './crowd.ts';
import { percentileOf } from './percentile.ts';
import type { SampleResult } from './sample.ts';
import { type StratumKey, stratumOf } from './strata.ts';
import type { DayStudy } from './study.ts';
import { addUsage, noUsage, type Usage } from './usage.ts';

export type DayFigures = {
  readonly day: number;
  readonly users: number;
  readonly cities: number;
  readonly cells: number;
  readonly activeCells: number;
  readonly splits: number;
  readonly questions: number;
  readonly eventsPerDay: number;
  readonly eventsPerSMean: number;
  readonly eventsPerSPeak: number;
  /** Most in any ten seconds of the hottest cell. */
  readonly hottestCellEventsPerS: number;
  readonly hottestCellUsers: number;
  readonly matchRate: number;
  readonly waitP50Ms: number | null;
  readonly waitP95Ms: number | null;
  readonly rowsPerDay: number;
  readonly objectCallsPerDay: number;
  readonly messagesPerDay: number;
  readonly workerRequestsPerDay: number;
  readonly awakeSPerDay: number;
  readonly connectionsPerUser: number;
  readonly dollarsPerMonth: number;
  readonly dollarsPerMillionEvents: number;
  readonly dollarsPerThousandQuestions: number;
  /** What a question takes by itself, without the presence of those who answer it. */
  readonly questionOnlyDollarsPerThousand: number;
  readonly violations: number;
  readonly simulated: {
    readonly how: 'whole' | 'sampled';
    readonly worlds: number;
    readonly people: number;
    readonly events: number;
    /** Connected hours of the day for each one that was counted. */
    readonly factor: number;
  };
};

/** Sums of one kind of place: what an hour connected and a question take there. */
export type Rates = { presence: Usage; questions: Usage; asked: number; matched: number };
export type RateBook = ReadonlyMap<StratumKey, Rates>;

export const hoursIn = ({ messages }: Usage, { pingS }: Habits): number => (messages * pingS) / 3600;

const noRates = (): Rates => ({ presence: noUsage(), questions: noUsage(), asked: 0, matched: 0 });

function addRates(to: Rates, { presence, questions, asked, matched }: Rates): void {
  addUsage(to.presence, presence);
  addUsage(to.questions, questions);
  to.asked += asked;
  to.matched += matched;
}

export function totalOf(results: readonly SampleResult[]): Rates {
  const total = noRates();
  for (const { shares } of results) for (const share of shares.values()) addRates(total, share);
  return total;
}

/** What each kind of place takes, from all sampled worlds of all days. */
export function ratesOf(
  studies: readonly { readonly study: DayStudy; readonly results: readonly SampleResult[] }[],
): RateBook {
  const book = new Map<StratumKey, Rates>();
  for (const { study, results } of studies) {
    if (study.t === 'whole') continue;
    study.specs.forEach(({ cells, people }, i) => {
      if (people.t !== 'steady') return;
      for (const [cell, share] of results[i]?.shares ?? []) {
        const key = stratumOf(cell, people.loads[cells.indexOf(cell)] ?? 0);
        const rates = book.get(key) ?? noRates();
        book.set(key, rates);
        addRates(rates, share);
      }
    });
  }
  return book;
}

/** Those of the nearest kind of which enough was seen: of the same length first. */
const QUESTIONS_ENOUGH = 40;

export function nearestRates(book: RateBook, key: StratumKey): Rates {
  const [length, step] = key.split(':').map(Number) as [number, number];
  let best: Rates | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [other, rates] of book) {
    const [otherLength, otherStep] = other.split(':').map(Number) as [number, number];
    const scarce = rates.asked < QUESTIONS_ENOUGH ? 100 : 0;
    const away = Math.abs(length - otherLength) * 10 + Math.abs(step - otherStep) + scarce;
    if (away >= least) continue;
    least = away;
    best = rates;
  }
  if (best === undefined) throw new Error('nothing was sampled');
  return best;
}

type Summed = {
  readonly usage: Usage;
  readonly questionUsage: Usage;
  readonly matchRate: number;
  readonly peakEvents: number;
  readonly hours: number;
};

/** Rows of a cell that comes into being: its own birth, and its row in D1 with the indices; the call that brings it to life. */
const BIRTH: Usage = { ...noUsage(), rows: 1 + ROWS_A_MAP_ROW, calls: 1, events: 1 };

export function figuresOf(
  study: DayStudy,
  results: readonly SampleResult[],
  book: RateBook,
  habits: Habits,
  bornToday: number,
): DayFigures {
  const { day } = study;
  const summed = study.t === 'whole' ? summedWhole(study, results) : summedSampled(study, book, habits);
  const { usage, questionUsage } = summed;
  const born = study.t === 'whole' ? Math.max(0, bornToday - day.active) : bornToday;
  addUsage(usage, BIRTH, born);
  const waits = results.flatMap(({ waitsMs }) => waitsMs);
  const questions = day.users * habits.asks;
  const usd = costOf(usage).totalUsd;
  let hottest = { events: 0, users: 0 };
  for (const { shares } of results)
    for (const share of shares.values())
      if (share.peakEventsPerS > hottest.events) hottest = { events: share.peakEventsPerS, users: share.peakUsers };
  const counted = results.reduce(
    (sum, { shares }) =>
      sum + [...shares.values()].reduce((hours, { presence }) => hours + hoursIn(presence, habits), 0),
    0,
  );
  return {
    day: day.day,
    users: day.users,
    cities: day.towns.length,
    cells: day.cells,
    activeCells: day.active,
    splits: day.splits,
    questions: Math.round(questions),
    eventsPerDay: Math.round(usage.events),
    eventsPerSMean: usage.events / 86_400,
    eventsPerSPeak: summed.peakEvents,
    hottestCellEventsPerS: hottest.events,
    hottestCellUsers: hottest.users,
    matchRate: summed.matchRate,
    waitP50Ms: percentileOf(waits, 50),
    waitP95Ms: percentileOf(waits, 95),
    rowsPerDay: Math.round(usage.rows),
    objectCallsPerDay: Math.round(usage.calls),
    messagesPerDay: Math.round(usage.messages),
    workerRequestsPerDay: Math.round(usage.workerRequests),
    awakeSPerDay: usage.awakeMs / 1000,
    connectionsPerUser: usage.connections / day.users,
    dollarsPerMonth: usd * DAYS_PER_MONTH,
    dollarsPerMillionEvents: (usd / usage.events) * 1e6,
    dollarsPerThousandQuestions: questions === 0 ? 0 : (usd / questions) * 1000,
    questionOnlyDollarsPerThousand: questions === 0 ? 0 : (costOf(questionUsage).totalUsd / questions) * 1000,
    violations: results.reduce((sum, { violations }) => sum + violations.length, 0),
    simulated: {
      how: study.t,
      worlds: results.length,
      people: results.reduce((sum, { people }) => sum + people, 0),
      events: results.reduce((sum, { events }) => sum + events, 0),
      factor: counted === 0 ? 0 : (day.users * habits.hours) / counted,
    },
  };
}

function summedWhole({ repeats }: Extract<DayStudy, { t: 'whole' }>, results: readonly SampleResult[]): Summed {
  const { presence, questions, asked, matched } = totalOf(results);
  const usage = addUsage(addUsage(noUsage(), presence, 1 / repeats), questions, 1 / repeats);
  const hours = new Map<number, number>();
  for (const { eventsByHour } of results) {
    for (const [hour, events] of eventsByHour.entries()) hours.set(hour, (hours.get(hour) ?? 0) + events);
  }
  const peakEvents = Math.max(0, ...hours.values()) / repeats / 3600;
  return {
    usage,
    questionUsage: addUsage(noUsage(), questions, 1 / repeats),
    matchRate: asked === 0 ? 0 : matched / asked,
    peakEvents,
    hours: 0,
  };
}

function summedSampled({ day, survey }: Extract<DayStudy, { t: 'sampled' }>, book: RateBook, habits: Habits): Summed {
  const usage = noUsage();
  const questionUsage = noUsage();
  const asksPerHour = habits.hours === 0 ? 0 : habits.asks / habits.hours;
  let matched = 0;
  let asked = 0;
  const perHour = new Map<StratumKey, Usage>();
  let all = 0;
  for (const { key, hours } of survey.strata.values()) {
    const rates = nearestRates(book, key);
    const one = addUsage(noUsage(), rates.presence, 1 / hoursIn(rates.presence, habits));
    if (rates.asked > 0) addUsage(one, rates.questions, asksPerHour / rates.asked);
    perHour.set(key, one);
    addUsage(usage, one, hours);
    all += hours;
    if (rates.asked === 0) continue;
    addUsage(questionUsage, rates.questions, (hours * asksPerHour) / rates.asked);
    asked += hours * asksPerHour;
    matched += (hours * asksPerHour * rates.matched) / rates.asked;
  }
  // The hours of the strata are those of the day but for rounding.
  const scale = (day.users * habits.hours) / all;
  const peaks = survey.byHour.map((hour) => {
    let events = 0;
    for (const [key, hours] of hour) events += hours * (perHour.get(key)?.events ?? 0);
    return (events * scale) / 3600;
  });
  return {
    usage: addUsage(noUsage(), usage, scale),
    questionUsage: addUsage(noUsage(), questionUsage, scale),
    matchRate: asked === 0 ? 0 : matched / asked,
    peakEvents: Math.max(...peaks),
    hours: all * scale,
  };
}
