// JRN1: numbers what a step records, and says when what waits in many rows is gathered into one.
import { type EpochMs, plusMs } from '../lib/brand.ts';
import { type QuestionId, questionOf, type UserId } from '../protocol/ids.ts';
import type { AnyCell } from './state.ts';
import { encodeJournal, type JournalRecord, type Numbered, type Owner, type Waiting } from './tables/journal.ts';
import type { Resident } from './tables/users.ts';
import type { Step } from './workspace.ts';

/** So many wait at most. */
export const WAITING_MAX = 64;
/** With an alarm that is due anyway those that have waited so long are gathered. */
const WAITS_MS = 600_000;
/** BOUND2: of one row of the journal. */
const RECORDS_MAX = 1000;

const NOTHING: readonly never[] = [];

type OfUser = Extract<JournalRecord, { readonly who: string }>;

/** Something has happened to a question, an offer or the cell: their row is written in this step, and the record with it. */
export function record(step: Step<AnyCell>, what: Exclude<JournalRecord, OfUser>): void {
  const question = 'o' in what ? questionOf(what.o) : 'q' in what ? what.q : undefined;
  if (question === undefined) {
    step.roleChanged = true;
    step.records.push({ table: 'meta', key: 'life', what });
  } else {
    step.questions.add(question);
    step.records.push({ table: 'questions', key: question, what });
  }
}

export function recordUser(step: Step<AnyCell>, { user, pseudonym: who }: Resident, t: OfUser['t']): void {
  step.users.add(user);
  step.records.push({ table: 'users', key: user, what: { t, who } });
}

/** Rows of the journal, if it is time for any; what is not gathered waits in the rows of its owners. */
export function gathered(
  step: Step<AnyCell>,
  inAlarm: boolean,
): readonly { readonly key: string; readonly value: string }[] {
  const { state, now } = step;
  for (const { table, key, what } of step.records) {
    state.journalLast++;
    state.waiting.push({ table, key, record: { n: state.journalLast, at: now, ...what } });
  }
  const { waiting } = state;
  const first = waiting[0];
  if (first === undefined) return [];
  const isOld = inAlarm && plusMs(first.record.at, WAITS_MS) <= now;
  if (!step.gathers && !isOld && waiting.length < WAITING_MAX && !waiting.some((one) => isDropped(step, one)))
    return [];
  const rows: { key: string; value: string }[] = [];
  for (let from = 0; from < waiting.length; from += RECORDS_MAX) {
    const records = waiting.slice(from, from + RECORDS_MAX).map((one) => one.record);
    rows.push({ key: String(records.at(-1)?.n), value: encodeJournal(now, records) });
  }
  waiting.length = 0;
  return rows;
}

/** What waits in one row. */
export function waitingIn({ waiting }: AnyCell, table: string, key: string): readonly Numbered[] {
  if (waiting.length === 0) return NOTHING;
  return waiting.flatMap((one) => (one.table === table && one.key === key ? [one.record] : []));
}

/** The row of its owner goes in this step, if it is not gone already. */
function isDropped({ state }: Step<AnyCell>, { table, key }: Owner): boolean {
  if (table === 'users') return !state.users.has(key as UserId);
  return table === 'questions' && !state.questions.has(key as QuestionId);
}

/**
 * After all rows were read: what waits, in the order of its numbers. A number that is nowhere was in a row that could not be read.
 * @param gatheredUpTo the last number in a row of the journal
 */
export function arrangeWaiting(state: AnyCell, gatheredUpTo: number): void {
  const known = new Map<number, Waiting>();
  for (const one of state.waiting) if (one.record.n > gatheredUpTo) known.set(one.record.n, one);
  state.journalLast = Math.max(gatheredUpTo, ...known.keys());
  state.waiting.length = 0;
  for (let n = gatheredUpTo + 1; n <= state.journalLast; n++)
    state.waiting.push(
      known.get(n) ?? { table: 'meta', key: 'life', record: { n, at: state.clock, t: 'journal.lost' } },
    );
}

/** The clock was ahead when they were written. */
export function healWaiting(state: AnyCell, move: (time: EpochMs) => EpochMs): void {
  for (const [i, one] of state.waiting.entries())
    state.waiting[i] = { ...one, record: { ...one.record, at: move(one.record.at) } };
}
