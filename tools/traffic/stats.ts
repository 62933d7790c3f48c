// What happened to the questions of a demo or a replay, as their askers and the people who took them saw it.
import {
  ENDED_STATES,
  type OfferView,
  type QuestionNews,
  type QuestionState,
  type QuestionView,
  type UserEvent,
} from '../../src/protocol/views.ts';
import { mean, percentile } from './percentile.ts';

export type Summary = {
  readonly asked: number;
  /** Questions with at least one accepted offer. */
  readonly matched: number;
  readonly answered: number;
  /** Questions that slept at least once. */
  readonly dormant: number;
  /** Questions that slept and were matched later. */
  readonly woken: number;
  readonly expired: number;
  /** Failures that should not be; see `errorCodes`. */
  readonly errors: number;
  readonly errorCodes: Readonly<Record<string, number>>;
  /** Points and questions that the service refused as it should, by its code. */
  readonly refused: Readonly<Record<string, number>>;
  readonly accepted: number;
  readonly declined: number;
  /** Decisions that came too late, by the service's code: an offer may go to somebody faster. */
  readonly late: Readonly<Record<string, number>>;
  /** From asking to the first accepted offer, as the asker sees it; null when there was none. */
  readonly p50MatchMs: number | null;
  readonly p95MatchMs: number | null;
  /** Of accepted offers. */
  readonly meanDistanceM: number | null;
};

/** As it was asked, or as an event told of it. */
type Told = QuestionView | QuestionNews;

export type Tracked = { readonly question: Told; readonly state: QuestionState };

export type Stats = {
  /** @param startedMs when the call was made, by the same clock as `nowMs`. */
  readonly asked: (question: QuestionView, startedMs: number) => void;
  /** An event about a question, from its asker's inbox. */
  readonly told: (event: UserEvent) => void;
  readonly accepted: (offer: OfferView) => void;
  readonly declined: () => void;
  readonly late: (code: string) => void;
  /** A refusal when the code is one that was expected, else an error. */
  readonly failed: (code: string) => void;
  readonly summary: () => Summary;
  /** Questions that have not ended. */
  readonly live: () => readonly Tracked[];
  /** How long ago a question was asked, when that has been seen. */
  readonly sinceAskedMs: (questionId: string) => number | undefined;
};

type Row = {
  question: Told;
  state: QuestionState;
  slept: boolean;
  matchedAfterSleep: boolean;
  startedMs?: number;
  matchedAtMs?: number;
};

/**
 * @param nowMs a clock that does not fall
 * @param refusals codes that bad input is expected to meet
 */
export function stats(nowMs: () => number, refusals: ReadonlySet<string> = new Set()): Stats {
  const rows = new Map<string, Row>();
  const distances: number[] = [];
  const errors = new Map<string, number>();
  const refused = new Map<string, number>();
  const lates = new Map<string, number>();
  let declined = 0;

  // An event may overtake the reply to the ask: whichever comes first makes the row.
  const rowOf = (question: Told): Row => {
    const known = rows.get(question.id);
    if (known !== undefined) return known;
    const row: Row = { question, state: 'open', slept: false, matchedAfterSleep: false };
    rows.set(question.id, row);
    return row;
  };
  const waited = (row: Row | undefined): number | undefined =>
    row?.matchedAtMs === undefined || row.startedMs === undefined ? undefined : row.matchedAtMs - row.startedMs;

  return {
    asked: (question, startedMs) => {
      rowOf(question).startedMs = startedMs;
    },
    told: ({ type, data }) => {
      if (!('question' in data)) return;
      const row = rowOf(data.question);
      row.question = data.question;
      // Every type of an event about a question ends with the state that it tells.
      const state = type.slice(type.indexOf('.') + 1) as QuestionState;
      if (!ENDED_STATES.has(row.state)) row.state = state;
      if (state === 'dormant') row.slept = true;
      if ((state === 'matched' || state === 'answered') && row.matchedAtMs === undefined) {
        row.matchedAtMs = nowMs();
        row.matchedAfterSleep = row.slept;
      }
    },
    accepted: (offer) => void distances.push(offer.distanceM),
    declined: () => {
      declined += 1;
    },
    late: (code) => bump(lates, code),
    failed: (code) => bump(refusals.has(code) ? refused : errors, code),
    summary: () => {
      // An inbox may hold events of earlier runs: only what was asked in this one counts.
      const all = [...rows.values()].filter(({ startedMs }) => startedMs !== undefined);
      const count = (test: (row: Row) => boolean): number => all.filter(test).length;
      const waits = all.flatMap((row) => waited(row) ?? []);
      return {
        asked: all.length,
        matched: count((row) => row.matchedAtMs !== undefined),
        answered: count((row) => row.state === 'answered'),
        dormant: count((row) => row.slept),
        woken: count((row) => row.matchedAfterSleep),
        expired: count((row) => row.state === 'expired'),
        errors: [...errors.values()].reduce((sum, n) => sum + n, 0),
        errorCodes: Object.fromEntries(errors),
        refused: Object.fromEntries(refused),
        accepted: distances.length,
        declined,
        late: Object.fromEntries(lates),
        p50MatchMs: rounded(percentile(waits, 50)),
        p95MatchMs: rounded(percentile(waits, 95)),
        meanDistanceM: rounded(mean(distances)),
      };
    },
    live: () =>
      [...rows.values()].filter(({ state, startedMs }) => startedMs !== undefined && !ENDED_STATES.has(state)),
    sinceAskedMs: (id) => {
      const startedMs = rows.get(id)?.startedMs;
      return startedMs === undefined ? undefined : nowMs() - startedMs;
    },
  };
}

export function bump(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
