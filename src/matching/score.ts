// How well somebody fits: a weighted sum of normalised terms, and the order that it gives.
import type { EpochMs } from '../lib/brand.ts';
import type { Need } from '../messages/need.ts';
import type { Candidate } from '../messages/records.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Askable } from './filter.ts';
import { namesTopic } from './topics.ts';

type Terms = Candidate['terms'];

/** Every term lies in 0 to 1; the score in 0 to the sum of the weights. */
export function scored(
  need: Need,
  policy: Policy,
  who: Askable,
  distanceM: number,
  now: EpochMs,
): { readonly score: number; readonly terms: Terms } {
  const terms: Terms = {
    nearness: nearness(distanceM, need.radiusM),
    topicFit: need.topic === undefined ? 0.5 : namesTopic(who.profile.topics, need.topic) ? 1 : 0.5,
    reputation: clamp(who.reputation),
    idle: clamp((now - who.idleSince) / policy.idleFullMs),
    freshness: clamp(1 - (now - who.pointAt) / policy.pointAgeMaxMs),
  };
  return { score: weigh(policy, terms), terms };
}

/** The score that nobody at `minDistanceM` or farther can exceed: when to stop asking more cells. */
export function scoreBound(need: Need, policy: Policy, minDistanceM: number): number {
  return weigh(policy, {
    nearness: nearness(minDistanceM, need.radiusM),
    topicFit: need.topic === undefined ? 0.5 : 1,
    reputation: 1,
    idle: 1,
    freshness: 1,
  });
}

/** Strict and total: higher score, then nearer, then the lesser user id. */
export function better(a: Candidate, b: Candidate): boolean {
  if (a.score !== b.score) return a.score > b.score;
  if (a.distanceM !== b.distanceM) return a.distanceM < b.distanceM;
  return a.user < b.user;
}

/** Inserts `candidate` into the best-first `list`, which keeps at most `limit`. */
export function keepBest(list: Candidate[], candidate: Candidate, limit: number): void {
  const last = list[list.length - 1];
  if (list.length >= limit && last !== undefined && !better(candidate, last)) return;
  let i = list.length;
  while (i > 0 && better(candidate, list[i - 1] as Candidate)) i--;
  list.splice(i, 0, candidate);
  if (list.length > limit) list.pop();
}

const nearness = (distanceM: number, radiusM: number): number => clamp(1 - distanceM / radiusM);

function weigh(policy: Policy, terms: Terms): number {
  const w = policy.weights;
  return (
    w.nearness * terms.nearness +
    w.topicFit * terms.topicFit +
    w.reputation * terms.reputation +
    w.idle * terms.idle +
    w.freshness * terms.freshness
  );
}

const clamp = (x: number): number => (x < 0 ? 0 : x > 1 ? 1 : x);
