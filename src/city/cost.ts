// What a load costs on the platform: published prices, and what people, connections and questions take, as the growth run measured.

/** Published prices in US dollars. Included amounts, the plan's fee, storage and the worker's CPU time are left out. */
export const PRICES = {
  workerRequestsPerMillion: 0.3,
  objectRequestsPerMillion: 0.15,
  /** Incoming WebSocket messages that count as one object request. */
  messagesPerRequest: 20,
  rowsWrittenPerMillion: 1,
  rowsReadPerMillion: 0.001,
  gigabyteSecondsPerMillion: 12.5,
  objectGigabytes: 0.128,
} as const;

/** What is billed. */
export type Billed = {
  /** Deletes, alarms and marks in the sweep's list are rows too. */
  readonly rows: number;
  readonly reads: number;
  /** Calls of objects, alarms and socket upgrades included. */
  readonly calls: number;
  /** Incoming messages on sockets. */
  readonly messages: number;
  readonly workerRequests: number;
  /** An object that could sleep is not billed: decision 21. */
  readonly awakeMs: number;
};

export type Cost = {
  readonly workerRequestsUsd: number;
  readonly objectRequestsUsd: number;
  readonly rowsUsd: number;
  readonly durationUsd: number;
  readonly totalUsd: number;
};

/** Dollars, not rounded. */
export function costOf({ rows, reads, calls, messages, workerRequests, awakeMs }: Billed): Cost {
  const workerRequestsUsd = (workerRequests / 1e6) * PRICES.workerRequestsPerMillion;
  const objectRequestsUsd = ((calls + messages / PRICES.messagesPerRequest) / 1e6) * PRICES.objectRequestsPerMillion;
  const rowsUsd = (rows / 1e6) * PRICES.rowsWrittenPerMillion + (reads / 1e6) * PRICES.rowsReadPerMillion;
  const durationUsd = ((awakeMs / 1000) * PRICES.objectGigabytes * PRICES.gigabyteSecondsPerMillion) / 1e6;
  const totalUsd = workerRequestsUsd + objectRequestsUsd + rowsUsd + durationUsd;
  return { workerRequestsUsd, objectRequestsUsd, rowsUsd, durationUsd, totalUsd };
}

export const DAYS_PER_MONTH = 30;

/** By `npm run sim -- growth --to 215 --days 2 --effort 0.2 --json`, its field `measured`. A test holds the two together. */
export const MEASURED = {
  /** Sockets that a person opens in an hour: on coming, and at borders between cells. */
  connectionsPerUserHour: 1.02,
  connection: { rows: 10, reads: 12.1, calls: 7.9, workerRequests: 3.1, awakeMs: 68 },
  ping: { awakeMs: 1 },
  question: { rows: 18.3, reads: 0, calls: 7, messages: 7.5, awakeMs: 57 },
} as const;

export type CityLoad = {
  /** People in a day. */
  readonly users: number;
  readonly hoursPerUserDay: number;
  readonly pingEveryS: number;
  readonly questionsPerUserDay: number;
};

export type CityCost = Cost;

/**
 * Dollars a month, to the cent. A cell in which nobody is costs nothing, so it does not matter how many there are; that smaller ones
 * have more borders to cross is in `MEASURED` as it was in the growth run, and not reckoned for each precision.
 */
export function monthlyCost(load: CityLoad): CityCost {
  const hours = load.users * load.hoursPerUserDay * DAYS_PER_MONTH;
  const pings = (hours * 3600) / load.pingEveryS;
  const connections = hours * MEASURED.connectionsPerUserHour;
  const questions = load.users * load.questionsPerUserDay * DAYS_PER_MONTH;
  const { connection, ping, question } = MEASURED;
  const cost = costOf({
    rows: connections * connection.rows + questions * question.rows,
    reads: connections * connection.reads + questions * question.reads,
    calls: connections * connection.calls + questions * question.calls,
    messages: pings + questions * question.messages,
    workerRequests: connections * connection.workerRequests,
    awakeMs: pings * ping.awakeMs + connections * connection.awakeMs + questions * question.awakeMs,
  });
  const workerRequestsUsd = cents(cost.workerRequestsUsd);
  const objectRequestsUsd = cents(cost.objectRequestsUsd);
  const rowsUsd = cents(cost.rowsUsd);
  const durationUsd = cents(cost.durationUsd);
  const totalUsd = cents(workerRequestsUsd + objectRequestsUsd + rowsUsd + durationUsd);
  return { workerRequestsUsd, objectRequestsUsd, rowsUsd, durationUsd, totalUsd };
}

const cents = (usd: number): number => Math.round(usd * 100) / 100;
