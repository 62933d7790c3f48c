// What a city costs a month on the platform, as an estimate from published prices and a load that is stated.

/** Published prices in US dollars. Included amounts and the plan's fee are left out. */
export const PRICES = {
  workerRequestsPerMillion: 0.3,
  objectRequestsPerMillion: 0.15,
  /** Incoming WebSocket messages that count as one object request. */
  messagesPerRequest: 20,
  rowsWrittenPerMillion: 1,
  gigabyteSecondsPerMillion: 12.5,
  objectGigabytes: 0.128,
} as const;

/** What one person and one question take; rough, and on the high side. */
export const ASSUMED = {
  daysPerMonth: 30,
  /** Sockets that a person opens in a day: on coming, and at borders between cells. */
  connectionsPerUserDay: 4,
  workerRequestsPerConnection: 1,
  objectRequestsPerConnection: 6,
  rowsPerConnection: 8,
  workerRequestsPerQuestion: 1,
  objectRequestsPerQuestion: 20,
  rowsPerQuestion: 30,
  /** An object that is called stays in memory this long. */
  awakeS: 10,
} as const;

export type CityLoad = {
  /** People in a day. */
  readonly users: number;
  readonly hoursPerUserDay: number;
  readonly pingEveryS: number;
  readonly questionsPerUserDay: number;
};

export type CityCost = {
  readonly workerRequestsUsd: number;
  readonly objectRequestsUsd: number;
  readonly rowsUsd: number;
  readonly durationUsd: number;
  readonly totalUsd: number;
};

/** Dollars a month, to the cent. People are taken to be spread evenly over the cells and the day, which wakes cells most. */
export function monthlyCost(cells: number, load: CityLoad): CityCost {
  const a = ASSUMED;
  const connections = load.users * a.connectionsPerUserDay * a.daysPerMonth;
  const questions = load.users * load.questionsPerUserDay * a.daysPerMonth;
  const pings = (load.users * load.hoursPerUserDay * 3600 * a.daysPerMonth) / load.pingEveryS;
  const workerRequests = connections * a.workerRequestsPerConnection + questions * a.workerRequestsPerQuestion;
  const calls = connections * a.objectRequestsPerConnection + questions * a.objectRequestsPerQuestion;
  const rows = connections * a.rowsPerConnection + questions * a.rowsPerQuestion;
  const monthS = a.daysPerMonth * 86_400;
  // Pings that come at random leave a cell asleep only where none came for so long.
  const awakeShare = 1 - Math.exp((-a.awakeS * pings) / (cells * monthS));
  const userObjectsS = (connections + 2 * questions) * a.awakeS;
  const gigabyteSeconds = (cells * monthS * awakeShare + userObjectsS) * PRICES.objectGigabytes;
  const cost = {
    workerRequestsUsd: cents((workerRequests / 1e6) * PRICES.workerRequestsPerMillion),
    objectRequestsUsd: cents(((calls + pings / PRICES.messagesPerRequest) / 1e6) * PRICES.objectRequestsPerMillion),
    rowsUsd: cents((rows / 1e6) * PRICES.rowsWrittenPerMillion),
    durationUsd: cents((gigabyteSeconds / 1e6) * PRICES.gigabyteSecondsPerMillion),
  };
  const { workerRequestsUsd, objectRequestsUsd, rowsUsd, durationUsd } = cost;
  return { ...cost, totalUsd: cents(workerRequestsUsd + objectRequestsUsd + rowsUsd + durationUsd) };
}

function cents(usd: number): number {
  return Math.round(usd * 100) / 100;
}
