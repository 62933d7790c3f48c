// The run's result: the days, how flat the costs are, and what was measured for the estimates of `city plan`.
import type { Violation } from '../../sim/checkers/checker.ts';
import type { Habits } from './crowd.ts';
import { type DayFigures, hoursIn, type Rates } from './figures.ts';
import { type OtherDesigns, otherDesigns } from './others.ts';

export type DayReport = DayFigures & OtherDesigns;

/** By how much the days differ from their mean: the farthest, in both directions. */
export type Spread = { readonly mean: number; readonly lowest: number; readonly highest: number };

export type GrowthReport = {
  readonly users: number;
  readonly cells: number;
  readonly splits: number;
  readonly violations: number;
  readonly hottestCellEventsPerS: number;
  readonly dollarsPerMonth: number;
  readonly perMillionEvents: Spread;
  readonly perThousandQuestions: Spread;
  readonly seed: number;
  readonly cities: number;
  readonly cityFiles: readonly string[];
  readonly habits: Habits;
  readonly measured: Measured;
  readonly divisions: Divisions;
  /** The first violations, told. */
  readonly violated: readonly Violation[];
  readonly days: readonly DayReport[];
};

/** Hot cells that were simulated whole and split by the shipping protocol while people used them. */
export type Divisions = {
  readonly cells: readonly string[];
  readonly people: number;
  readonly splits: number;
  readonly hottestCellEventsPerS: number;
  readonly violations: number;
};

export type Measured = {
  readonly connectionsPerUserHour: number;
  readonly connection: {
    readonly rows: number;
    readonly reads: number;
    readonly calls: number;
    readonly workerRequests: number;
    readonly awakeMs: number;
  };
  readonly question: {
    readonly rows: number;
    readonly reads: number;
    readonly calls: number;
    readonly messages: number;
    readonly awakeMs: number;
  };
};

export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  if (mean === 0) return { mean: 0, lowest: 0, highest: 0 };
  return { mean, lowest: Math.min(...values) / mean - 1, highest: Math.max(...values) / mean - 1 };
}

export const withOthers = (day: DayFigures): DayReport => ({ ...day, ...otherDesigns(day) });

/** What a connection and a question take, over everything that was counted. */
export function measuredOf({ presence, questions, asked }: Rates, habits: Habits): Measured {
  const { connections } = presence;
  const per = (value: number, of: number): number => (of === 0 ? 0 : Math.round((value / of) * 100) / 100);
  return {
    connectionsPerUserHour: per(connections, hoursIn(presence, habits)),
    connection: {
      rows: per(presence.rows, connections),
      reads: per(presence.reads, connections),
      calls: per(presence.calls, connections),
      workerRequests: per(presence.workerRequests, connections),
      awakeMs: per(presence.awakeMs - presence.messages, connections),
    },
    question: {
      rows: per(questions.rows, asked),
      reads: per(questions.reads, asked),
      calls: per(questions.calls, asked),
      messages: per(questions.messages, asked),
      awakeMs: per(questions.awakeMs, asked),
    },
  };
}
