// Who may be asked: every reason to leave somebody out, in one place, used by scouts, reserves, arrivals and the reference matcher.
import { distanceM } from '../geo/distance.ts';
import type { Point } from '../geo/point.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { Need } from '../messages/need.ts';
import type { QuestionId, UserId } from '../protocol/ids.ts';
import { EVENTS_PER_OFFER, INBOX_MAX } from '../protocol/limits.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Profile } from '../protocol/profile.ts';
import { namesTopic } from './topics.ts';

/** A user as matching sees them, wherever they are kept. */
export type Askable = {
  readonly user: UserId;
  readonly profile: Profile;
  readonly point: Point;
  readonly pointAt: EpochMs;
  readonly leaseUntil: EpochMs;
  readonly idleSince: EpochMs;
  readonly coolUntil: EpochMs;
  readonly reputation: number;
  readonly blocked: readonly UserId[];
  /** Questions whose offers take a slot. */
  readonly holds: { readonly size: number };
  readonly holdsQuestion: (id: QuestionId) => boolean;
  /** What awaits the user's acknowledgement; absent: it is not known here. */
  readonly inbox?: { readonly events: { readonly size: number } } | undefined;
};

export type Reason =
  | 'asker'
  | 'lease'
  | 'stale'
  | 'topic'
  | 'language'
  | 'excluded'
  | 'blocked'
  | 'cooling'
  | 'capacity'
  | 'held'
  | 'inbox_full'
  | 'far';

/** Why `who` may not be asked, or the distance in metres when they may. The cheap reasons come first. */
export function refuse(need: Need, policy: Policy, who: Askable, now: EpochMs): Reason | number {
  if (who.user === need.asker) return 'asker';
  if (who.leaseUntil <= now) return 'lease';
  if (who.pointAt + policy.pointAgeMaxMs <= now) return 'stale';
  if (!speaksOf(need, who.profile)) return 'topic';
  if (!speaks(need, who.profile)) return 'language';
  if (need.excluded.includes(who.user)) return 'excluded';
  if (who.blocked.includes(need.asker)) return 'blocked';
  if (who.coolUntil > now) return 'cooling';
  if (who.holds.size >= who.profile.capacity) return 'capacity';
  if (who.holdsQuestion(need.questionId)) return 'held';
  if (inboxIsFull(who)) return 'inbox_full';
  const distance = distanceM(need.point, who.point);
  return distance > need.radiusM ? 'far' : distance;
}

/** No room for what another offer says, beside what the present ones may still say. */
export function inboxIsFull({ inbox, holds }: Pick<Askable, 'inbox' | 'holds'>): boolean {
  return (inbox?.events.size ?? 0) + EVENTS_PER_OFFER * (holds.size + 1) > INBOX_MAX;
}

/** A question without a topic is for everybody; a user without topics takes any. */
export function speaksOf(need: Pick<Need, 'topic'>, profile: Profile): boolean {
  return need.topic === undefined || profile.topics.length === 0 || namesTopic(profile.topics, need.topic);
}

/** Languages work like topics: none named means any. */
export function speaks(need: Pick<Need, 'languages'>, profile: Profile): boolean {
  if (need.languages.length === 0 || profile.languages.length === 0) return true;
  return need.languages.some((language) => profile.languages.includes(language));
}
