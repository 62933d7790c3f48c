// What a demo or a replay shows while it runs: numbers, sentences, a map; and the summary at its end.
import type { Mark } from './city-map.ts';
import type { Summary, Tracked } from './stats.ts';

/** The numbers in two lines, each short enough for a narrow terminal. */
export function numbersLines(summary: Summary, sleeping: number): readonly [counts: string, measures: string] {
  const { asked, matched, answered, dormant, woken, expired, errors } = summary;
  const distance = summary.meanDistanceM === null ? '–' : metres(summary.meanDistanceM);
  return [
    `asked ${asked}  matched ${matched}  answered ${answered}  sleeping ${sleeping}  woken ${woken} of ${dormant}  expired ${expired}`,
    `match p50 ${msText(summary.p50MatchMs)} p95 ${msText(summary.p95MatchMs)}  mean distance ${distance}  errors ${errors}${errors === 0 ? '' : ` (${codesText(summary.errorCodes)})`}`,
  ];
}

/** The summary for people, a few lines. */
export function summaryLines(summary: Summary): readonly string[] {
  const share = summary.asked === 0 ? '' : ` (${Math.round((100 * summary.matched) / summary.asked)} %)`;
  return [
    `asked ${summary.asked}, matched ${summary.matched}${share}, answered ${summary.answered}, expired ${summary.expired}`,
    `slept ${summary.dormant}, of these woken and matched ${summary.woken}`,
    `time to match: median ${msText(summary.p50MatchMs)}, 95 % within ${msText(summary.p95MatchMs)}`,
    `offers accepted ${summary.accepted}, declined ${summary.declined}, too late: ${codesText(summary.late)}`,
    `mean distance of accepted offers: ${summary.meanDistanceM === null ? 'none' : metres(summary.meanDistanceM)}`,
    `errors: ${codesText(summary.errorCodes)}`,
  ];
}

export const sleepingOf = (live: readonly Tracked[]): number => live.filter(({ state }) => state === 'dormant').length;

export const MAP_LEGEND = 'o person   ? question   z sleeping   ! matched   . and : the cells';

/** People under questions, in the order in which they are drawn. */
export function marksOf(
  people: readonly { readonly lat: number; readonly lng: number }[],
  live: readonly Tracked[],
): readonly Mark[] {
  return [
    ...people.map(({ lat, lng }) => ({ lat, lng, sign: 'o' })),
    ...live.map(({ question: { lat, lng }, state }) => ({
      lat,
      lng,
      sign: state === 'dormant' ? 'z' : state === 'matched' ? '!' : '?',
    })),
  ];
}

export function msText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function metres(m: number): string {
  return m < 1000 ? `${Math.round(m)} m` : `${(m / 1000).toFixed(1)} km`;
}

/** The last few sentences, the newest first. */
export type Ticker = { readonly add: (sentence: string) => void; readonly lines: () => readonly string[] };

export function ticker(keep: number): Ticker {
  let kept: readonly string[] = [];
  return {
    add: (sentence) => {
      kept = [sentence, ...kept].slice(0, keep);
    },
    lines: () => kept,
  };
}

/** Counts by code, for example `busy 3, internal 1`. */
export function codesText(codes: Readonly<Record<string, number>>): string {
  return (
    Object.entries(codes)
      .map(([code, n]) => `${code} ${n}`)
      .join(', ') || 'none'
  );
}
