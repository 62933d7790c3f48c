// City boundaries from files, with the time zone that their properties name, if they do.
import { basename } from 'node:path';
import { UsageError } from '../../../tools/support/args.ts';
import { readJsonFile } from '../../../tools/traffic/rollout.ts';
import type { Boundary } from '../towns.ts';

/** @throws Error for a file that cannot be read, UsageError for a time zone that is none. */
export function boundariesOf(files: readonly string[]): readonly Boundary[] {
  const seen = new Set<string>();
  return files.map((file) => {
    const boundary = readJsonFile(file, 'boundary');
    const name = basename(file)
      .replace(/\.gz$/, '')
      .replace(/\.(geo)?json$/, '');
    const id = idOf(name);
    if (seen.has(id)) throw new UsageError(`--city-files names the city ${id} twice`);
    seen.add(id);
    return { id, name, boundary, zoneH: zoneIn(boundary, file) };
  });
}

function idOf(name: string): string {
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 32);
  return id.length < 2 ? `city-${id}` : id;
}

type Named = { readonly properties?: { readonly utcOffsetH?: unknown; readonly timeZone?: unknown } | null };

/** `utcOffsetH` (hours ahead of UTC) or `timeZone` (as in Europe/Vienna; in winter) of the feature, the first, or the collection. */
function zoneIn(boundary: unknown, file: string): number | undefined {
  const top = (boundary ?? {}) as Named & { readonly features?: readonly Named[] };
  const properties = { ...top.features?.[0]?.properties, ...top.properties };
  const { utcOffsetH, timeZone } = properties;
  if (utcOffsetH !== undefined) {
    if (typeof utcOffsetH !== 'number' || !(utcOffsetH >= -12 && utcOffsetH <= 14))
      throw new UsageError(`${file}: utcOffsetH must be a number from -12 to 14, not ${JSON.stringify(utcOffsetH)}`);
    return utcOffsetH;
  }
  if (timeZone === undefined) return undefined;
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone: String(timeZone), timeZoneName: 'longOffset' });
    const text = format
      .formatToParts(new Date(Date.UTC(2026, 0, 15)))
      .find(({ type }) => type === 'timeZoneName')?.value;
    const [, sign, hours = '0', minutes = '0'] = /([+-])(\d+):?(\d+)?/.exec(text ?? '') ?? [];
    return (Number(hours) + Number(minutes) / 60) * (sign === '-' ? -1 : 1);
  } catch {
    throw new UsageError(`${file}: there is no time zone ${JSON.stringify(timeZone)}`);
  }
}
