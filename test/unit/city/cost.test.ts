// Costs and areas of a plan, against sums done by hand.
import { describe, expect, it } from 'vitest';
import { areaKm2 } from '../../../src/city/area.ts';
import { costOf, MEASURED, monthlyCost } from '../../../src/city/cost.ts';

const LETTERS = [...'0123456789bcdefghjkmnpqrstuvwxyz'];
const LOAD = { users: 1_000_000, hoursPerUserDay: 2, pingEveryS: 10, questionsPerUserDay: 3 };

describe('monthlyCost', () => {
  it('adds up what was measured and is priced', () => {
    const cost = monthlyCost(LOAD);
    const hours = 1_000_000 * 2 * 30;
    const connections = hours * MEASURED.connectionsPerUserHour;
    const questions = 90_000_000;
    const rows = connections * MEASURED.connection.rows + questions * MEASURED.question.rows;
    const pings = 21.6e9;
    const calls =
      pings / 20 +
      connections * MEASURED.connection.calls +
      questions * (MEASURED.question.calls + MEASURED.question.messages / 20);
    expect(cost.rowsUsd).toBeCloseTo(rows / 1e6 + (connections * MEASURED.connection.reads) / 1e9, 1);
    expect(cost.objectRequestsUsd).toBeCloseTo((calls * 0.15) / 1e6, 2);
    expect(cost.workerRequestsUsd).toBeCloseTo((connections * MEASURED.connection.workerRequests * 0.3) / 1e6, 2);
    const { connection, ping, question } = MEASURED;
    const awakeMs = pings * ping.awakeMs + connections * connection.awakeMs + questions * question.awakeMs;
    expect(cost.durationUsd).toBeCloseTo((awakeMs / 1000 / 1e6) * 0.128 * 12.5, 1);
    const parts = cost.rowsUsd + cost.objectRequestsUsd + cost.workerRequestsUsd + cost.durationUsd;
    expect(cost.totalUsd).toBeCloseTo(parts, 6);
  });

  it('grows with the people, and not with anything else', () => {
    const ten = monthlyCost({ ...LOAD, users: 10 * LOAD.users });
    expect(ten.totalUsd / monthlyCost(LOAD).totalUsd).toBeCloseTo(10, 2);
  });

  it('is nothing where nobody is', () => {
    expect(monthlyCost({ ...LOAD, users: 0 }).totalUsd).toBe(0);
  });
});

describe('costOf', () => {
  const nothing = { rows: 0, reads: 0, calls: 0, messages: 0, workerRequests: 0, awakeMs: 0 };
  it.each([
    ['rows', { rows: 1e6 }, 1],
    ['reads', { reads: 1e9 }, 1],
    ['calls', { calls: 1e6 }, 0.15],
    ['messages, 20 for a call', { messages: 20e6 }, 0.15],
    ['worker requests', { workerRequests: 1e6 }, 0.3],
    ['a million gigabyte-seconds', { awakeMs: 1e9 / 0.128 }, 12.5],
  ])('prices %s', (_what, some, usd) => {
    expect(costOf({ ...nothing, ...some }).totalUsd).toBeCloseTo(usd, 9);
  });
});

describe('areaKm2', () => {
  it('of all cells is the globe', () => {
    expect(areaKm2(LETTERS)).toBeCloseTo(4 * Math.PI * 6371.0088 ** 2, 0);
  });
});
