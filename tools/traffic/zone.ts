// Time zones by their IANA names: what the clocks there show, and which moment a time on them was.

export type Zone = {
  readonly name: string;
  /** How far its clocks are ahead of UTC at this moment. */
  readonly offsetAt: (atMs: number) => number;
};

const DAY_MS = 86_400_000;
/** Clocks change on a quarter of an hour, so one look serves all moments in it. */
const STEP_MS = 900_000;
/** Traces of years would otherwise keep a number for each of their quarters. */
const KEPT_MAX = 50_000;

export const UTC: Zone = { name: 'UTC', offsetAt: () => 0 };

/** `undefined` for what is no zone. */
export function zoneOf(name: string): Zone | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: name, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23' },
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  } catch {
    return undefined;
  }
  const known = new Map<number, number>();
  return {
    name,
    offsetAt: (atMs) => {
      const step = Math.floor(atMs / STEP_MS);
      const found = known.get(step);
      if (found !== undefined) return found;
      if (known.size >= KEPT_MAX) known.clear();
      const offset = offsetBy(format, step * STEP_MS);
      known.set(step, offset);
      return offset;
    },
  };
}

/**
 * The moment at which clocks in the zone show `wallMs` (a date and time, counted as if it were UTC). Where they show it
 * twice, the first one; where they jump over it, as much later as they jump: 02:30 in a gap from 02:00 to 03:00 is 03:30.
 */
export function momentOf(wallMs: number, zone: Zone): number {
  const before = zone.offsetAt(wallMs - DAY_MS);
  const after = zone.offsetAt(wallMs + DAY_MS);
  const moments = [wallMs - before, wallMs - after].filter((atMs) => atMs + zone.offsetAt(atMs) === wallMs);
  return moments.length === 0 ? wallMs - before : Math.min(...moments);
}

function offsetBy(format: Intl.DateTimeFormat, atMs: number): number {
  const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - atMs;
}
