// The matcher that is too simple to be wrong: for each user every rule in words, the great circle by another formula, then a sort.
import type { Point } from '../../../src/geo/point.ts';
import type { Policy, TermName } from '../../../src/protocol/policy.ts';
import type { Profile } from '../../../src/protocol/profile.ts';

export type Person = {
  readonly user: string;
  readonly profile: Profile;
  readonly point: Point;
  readonly pointAt: number;
  readonly leaseUntil: number;
  readonly idleSince: number;
  readonly coolUntil: number;
  readonly reputation: number;
  readonly blocked: readonly string[];
  /** Ids of the questions whose offers take a slot. */
  readonly busyWith: readonly string[];
};

export type Wanted = {
  readonly questionId: string;
  readonly asker: string;
  readonly point: Point;
  readonly radiusM: number;
  readonly topic?: string;
  readonly languages: readonly string[];
  readonly excluded: readonly string[];
};

type ReferenceTerm = (wanted: Wanted, person: Person, policy: Policy, distanceM: number, now: number) => number;

export type Match = { readonly user: string; readonly distanceM: number; readonly score: number };

/** Metres between two points, by the angle between their vectors (Vincenty's formula on the sphere). */
export function greatCircleM(a: Point, b: Point): number {
  const vector = ({ lat, lng }: Point): readonly [number, number, number] => {
    const [phi, lambda] = [(lat * Math.PI) / 180, (lng * Math.PI) / 180];
    return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
  };
  const [ax, ay, az] = vector(a);
  const [bx, by, bz] = vector(b);
  const cross = Math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx);
  return 6_371_008.8 * Math.atan2(cross, ax * bx + ay * by + az * bz);
}

/** The best `limit` people, best first. */
export function referenceMatch(
  wanted: Wanted,
  policy: Policy,
  people: readonly Person[],
  limit: number,
  now: number,
): readonly Match[] {
  return people
    .filter((person) => maybe(wanted, policy, person, now))
    .map((person) => scoreOf(wanted, policy, person, now))
    .sort((a, b) => b.score - a.score || a.distanceM - b.distanceM || (a.user < b.user ? -1 : 1))
    .slice(0, limit);
}

export function maybe(wanted: Wanted, policy: Policy, person: Person, now: number): boolean {
  const { profile } = person;
  const leaseRuns = now < person.leaseUntil;
  const pointIsFresh = now - person.pointAt < policy.pointAgeMaxMs;
  const topicFits = wanted.topic === undefined || profile.topics.length === 0 || hasTopic(profile.topics, wanted.topic);
  const shared = profile.languages.filter((language) => wanted.languages.includes(language));
  const languageFits = wanted.languages.length === 0 || profile.languages.length === 0 || shared.length > 0;
  return (
    person.user !== wanted.asker &&
    leaseRuns &&
    pointIsFresh &&
    topicFits &&
    languageFits &&
    !wanted.excluded.includes(person.user) &&
    !person.blocked.includes(wanted.asker) &&
    now >= person.coolUntil &&
    person.busyWith.length < profile.capacity &&
    !person.busyWith.includes(wanted.questionId) &&
    greatCircleM(wanted.point, person.point) <= wanted.radiusM
  );
}

const unit = (x: number): number => Math.max(0, Math.min(1, x));

/** A line for each term of the score, 0 to 1. */
const TERMS: Readonly<Record<TermName, ReferenceTerm>> = {
  nearness: (wanted, _person, _policy, distanceM) => unit((wanted.radiusM - distanceM) / wanted.radiusM),
  topicFit: (wanted, person) => (wanted.topic !== undefined && hasTopic(person.profile.topics, wanted.topic) ? 1 : 0.5),
  reputation: (_wanted, person) => unit(person.reputation),
  idle: (_wanted, person, policy, _distanceM, now) => unit((now - person.idleSince) / policy.idleFullMs),
  freshness: (_wanted, person, policy, _distanceM, now) =>
    unit((policy.pointAgeMaxMs - (now - person.pointAt)) / policy.pointAgeMaxMs),
};

function scoreOf(wanted: Wanted, policy: Policy, person: Person, now: number): Match {
  const distanceM = greatCircleM(wanted.point, person.point);
  const weights = Object.entries(policy.weights) as [TermName, number][];
  const score = weights.reduce(
    (sum, [name, weight]) => sum + weight * TERMS[name](wanted, person, policy, distanceM, now),
    0,
  );
  return { user: person.user, distanceM, score };
}

/** Two words are one when the alphabet that knows no case and no accents as parts of letters says so. */
function hasTopic(topics: readonly string[], topic: string): boolean {
  return topics.some((one) => SAME.compare(one.trim(), topic.trim()) === 0);
}

const SAME = new Intl.Collator('en', { sensitivity: 'accent' });
