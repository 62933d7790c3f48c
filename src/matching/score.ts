// How well somebody fits: a weighted sum of normalised terms, and the order that it gives.
import type { EpochMs } from '../lib/brand.ts';
import type { Need } from '../messages/need.ts';
import type { Candidate } from '../messages/records.ts';
import type { Policy, TermName } from '../protocol/policy.ts';
import type { Askable } from './filter.ts';
import { TERM_LIST } from './terms.ts';

/** What puts people in an order. */
export type Rank = Pick<Candidate, 'user' | 'distanceM' | 'score'>;

/** From 0 to the sum of the weights. */
export function scoreOf(need: Need, policy: Policy, who: Askable, distanceM: number, now: EpochMs): number {
  const { weights } = policy;
  let score = 0;
  for (const { name, of } of TERM_LIST) score += weights[name] * of(need, policy, who, distanceM, now);
  return score;
}

/** Each term of the score, 0 to 1. */
export function termsOf(need: Need, policy: Policy, who: Askable, distanceM: number, now: EpochMs): Candidate['terms'] {
  const terms: Partial<Record<TermName, number>> = {};
  for (const { name, of } of TERM_LIST) terms[name] = of(need, policy, who, distanceM, now);
  return terms as Candidate['terms'];
}

/** The score that nobody at `minDistanceM` or farther can exceed: when to stop asking more cells. */
export function scoreBound(need: Need, policy: Policy, minDistanceM: number): number {
  let score = 0;
  for (const { name, atMost } of TERM_LIST) score += policy.weights[name] * atMost(need, minDistanceM);
  return score;
}

/** Strict and total: higher score, then nearer, then the lesser user id. */
export function better(a: Rank, b: Rank): boolean {
  if (a.score !== b.score) return a.score > b.score;
  if (a.distanceM !== b.distanceM) return a.distanceM < b.distanceM;
  return a.user < b.user;
}

/** Inserts `candidate` into the best-first `list`, which keeps at most `limit`. */
export function keepBest<Ranked extends Rank>(list: Ranked[], candidate: Ranked, limit: number): void {
  const last = list[list.length - 1];
  if (list.length >= limit && last !== undefined && !better(candidate, last)) return;
  let i = list.length;
  while (i > 0 && better(candidate, list[i - 1] as Ranked)) i--;
  list.splice(i, 0, candidate);
  if (list.length > limit) list.pop();
}
