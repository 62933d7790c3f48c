// Traces: who was where when, and what was asked where when, from CSV files as the world writes them, dirt included.
import { openCsv } from './csv.ts';

export type TraceKind = 'presence' | 'questions';

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
};

const COLUMNS = {
  presence: ['user', 'id', 'vehicle'],
  questions: ['id', 'user'],
  time: ['ts', 'time', 'timestamp'],
  lat: ['lat', 'latitude'],
  lng: ['lon', 'lng', 'longitude'],
  topic: ['kind', 'topic', 'category'],
  quality: ['q'],
} as const;

/** Every row of the file, in its order. Throws when the file cannot be read or lacks a column that is needed. */
export async function* readTrace(path: string, kind: TraceKind): AsyncGenerator<TraceRow> {
  const { header, rows } = await openCsv(path);
  const names = header.map((name) => name.toLowerCase());
  const find = (wanted: readonly string[]): number | undefined => {
    const at = wanted.map((name) => names.indexOf(name)).find((index) => index >= 0);
    return at;
  };
  const need = (wanted: readonly string[]): number => {
    const at = find(wanted);
    if (at !== undefined) return at;
    throw new Error(`${path} has no column ${wanted.join(' or ')}; it has ${header.join(', ')}`);
  };
  const who = need(COLUMNS[kind]);
  const [time, lat, lng] = [need(COLUMNS.time), need(COLUMNS.lat), need(COLUMNS.lng)];
  const [topic, quality] = [find(COLUMNS.topic), find(COLUMNS.quality)];
  for await (const { line, fields, ragged } of rows) {
    const field = (at: number | undefined): string => (at === undefined ? '' : (fields[at] ?? '').trim());
    const row = {
      line,
      who: field(who),
      atMs: timeOf(field(time)),
      lat: numberOf(field(lat)),
      lng: numberOf(field(lng)),
      topic: field(topic),
    };
    const bad = doubt(row, field(quality), ragged);
    yield bad === undefined ? row : { ...row, bad };
  }
}

/** True when a row can be given to the service at a time and under a name, however wrong the rest is. */
export function isPlayable({ who, atMs }: TraceRow): boolean {
  return who !== '' && !Number.isNaN(atMs);
}

function doubt(row: TraceRow, quality: string, ragged: boolean): string | undefined {
  if (ragged) return 'ragged';
  if (row.who === '') return 'noname';
  if (Number.isNaN(row.atMs)) return 'badtime';
  if (quality !== '' && quality !== 'ok') return quality;
  if (Number.isNaN(row.lat) || Number.isNaN(row.lng)) return 'nocoord';
  if (Math.abs(row.lat) > 90 || Math.abs(row.lng) > 180) return 'badcoord';
  return undefined;
}

/** Number('') is 0, which is a place in the Gulf of Guinea. */
function numberOf(text: string): number {
  return text === '' ? Number.NaN : Number(text);
}

/** ISO 8601 with a date and a zone: a time without one means something else on each machine. */
function timeOf(text: string): number {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
}
