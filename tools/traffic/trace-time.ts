// Times as traces write them: ISO 8601, seconds or milliseconds since 1970, and what a clock on the wall showed.
import { momentOf, type Zone } from './zone.ts';

export type TraceTime = { readonly atMs: number } | { readonly bad: 'badtime' | 'nozone' | 'dayormonth' };

/** From 1973 to 5138 in seconds; as many digits more are milliseconds, then micro- and nanoseconds. */
const EPOCH = /^\d{9,11}(\.\d+)?$|^\d{12,14}$|^\d{15,17}$|^\d{18,20}$/;
const DATE_FIRST =
  /^(?<year>\d{4})[-/](?<month>\d\d?)[-/](?<day>\d\d?)[T ]+(?<hour>\d\d?):(?<minute>\d\d)(:(?<second>\d\d)(?<part>[.,]\d+)?)?( ?(?<half>[AP]M))? ?(?<zone>Z|UTC|GMT|[+-]\d\d(:?\d\d)?)?$/i;
const AMERICAN =
  /^(?<month>\d\d?)\/(?<day>\d\d?)\/(?<year>\d{4}),? +(?<hour>\d\d?):(?<minute>\d\d)(:(?<second>\d\d)(?<part>\.\d+)?)? ?(?<half>[AP]M)?$/i;
const EUROPEAN =
  /^(?<day>\d\d?)\.(?<month>\d\d?)\.(?<year>\d{4}),? +(?<hour>\d\d?):(?<minute>\d\d)(:(?<second>\d\d)(?<part>[.,]\d+)?)?$/;

/** A time without a zone means something else on each machine: it is read as one of `zone`, and refused without one. */
export function timeOf(text: string, zone: Zone | undefined): TraceTime {
  if (EPOCH.test(text)) return { atMs: epochMs(text) };
  const american = AMERICAN.exec(text)?.groups;
  // 03/04/2023 14:00 may be in March or in April; only who writes AM and PM is known to write the month first.
  if (american !== undefined && american['half'] === undefined) return { bad: 'dayormonth' };
  const parts = DATE_FIRST.exec(text)?.groups ?? american ?? EUROPEAN.exec(text)?.groups;
  const wallMs = parts === undefined ? undefined : wallOf(parts);
  if (parts === undefined || wallMs === undefined) return { bad: 'badtime' };
  const offset = offsetOf(parts['zone']);
  if (offset !== undefined) return { atMs: wallMs - offset };
  return zone === undefined ? { bad: 'nozone' } : { atMs: momentOf(wallMs, zone) };
}

function epochMs(text: string): number {
  const digits = text.replace(/\..*/, '').length;
  if (digits <= 11) return Math.round(Number(text) * 1000);
  const above = digits <= 14 ? 1 : digits <= 17 ? 1000 : 1_000_000;
  return Math.floor(Number(text) / above);
}

type Parts = Readonly<Record<string, string | undefined>>;

/** As if it were UTC; `undefined` for the 31st of June and its like. */
function wallOf({ year, month, day, hour, minute, second = '0', part, half }: Parts): number | undefined {
  const [m, d, clock, min, s] = [Number(month), Number(day), Number(hour), Number(minute), Number(second)];
  if (half !== undefined && (clock < 1 || clock > 12)) return undefined;
  const h = half === undefined ? clock : (clock % 12) + (/p/i.test(half) ? 12 : 0);
  const atMs = Date.UTC(Number(year), m - 1, d, h, min, s) + (part === undefined ? 0 : milliseconds(part));
  const date = new Date(atMs);
  const isReal = date.getUTCMonth() === m - 1 && date.getUTCDate() === d && h < 24 && min < 60 && s < 60;
  return isReal ? atMs : undefined;
}

const milliseconds = (part: string): number => Math.floor(Number(`0.${part.slice(1)}`) * 1000);

function offsetOf(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined;
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (match === null) return 0;
  const [, sign, hours, minutes = '0'] = match;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
