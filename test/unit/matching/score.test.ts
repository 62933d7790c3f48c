// Scores: normalised terms, their weights, and the bound by which a search stops.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EpochMs, plusMs } from '../../../src/lib/brand.ts';
import type { Askable } from '../../../src/matching/filter.ts';
import { better, keepBest, scoreBound, scoreOf, termsOf } from '../../../src/matching/score.ts';
import type { Candidate } from '../../../src/messages/records.ts';
import type { UserId } from '../../../src/protocol/ids.ts';
import { bob, CELL, candidate, need, policyWith, START, user } from '../support/names.ts';
import { needArb, personArb, policyArb } from './arbitraries.ts';
import type { Person } from './reference.ts';

const askable = ({ busyWith, ...person }: Person): Askable =>
  ({ ...person, holds: { size: busyWith.length }, holdsQuestion: () => false }) as unknown as Askable;
const somebody = (more: Partial<Askable> = {}): Askable => ({
  user: bob,
  profile: { topics: [], languages: [], capacity: 1 },
  point: need().point,
  pointAt: START,
  leaseUntil: START,
  idleSince: START,
  coolUntil: START,
  reputation: 0.5,
  blocked: [],
  holds: { size: 0 },
  holdsQuestion: () => false,
  ...more,
});
const terms = (more: Partial<Askable>, distanceM = 0, wanted = need()) =>
  termsOf(wanted, policyWith(), somebody(more), distanceM, START);

describe('the terms', () => {
  it('lie between 0 and 1, and the score between 0 and the sum of the weights', () => {
    fc.assert(
      fc.property(
        personArb('bob'),
        needArb,
        policyArb,
        fc.double({ min: 0, max: 10_000, noNaN: true }),
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        (person, wanted, policy, distanceM, later) => {
          const now = plusMs(START, later) as EpochMs;
          const score = scoreOf(wanted, policy, askable(person), distanceM, now);
          for (const term of Object.values(termsOf(wanted, policy, askable(person), distanceM, now))) {
            expect(term).toBeGreaterThanOrEqual(0);
            expect(term).toBeLessThanOrEqual(1);
          }
          const all = Object.values(policy.weights).reduce((sum, weight) => sum + weight, 0);
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(all * (1 + 1e-12));
        },
      ),
    );
  });

  it('nearness falls from 1 at the point to 0 at the edge of the circle', () => {
    expect([0, 750, 1500, 1600].map((distanceM) => terms({}, distanceM).nearness)).toEqual([1, 0.5, 0, 0]);
  });

  it('idle time earns its whole term after the time of the policy', () => {
    const idle = (ms: number) => terms({ idleSince: plusMs(START, -ms) }).idle;
    expect([0, 300_000, 600_000, 6_000_000].map(idle)).toEqual([0, 0.5, 1, 1]);
  });

  it('freshness falls with the age of the point', () => {
    const fresh = (ms: number) => terms({ pointAt: plusMs(START, -ms) }).freshness;
    expect([0, 150_000, 300_000].map(fresh)).toEqual([1, 0.5, 0]);
  });

  it('who names the topic fits better than who takes any', () => {
    const wanted = need({ topic: 'food' });
    const fitOf = (topics: string[]) => terms({ profile: { topics, languages: [], capacity: 1 } }, 0, wanted).topicFit;
    expect([fitOf(['food']), fitOf([])]).toEqual([1, 0.5]);
    expect(terms({}).topicFit).toBe(0.5);
  });

  it('are those of the policy, for whoever explains a score', () => {
    expect(Object.keys(terms({}))).toEqual(Object.keys(policyWith().weights));
  });

  it('the score is their sum by weight', () => {
    const policy = policyWith({
      weights: { nearness: 1, topicFit: 10, reputation: 100, idle: 1000, freshness: 10_000 },
    });
    const who = somebody({ reputation: 0.25, idleSince: plusMs(START, -60_000), pointAt: plusMs(START, -30_000) });
    expect(scoreOf(need(), policy, who, 300, START)).toBeCloseTo(0.8 + 5 + 25 + 100 + 9000, 9);
  });
});

describe('the bound', () => {
  it('MATCH1 is exceeded by nobody at that distance or farther, to the last digit', () => {
    fc.assert(
      fc.property(
        personArb('bob'),
        needArb,
        policyArb,
        fc.double({ min: 0, max: 4000, noNaN: true }),
        fc.double({ min: 0, max: 4000, noNaN: true }),
        (person, wanted, policy, minM, moreM) => {
          const score = scoreOf(wanted, policy, askable(person), minM + moreM, START);
          expect(score).toBeLessThanOrEqual(scoreBound(wanted, policy, minM));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is reached by somebody perfect at that very distance', () => {
    const perfect = somebody({
      reputation: 1,
      idleSince: plusMs(START, -600_000),
      profile: { topics: ['food'], languages: [], capacity: 1 },
    });
    const wanted = need({ topic: 'food' });
    expect(scoreOf(wanted, policyWith(), perfect, 400, START)).toBe(scoreBound(wanted, policyWith(), 400));
  });
});

describe('the order', () => {
  it('is strict and total: by score, then distance, then id', () => {
    const c = (name: string, score: number, distanceM: number) =>
      candidate(user(name) as UserId, CELL, { score, distanceM });
    const sorted = [c('d', 9, 90), c('a', 5, 10), c('b', 5, 20), c('c', 5, 20)];
    sorted.forEach((a, i) => {
      sorted.forEach((b, j) => {
        expect(better(a, b)).toBe(i < j);
      });
    });
    expect(better(c('z', 5, 10), c('a', 5, 20)), 'the distance comes before the id').toBe(true);
    expect(better(c('a', 5, 20), c('z', 5, 10))).toBe(false);
  });

  it('keeps the best in a list of so many, wherever one comes in', () => {
    const c = (score: number) => candidate(user(`u${score}`) as UserId, CELL, { score, distanceM: 1 });
    const scores = (list: readonly Candidate[]) => list.map(({ score }) => score);
    const list: Candidate[] = [];
    for (const score of [5, 9, 1]) keepBest(list, c(score), 3);
    expect(scores(list)).toEqual([9, 5, 1]);
    keepBest(list, c(0), 3);
    expect(scores(list), 'one that is worse than all').toEqual([9, 5, 1]);
    keepBest(list, c(7), 3);
    expect(scores(list), 'one in the middle').toEqual([9, 7, 5]);
    keepBest(list, c(8), 4);
    expect(scores(list), 'room for one more').toEqual([9, 8, 7, 5]);
    const none: Candidate[] = [];
    keepBest(none, c(1), 0);
    expect(none, 'no room at all').toEqual([]);
  });
});
