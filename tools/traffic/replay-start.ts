// Where in two traces a replay begins: at the time of day that was asked for, or in the hour in which both have most.
import { UsageError } from '../support/args.ts';
import { bestHourMs, DAY_MS, HOUR_MS, parseTimeOfDay, type Scan } from './timeline.ts';
import { momentOf, UTC, type Zone } from './zone.ts';

export type StartOptions = {
  /** `HH:MM` by the clocks of the zone. */
  readonly from: string | undefined;
  readonly fold: boolean;
  readonly zone: Zone | undefined;
};

/** Since 1970, or of the day when folded. Throws UsageError where nothing would be played. */
export function startOf({ from, fold, zone = UTC }: StartOptions, presence: Scan, questions: Scan): number {
  if (from === undefined) {
    const best = bestHourMs(presence, questions);
    if (best !== undefined) return best;
    throw new UsageError(
      `the traces have no hour in common (${spanOf(presence)}; ${spanOf(questions)}): --fold-day lays all days on one`,
    );
  }
  const time = parseTimeOfDay(from);
  if (time === undefined) throw new UsageError(`--from must be a time of day such as 08:30, not "${from}"`);
  if (fold) return time;
  const firstMs = Math.max(presence.firstMs, questions.firstMs);
  const lastMs = Math.min(presence.lastMs, questions.lastMs);
  const times: number[] = [];
  // From the day before the first: there it may be a little earlier than the first row.
  for (let day = dayOf(firstMs, zone) - DAY_MS; day <= dayOf(lastMs, zone); day += DAY_MS) {
    times.push(momentOf(day + time, zone));
  }
  const busy = times.find((atMs) => hasRows(presence, atMs) && hasRows(questions, atMs));
  if (busy !== undefined) return busy;
  // Nothing in the hour after it, but later on the first day: from there on.
  const isLater = times.some((atMs) => atMs <= firstMs && dayOf(atMs, zone) === dayOf(firstMs, zone));
  if (firstMs <= lastMs && isLater) return firstMs;
  throw new UsageError(
    `nothing would be played from ${from} ${zone.name} on: the traces go ${spanOf(presence)} and ${spanOf(questions)} (UTC)`,
  );
}

/** Whether there is something to play in the hour that begins then, or in the rest of the clock's hour after it. */
function hasRows({ hours, firstMs, lastMs }: Scan, atMs: number): boolean {
  const hour = Math.floor(atMs / HOUR_MS);
  return (hours.has(hour) || hours.has(hour + 1)) && lastMs >= atMs && firstMs <= atMs + HOUR_MS;
}

function dayOf(atMs: number, zone: Zone): number {
  return Math.floor((atMs + zone.offsetAt(atMs)) / DAY_MS) * DAY_MS;
}

const spanOf = ({ firstMs, lastMs }: Scan): string =>
  `${new Date(firstMs).toISOString().slice(0, 16)} to ${new Date(lastMs).toISOString().slice(0, 16)}`;
