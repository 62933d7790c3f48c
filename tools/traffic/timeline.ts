// When the rows of two traces are played: from which hour on, each day by itself or all days laid on one.
import { count } from '../support/progress.ts';
import { isPlayable, readTrace, type TraceFile, type TraceRow, UNPLAYABLE } from './trace.ts';
import { UTC } from './zone.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export type Unplayable = { readonly rows: number; readonly line: number; readonly said: string };

export type Scan = {
  readonly rows: number;
  /** Rows without a name or a time, by reason, with the first of each: nobody knows when to play them. */
  readonly unplayable: ReadonlyMap<string, Unplayable>;
  /** Playable rows by hour: since 1970, or of the day when folded. */
  readonly hours: ReadonlyMap<number, number>;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Playable rows that stand behind a later one: 0 in a file that is sorted by time. */
  readonly unsorted: number;
};

export type TimelineFile = TraceFile & {
  /** All days are laid on one, by the clocks of the zone. */
  readonly fold: boolean;
};

/** Reads a file once to know its hours. Throws when it has no row that can be played, saying why. */
export async function scanTrace(file: TimelineFile): Promise<Scan> {
  const unplayable = new Map<string, Unplayable>();
  const hours = new Map<number, number>();
  let rows = 0;
  let firstMs = Infinity;
  let lastMs = -Infinity;
  let newestMs = -Infinity;
  let unsorted = 0;
  for await (const row of readTrace(file)) {
    rows += 1;
    if (!isPlayable(row)) {
      const { bad = 'badtime', line, said = '' } = row;
      const seen = unplayable.get(bad) ?? { rows: 0, line, said };
      unplayable.set(bad, { ...seen, rows: seen.rows + 1 });
      continue;
    }
    if (row.atMs < newestMs) unsorted += 1;
    newestMs = Math.max(newestMs, row.atMs);
    const atMs = file.fold ? timeOfDay(file, row.atMs) : row.atMs;
    const hour = Math.floor(atMs / HOUR_MS);
    hours.set(hour, (hours.get(hour) ?? 0) + 1);
    firstMs = Math.min(firstMs, atMs);
    lastMs = Math.max(lastMs, atMs);
  }
  if (hours.size === 0) {
    const why = rows === 0 ? ['there is nothing below its header'] : unplayableLines(unplayable);
    throw new Error([`${file.path} has no row that can be played (of ${count(rows)})`, ...why].join('\n  '));
  }
  return { rows, unplayable, hours, firstMs, lastMs, unsorted };
}

/** A line for each reason: how many, where the first one is, and what to do. */
export function unplayableLines(unplayable: ReadonlyMap<string, Unplayable>): readonly string[] {
  return [...unplayable].map(([reason, { rows, line, said }]) => {
    const example = said === '' ? `as in line ${line}` : `as in line ${line}, "${said.slice(0, 60)}"`;
    return `${count(rows)} ${reason}, ${example}: ${UNPLAYABLE[reason] ?? 'it cannot be read'}`;
  });
}

/**
 * The start of the hour in which both files have most, each measured by its own busiest hour; undefined when they have no
 * hour in common.
 */
export function bestHourMs(presence: Scan, questions: Scan): number | undefined {
  const [mostUsers, mostAsked] = [Math.max(...presence.hours.values()), Math.max(...questions.hours.values())];
  let best: { readonly hour: number; readonly score: number } | undefined;
  for (const [hour, users] of [...presence.hours].sort(([a], [b]) => a - b)) {
    const score = Math.min(users / mostUsers, (questions.hours.get(hour) ?? 0) / mostAsked);
    if (score > 0 && (best === undefined || score > best.score)) best = { hour, score };
  }
  return best === undefined ? undefined : best.hour * HOUR_MS;
}

/** `HH:MM` as milliseconds of the day; undefined for what is no time of the day. */
export function parseTimeOfDay(text: string): number | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * HOUR_MS + Number(match[2]) * 60_000;
}

export type TimedRow = TraceRow & {
  /** Trace time since the start of the replay. */
  readonly offsetMs: number;
};

export type TimelineOptions = TimelineFile & {
  /** Since 1970, or of the day when folded. */
  readonly fromMs: number;
  /** Whether the file is sorted by time already, and need not be held in memory. */
  readonly sorted: boolean;
};

/**
 * The playable rows from `fromMs` on, in the order of time. What is sorted streams; what is not, or is folded, is sorted in
 * memory. Folded, the hours before `fromMs` come after midnight, and each day of a user is a user of its own.
 */
export async function* timeline(options: TimelineOptions): AsyncGenerator<TimedRow> {
  const { fold, fromMs, sorted } = options;
  const rows: TimedRow[] = [];
  for await (const row of readTrace(options)) {
    if (!isPlayable(row) || (!fold && row.atMs < fromMs)) continue;
    const timed = fold ? folded(options, row) : { ...row, offsetMs: row.atMs - fromMs };
    if (sorted && !fold) yield timed;
    else rows.push(timed);
  }
  rows.sort((a, b) => a.offsetMs - b.offsetMs || a.line - b.line);
  yield* rows;
}

/** The row on the one day, under the name of its own day. */
function folded(options: TimelineOptions, row: TraceRow): TimedRow {
  const day = new Date(wallMs(options, row.atMs)).toISOString().slice(0, 10);
  const offsetMs = (timeOfDay(options, row.atMs) - options.fromMs + DAY_MS) % DAY_MS;
  return { ...row, who: `${row.who}.${day}`, offsetMs };
}

const wallMs = ({ zone = UTC }: TimelineFile, atMs: number): number => atMs + zone.offsetAt(atMs);

function timeOfDay(file: TimelineFile, atMs: number): number {
  return ((wallMs(file, atMs) % DAY_MS) + DAY_MS) % DAY_MS;
}
