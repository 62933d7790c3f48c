// The growth run as a table for people.
import { basename } from 'node:path';
import { count } from '../../../tools/support/progress.ts';
import { SERVER } from '../others.ts';
import type { DayReport, GrowthReport, Spread } from '../report.ts';

const COLUMNS: readonly (readonly [head: string, cell: (day: DayReport) => string])[] = [
  ['day', ({ day }) => String(day)],
  ['users', ({ users }) => count(users)],
  ['cells', ({ cells }) => count(cells)],
  ['active', ({ activeCells }) => count(activeCells)],
  ['splits', ({ splits }) => count(splits)],
  ['events/s', ({ eventsPerSMean }) => short(eventsPerSMean)],
  ['at peak', ({ eventsPerSPeak }) => short(eventsPerSPeak)],
  ['hottest', ({ hottestCellEventsPerS }) => short(hottestCellEventsPerS)],
  ['matched', ({ matchRate }) => `${(matchRate * 100).toFixed(1)} %`],
  ['p50', ({ waitP50Ms }) => seconds(waitP50Ms)],
  ['p95', ({ waitP95Ms }) => seconds(waitP95Ms)],
  ['rows/day', ({ rowsPerDay }) => big(rowsPerDay)],
  ['calls/day', ({ objectCallsPerDay }) => big(objectCallsPerDay)],
  ['$/month', ({ dollarsPerMonth }) => dollars(dollarsPerMonth)],
  ['$/M events', ({ dollarsPerMillionEvents }) => dollarsPerMillionEvents.toFixed(4)],
  ['$/1000 q', ({ dollarsPerThousandQuestions }) => dollarsPerThousandQuestions.toFixed(4)],
  ['one server', ({ serverDollarsPerMonth }) => dollars(serverDollarsPerMonth)],
  ['row a ping', ({ rowPerPingDollarsPerMonth }) => dollars(rowPerPingDollarsPerMonth)],
  ['violations', ({ violations }) => String(violations)],
];

export function growthTable({ days }: GrowthReport): string {
  const rows = [COLUMNS.map(([head]) => head), ...days.map((day) => COLUMNS.map(([, cell]) => cell(day)))];
  const widths = COLUMNS.map((_column, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) => row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  ')).join('\n');
}

/** The same as a table of Markdown. */
export function growthMarkdown({ days }: GrowthReport): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(COLUMNS.map(([head]) => head)),
    line(COLUMNS.map(() => '---:')),
    ...days.map((day) => line(COLUMNS.map(([, cell]) => cell(day)))),
  ].join('\n');
}

export function growthNotes(report: GrowthReport): readonly string[] {
  const { habits, days, perMillionEvents, perThousandQuestions } = report;
  const { hours, sessions, pingS, moving, asks } = habits;
  return [
    `each user: ${hours} h a day in ${sessions} stays, a ping every ${pingS} s, ${Math.round(moving * 100)} % walk, ${asks} questions a day`,
    `a million events: ${spread(perMillionEvents)}; a thousand questions, with all that their people do: ${spread(perThousandQuestions)}`,
    ...days.map(({ day, users, simulated: { how, worlds, people, events, factor } }) =>
      how === 'whole'
        ? `day ${day}: simulated whole, everybody for the whole day, ${worlds} times over (${count(events)} steps)`
        : `day ${day}: sampled, ${worlds} worlds with ${count(people)} of ${count(users)} people (${count(events)} steps); one connected hour stands for ${count(factor)}`,
    ),
    `seed ${report.seed}; ${citiesOf(report)}; ${report.violations} violations in the simulated worlds`,
    ...divisionsOf(report),
    ...report.violated.map(({ rule, what }) => `  ${rule}  ${what}`),
    `one server: ${SERVER.copies} × ${SERVER.name} at $${SERVER.dollarsPerHour} an hour, in one region; hottest: most events in one cell a second`,
  ];
}

function divisionsOf({ divisions }: GrowthReport): readonly string[] {
  const { cells, people, splits, hottestCellEventsPerS } = divisions;
  if (cells.length === 0) return ['no cell grew too hot for its limits'];
  const what = `${cells.join(', ')} with ${count(people)} people: ${splits} splits by the shipping protocol`;
  return [`divided while they worked: ${what}, at most ${short(hottestCellEventsPerS)} events/s in one cell`];
}

function citiesOf({ cities, cityFiles }: GrowthReport): string {
  if (cityFiles.length === 0) return `${cities} cities, made up`;
  return `${cities} cities on the last day: ${cityFiles.map((file) => basename(file)).join(', ')}${cities > cityFiles.length ? ', the others made up' : ''}`;
}

const spread = ({ mean, lowest, highest }: Spread): string =>
  `$${mean.toFixed(4)} (${signed(lowest)} to ${signed(highest)} over the days)`;
const signed = (share: number): string => `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(1)} %`;
const short = (value: number): string => (value < 100 ? value.toFixed(1) : count(value));
const seconds = (ms: number | null): string => (ms === null ? '–' : `${(ms / 1000).toFixed(1)} s`);
const dollars = (value: number): string => (value < 100 ? `$${value.toFixed(2)}` : `$${count(value)}`);

function big(value: number): string {
  if (value < 100_000) return count(value);
  return value < 1e8 ? `${(value / 1e6).toFixed(2)} M` : `${count(value / 1e6)} M`;
}
