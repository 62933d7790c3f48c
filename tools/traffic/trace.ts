// Traces: who was where when, and what was asked where when, from CSV files as the world writes them, dirt included.
import { numberOf } from '../support/args.ts';
import { columnsOf, type NamedColumns, type TraceKind } from './columns.ts';
import { openCsv } from './csv.ts';
import { timeOf } from './trace-time.ts';
import type { Zone } from './zone.ts';

export type TraceFile = {
  readonly path: string;
  readonly kind: TraceKind;
  readonly columns?: NamedColumns;
  /** Of times that say none. */
  readonly zone?: Zone | undefined;
};

export type TraceRow = {
  readonly line: number;
  /** The user, or the id of the question. */
  readonly who: string;
  /** Milliseconds since 1970; NaN when the file does not say. */
  readonly atMs: number;
  /** Degrees; NaN when the file does not say. */
  readonly lat: number;
  readonly lng: number;
  /** What was asked for; '' when the file does not say. */
  readonly topic: string;
  /** Why the row is doubtful: the file's own word (column `q`), or ours; undefined for a good one. */
  readonly bad?: string;
  /** Of a row that cannot be played: what stands in the field that is to blame. */
  readonly said?: string;
};

/** Why a row cannot be played, in words, with what to do. */
export const UNPLAYABLE: Readonly<Record<string, string>> = {
  noname: 'nobody is named: is it the right column? --columns user=NAME or id=NAME says which',
  badtime:
    'no time that can be read: write 2023-01-31T08:30:00Z, or seconds or milliseconds since 1970, or name another column with --columns ts=NAME',
  nozone: 'a local time: say whose with --zone, for example --zone America/Chicago',
  dayormonth: 'is the day first, or the month? write 2023-01-31 08:30:00',
};

/** Every row of the file, in its order. Throws when the file cannot be read or lacks a column that is needed. */
export async function* readTrace({ path, kind, columns, zone }: TraceFile): AsyncGenerator<TraceRow> {
  const { header, rows } = await openCsv(path);
  const at = columnsOf(path, header, kind, columns ?? new Map());
  for await (const { line, fields, ragged } of rows) {
    const field = (index: number | undefined): string => (index === undefined ? '' : (fields[index] ?? '').trim());
    const who = field(at.who);
    const time = timeOf(field(at.ts), zone);
    const row = {
      line,
      who,
      atMs: 'bad' in time ? Number.NaN : time.atMs,
      lat: degreesOf(field(at.lat)),
      lng: degreesOf(field(at.lng)),
      topic: field(at.topic),
    };
    if (who === '') yield { ...row, bad: 'noname', said: '' };
    else if ('bad' in time) yield { ...row, bad: time.bad, said: field(at.ts) };
    else {
      const bad = doubt(row, field(at.quality), ragged);
      yield bad === undefined ? row : { ...row, bad };
    }
  }
}

/** True when a row can be given to the service at a time and under a name, however wrong the rest is. */
export function isPlayable({ who, atMs }: TraceRow): boolean {
  return who !== '' && !Number.isNaN(atMs);
}

function doubt({ lat, lng }: TraceRow, quality: string, ragged: boolean): string | undefined {
  if (ragged) return 'ragged';
  if (quality !== '' && quality !== 'ok') return quality;
  if (Number.isNaN(lat) || Number.isNaN(lng)) return 'nocoord';
  if (Math.abs(lat) > 90 || Math.abs(lng) > 180) return 'badcoord';
  return undefined;
}

/** Where fields are separated by something else, the decimal point is often a comma. NaN for no number: '' is no place. */
function degreesOf(text: string): number {
  return numberOf(/^[-+]?\d+,\d+$/.test(text) ? text.replace(',', '.') : text);
}
