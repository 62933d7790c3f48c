// The same load on two other designs: one big server, and this platform with a row for each ping.
import { costOf, DAYS_PER_MONTH } from '../../src/city/cost.ts';
import type { DayFigures } from './figures.ts';

/** Published on-demand prices of one region (us-east-1), June 2026: docs/decisions/0022-one-big-server.md. */
export const SERVER = {
  name: 'AWS m7g.16xlarge, 64 vCPU, 256 GB',
  dollarsPerHour: 2.6112,
  hoursPerMonth: 730,
  cores: 64,
  /** A second one in another zone stands by: without it a reboot is an outage. */
  copies: 2,
  /** Of each core, on what this project measured for Node with Redis: the best case, as if 64 cores were 64 times one. */
  eventsPerSPerCore: 8750,
  /** As a cell: half in normal times, three quarters at a peak. */
  fullAt: 0.75,
  /** What goes out for each ping, the acknowledgement with its headers. */
  bytesOutPerEvent: 250,
} as const;

/** Dollars for each gigabyte out to the internet, by terabytes a month. */
const EGRESS = [
  { upToTb: 10, dollars: 0.09 },
  { upToTb: 50, dollars: 0.085 },
  { upToTb: 150, dollars: 0.07 },
  { upToTb: Number.POSITIVE_INFINITY, dollars: 0.05 },
] as const;

export type OtherDesigns = {
  readonly serverDollarsPerMonth: number;
  /** Pairs of servers that it takes. */
  readonly serverPairs: number;
  readonly rowPerPingDollarsPerMonth: number;
};

export function otherDesigns(day: DayFigures): OtherDesigns {
  const each = SERVER.cores * SERVER.eventsPerSPerCore * SERVER.fullAt;
  const serverPairs = Math.max(1, Math.ceil(day.eventsPerSPeak / each));
  const machines = serverPairs * SERVER.copies * SERVER.dollarsPerHour * SERVER.hoursPerMonth;
  const gigabytes = (day.messagesPerDay * DAYS_PER_MONTH * SERVER.bytesOutPerEvent) / 1e9;
  const rows = costOf({ rows: day.messagesPerDay, reads: 0, calls: 0, messages: 0, workerRequests: 0, awakeMs: 0 });
  return {
    serverDollarsPerMonth: machines + egressDollars(gigabytes),
    serverPairs,
    rowPerPingDollarsPerMonth: day.dollarsPerMonth + rows.totalUsd * DAYS_PER_MONTH,
  };
}

function egressDollars(gigabytes: number): number {
  let dollars = 0;
  let from = 0;
  for (const { upToTb, dollars: each } of EGRESS) {
    const to = Math.min(gigabytes, upToTb * 1000);
    if (to > from) dollars += (to - from) * each;
    from = Math.max(from, to);
  }
  return dollars;
}
