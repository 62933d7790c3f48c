// When the rows of two traces are played: from which hour on, each day by itself or all days laid on one.
import { isPlayable, readTrace, type TraceKind, type TraceRow } from './trace.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export type Scan = {
  readonly rows: number;
  /** Rows without a name or a time, by reason: nobody knows when to play them. */
  readonly unplayable: ReadonlyMap<string, number>;
  /** Playable rows by hour: since 1970, or of the day when folded. */
  readonly hours: ReadonlyMap<number, number>;
  readonly firstMs: number;
  readonly lastMs: number;
};

/** Reads a file once to know its hours. Throws when it has no row that can be played. */
export async function scanTrace(path: string, kind: TraceKind, fold: boolean): Promise<Scan> {
  const unplayable = new Map<string, number>();
  const hours = new Map<number, number>();
  let rows = 0;
  let firstMs = Infinity;
  let lastMs = -Infinity;
  for await (const row of readTrace(path, kind)) {
    rows += 1;
    if (!isPlayable(row)) {
      const reason = row.bad ?? 'unplayable';
      unplayable.set(reason, (unplayable.get(reason) ?? 0) + 1);
      continue;
    }
    const atMs = fold ? timeOfDay(row.atMs) : row.atMs;
    const hour = Math.floor(atMs / HOUR_MS);
    hours.set(hour, (hours.get(hour) ?? 0) + 1);
    firstMs = Math.min(firstMs, atMs);
    lastMs = Math.max(lastMs, atMs);
  }
  if (hours.size === 0) throw new Error(`${path} has no row that can be played (of ${rows})`);
  return { rows, unplayable, hours, firstMs, lastMs };
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

export type TimelineOptions = {
  readonly path: string;
  readonly kind: TraceKind;
  readonly fold: boolean;
  /** Since 1970, or of the day when folded. */
  readonly fromMs: number;
};

/**
 * The playable rows from `fromMs` on, in order. Unfolded they stream, and a row out of order is due at once. Folded they are
 * sorted in memory; the hours before `fromMs` come after midnight, and each day of a user is a user of its own.
 */
export async function* timeline({ path, kind, fold, fromMs }: TimelineOptions): AsyncGenerator<TimedRow> {
  if (!fold) {
    for await (const row of readTrace(path, kind)) {
      if (isPlayable(row) && row.atMs >= fromMs) yield { ...row, offsetMs: row.atMs - fromMs };
    }
    return;
  }
  const rows: TimedRow[] = [];
  for await (const row of readTrace(path, kind)) {
    if (isPlayable(row)) rows.push(folded(row, fromMs));
  }
  rows.sort((a, b) => a.offsetMs - b.offsetMs || a.line - b.line);
  yield* rows;
}

/** The row on the one day, under the name of its own day. */
export function folded(row: TraceRow, fromMs: number): TimedRow {
  const day = new Date(row.atMs).toISOString().slice(0, 10);
  const offsetMs = (timeOfDay(row.atMs) - fromMs + DAY_MS) % DAY_MS;
  return { ...row, who: `${row.who}.${day}`, offsetMs };
}

export function timeOfDay(atMs: number): number {
  return ((atMs % DAY_MS) + DAY_MS) % DAY_MS;
}
