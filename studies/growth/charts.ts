// The charts of a growth run, by file name.
import { chartSvg } from './chart.ts';
import { SERVER } from './others.ts';
import type { DayReport, GrowthReport } from './report.ts';

const BLUE = '#2f81f7';
const GREEN = '#2da44e';
const ORANGE = '#d4791f';
const PINK = '#c6538c';

export function growthCharts({ days }: GrowthReport): ReadonlyMap<string, string> {
  const labels = days.map(({ users }) => short(users));
  const of = (pick: (day: DayReport) => number): readonly number[] => days.map(pick);
  const axis = 'daily users, a day for each point';
  const charts = [
    [
      'growth-size.svg',
      chartSvg({
        title: 'What grows',
        note: 'logarithmic; cells are leaves of the map, after splits',
        labels,
        axis,
        scale: 'log',
        format: short,
        series: [
          { name: 'users', color: BLUE, values: of(({ users }) => users) },
          { name: 'events/s, peak', color: ORANGE, values: of(({ eventsPerSPeak }) => eventsPerSPeak) },
          { name: 'cells', color: GREEN, values: of(({ cells }) => cells) },
        ],
      }),
    ],
    [
      'growth-hottest.svg',
      chartSvg({
        title: 'The hottest cell',
        note: 'most events in one cell in any ten seconds, a second',
        labels,
        axis,
        scale: 'linear',
        format: short,
        limit: { at: 300, name: 'to stay below 300' },
        series: [{ name: 'events/s', color: ORANGE, values: of(({ hottestCellEventsPerS }) => hottestCellEventsPerS) }],
      }),
    ],
    [
      'growth-unit-cost.svg',
      chartSvg({
        title: 'What one takes',
        note: 'dollars, everything included: presence, pings, questions, cells',
        labels,
        axis,
        scale: 'linear',
        format: (value) => `$${Number(value.toPrecision(3))}`,
        series: [
          {
            name: 'a million events',
            color: BLUE,
            values: of(({ dollarsPerMillionEvents }) => dollarsPerMillionEvents),
          },
          {
            name: 'a thousand questions',
            color: GREEN,
            values: of(({ dollarsPerThousandQuestions }) => dollarsPerThousandQuestions),
          },
        ],
      }),
    ],
    [
      'growth-cost.svg',
      chartSvg({
        title: 'Dollars a month, beside two other designs',
        note: `one server: ${SERVER.copies} × ${SERVER.name}, in one region`,
        labels,
        axis,
        scale: 'log',
        format: (value) => `$${short(value)}`,
        series: [
          {
            name: 'a row for each ping',
            color: PINK,
            values: of(({ rowPerPingDollarsPerMonth }) => rowPerPingDollarsPerMonth),
          },
          { name: 'Vicinal', color: BLUE, values: of(({ dollarsPerMonth }) => dollarsPerMonth) },
          { name: 'one big server', color: ORANGE, values: of(({ serverDollarsPerMonth }) => serverDollarsPerMonth) },
        ],
      }),
    ],
  ] as const;
  return new Map(charts);
}

function short(value: number): string {
  if (value >= 1e6) return `${trim(value / 1e6)} M`;
  if (value >= 10_000) return `${trim(value / 1000)} k`;
  return value >= 1 ? value.toLocaleString('en', { maximumFractionDigits: 1 }) : String(Number(value.toPrecision(2)));
}

const trim = (value: number): string => String(Number(value.toPrecision(3)));
