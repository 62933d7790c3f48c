// Costs and areas of a plan, against sums done by hand.
import { describe, expect, it } from 'vitest';
import { areaKm2 } from '../../../src/city/area.ts';
import { monthlyCost } from '../../../src/city/cost.ts';

const LETTERS = [...'0123456789bcdefghjkmnpqrstuvwxyz'];
const LOAD = { users: 10_000, hoursPerUserDay: 2, pingEveryS: 10, questionsPerUserDay: 1 };

describe('monthlyCost', () => {
  it('adds up what is priced', () => {
    const cost = monthlyCost(LOAD);
    // 216 M pings are 10.8 M requests, 1.2 M connections 7.2 M, 0.3 M questions 6 M; 12 cells never sleep.
    expect(cost).toMatchObject({ workerRequestsUsd: 0.45, objectRequestsUsd: 3.6, rowsUsd: 18.6 });
    expect(cost.durationUsd).toBeCloseTo(((12 * 2_592_000 + 18e6) * 0.128 * 12.5) / 1e6, 1);
    expect(cost.totalUsd).toBeCloseTo(0.45 + 3.6 + 18.6 + cost.durationUsd, 6);
  });

  it('is nothing where nobody is, however many cells wait', () => {
    expect(monthlyCost({ ...LOAD, users: 0 }).totalUsd).toBe(0);
  });
});

describe('areaKm2', () => {
  it('of all cells is the globe', () => {
    expect(areaKm2(LETTERS)).toBeCloseTo(4 * Math.PI * 6371.0088 ** 2, 0);
  });
});
