// A status as lines for a terminal: a table of cities, one of cells with bars, and what will be hot next.
import type { Status } from '../../src/protocol/status.ts';
import { count } from './progress.ts';

const BAR = 20;

export function statusLines({ cities, cells, hotNext, target }: Status): readonly string[] {
  if (cities.length === 0) return ['no city yet: add one with npm run city -- add FILE.geojson --id ID --name NAME'];
  const cityRows = cities.map((city) => [
    city.state === 'draining' ? `${city.id} (draining)` : city.id,
    `${count(city.cellsTold)}/${count(city.cells)}`,
    known(city.users, count),
    known(city.eventsPerS, (perS) => perS.toFixed(1)),
    known(city.questions, ({ open, dormant, matched }) => [open, dormant, matched].map(count).join('/')),
    known(city.queueAgeMs, waited),
    known(city.alarmLagMs, waited),
    known(city.outbox, count),
    known(city.used, (used) => `${bar(used)} ${percent(used)}`),
  ]);
  const cellRows = cells.map((cell) => [
    cell.cell,
    cell.city,
    count(cell.users),
    cell.eventsPerS.toFixed(1),
    cell.stepMs.toFixed(3),
    waited(cell.queueAgeMs),
    `${bar(cell.used)} ${percent(cell.used)}`,
    cell.silent ?? stateOf(cell.used, cell.strain, target),
    cell.live ? 'now' : `at ${cell.asOf.slice(11, 16)} UTC`,
  ]);
  const heads = {
    cities: [
      'city',
      'cells told',
      'users',
      'events/s',
      'open/dormant/matched',
      'queue age',
      'alarm lag',
      'outbox',
      'hottest cell',
    ],
    cells: ['cell', 'city', 'users', 'events/s', 'step ms', 'queue age', 'used', '', 'seen'],
  };
  return [
    ...table([heads.cities, ...cityRows]),
    '',
    ...(cells.length === 0
      ? ['no cell has told of anybody yet: each does once it has been awake for a minute']
      : table([heads.cells, ...cellRows])),
    '',
    hotLine(hotNext, target),
  ];
}

function hotLine(next: Status['hotNext'], target: Status['target']): string {
  const aims = `target: ${percent(target.normal)} in normal times, ${percent(target.peak)} at a peak; a cell splits at ${percent(target.splits)}`;
  if (next === null) return aims;
  const when =
    next.hotInS === undefined
      ? 'and does not rise'
      : `and reaches 100 % in ${waited(next.hotInS * 1000)} by its present trend`;
  return `hot next: ${next.cell} (${next.city}), at ${percent(next.used)} ${when}; ${aims}`;
}

/** What no cell of a city has told yet is not 0. */
function known<T>(value: T | null, shown: (value: T) => string): string {
  return value === null ? '?' : shown(value);
}

/** Between the marks of the targets: a point for what is free, a block for what is used. */
function bar(used: number): string {
  const full = Math.min(BAR, Math.max(0, Math.round(used * BAR)));
  return '█'.repeat(full) + '·'.repeat(BAR - full);
}

function stateOf(used: number, strain: number, target: Status['target']): string {
  if (strain > 1.5) return 'refuses';
  if (strain > target.peak) return 'pushes back';
  if (used >= target.splits) return 'hot';
  return used > target.peak ? 'over peak' : used > target.normal ? 'peak' : 'normal';
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

function waited(ms: number): string {
  const s = Math.round(ms / 1000);
  if (s < 120) return `${s} s`;
  return s < 7200 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;
}

/** Columns as wide as their widest cell; the first two lines are the head and a rule. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(line);
}
