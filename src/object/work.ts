// What all objects of one isolate have done together, for a line in the log: at most one in five seconds, and none where nothing happens.
import type { Log } from '../ops/log.ts';

const EVERY_MS = 5000;

/** Since `since`, by the clock of the isolate. */
let done = { since: 0, events: 0, commits: 0, rows: 0 };

export function countEvent(log: Log, now: number): void {
  if (now - done.since >= EVERY_MS) {
    const { since, ...counts } = done;
    if (counts.events > 0) log('debug', 'isolate.worked', { ...counts, forMs: now - since });
    done = { since: now, events: 0, commits: 0, rows: 0 };
  }
  done.events++;
}

export function countCommit(rows: number): void {
  done.commits++;
  done.rows += rows;
}
