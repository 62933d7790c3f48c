// The terms of the score: each is an entry here and a weight in the policy. A new one needs nothing else in the sources.
import type { EpochMs } from '../lib/brand.ts';
import type { Need } from '../messages/need.ts';
import type { Policy, TermName } from '../protocol/policy.ts';
import type { Askable } from './filter.ts';
import { namesTopic } from './topics.ts';

export type Term = {
  /** How well somebody fits, 0 to 1. */
  readonly of: (need: Need, policy: Policy, who: Askable, distanceM: number, now: EpochMs) => number;
  /** What nobody at `minDistanceM` or farther can exceed, to the last digit; 1 where distance and need say nothing. */
  readonly atMost: (need: Need, minDistanceM: number) => number;
};

export const TERMS = {
  nearness: {
    of: (need, _policy, _who, distanceM) => nearness(distanceM, need.radiusM),
    atMost: (need, minDistanceM) => nearness(minDistanceM, need.radiusM),
  },
  topicFit: {
    of: ({ topic }, _policy, who) => (topic !== undefined && namesTopic(who.profile.topics, topic) ? 1 : 0.5),
    atMost: ({ topic }) => (topic === undefined ? 0.5 : 1),
  },
  reputation: {
    of: (_need, _policy, who) => clamp(who.reputation),
    atMost: () => 1,
  },
  idle: {
    of: (_need, policy, who, _distanceM, now) => clamp((now - who.idleSince) / policy.idleFullMs),
    atMost: () => 1,
  },
  freshness: {
    of: (_need, policy, who, _distanceM, now) => clamp(1 - (now - who.pointAt) / policy.pointAgeMaxMs),
    atMost: () => 1,
  },
} as const satisfies Readonly<Record<TermName, Term>>;

/** Always in this order: a sum and its bound are rounded alike. */
export const TERM_LIST: readonly (Term & { readonly name: TermName })[] = (Object.keys(TERMS) as TermName[]).map(
  (name) => ({ name, ...TERMS[name] }),
);

const nearness = (distanceM: number, radiusM: number): number => clamp(1 - distanceM / radiusM);

const clamp = (x: number): number => (x < 0 ? 0 : x > 1 ? 1 : x);
