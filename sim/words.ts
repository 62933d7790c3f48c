// What a simulated person says of themselves, and when: all of it until it was acknowledged, then now and then, and it changes.
import type { Prng } from '../src/lib/prng.ts';
import type { UserId } from '../src/protocol/ids.ts';
import type { Profile } from '../src/protocol/profile.ts';
import type { Ledger } from './ledger.ts';
import { TOPICS } from './map.ts';
import type { AnyReply } from './node.ts';

export const LANGUAGES = ['en', 'es'] as const;

export type Words = {
  readonly profile: () => Profile;
  /** Whether the service has acknowledged the profile as it is. */
  readonly isSaid: () => boolean;
  /** For a ping that is sent now, and who is to hear its answer. */
  readonly next: () => { readonly profile: Partial<Profile>; readonly heard: (reply: AnyReply) => void };
  /** Whose profile is not given changes their mind. */
  readonly change: () => void;
  /** The app forgets what was acknowledged. */
  readonly forget: () => void;
};

/** @param isTold whether pings can be told apart: by one device, with numbers. Of others what was said last is not known. */
export function words(ledger: Ledger, draw: Prng, user: UserId, given: Profile | undefined, isTold: boolean): Words {
  const some = <T>(of: readonly T[], parts: number, among: number): readonly T[] =>
    of.filter(() => draw.chance(parts, among));
  let profile: Profile = given ?? {
    topics: some(TOPICS, 1, 2),
    languages: some(LANGUAGES, 2, 3),
    capacity: 1 + draw.below(2),
  };
  let isSaid = false;
  let newest = 0;
  const forget = (): void => {
    isSaid = false;
    ledger.words.delete(user);
  };
  return {
    profile: () => profile,
    isSaid: () => isSaid,
    next: () => {
      if (isSaid && !draw.chance(1, 4)) return { profile: {}, heard: () => undefined };
      const mine = ++newest;
      const sent = profile;
      return {
        profile: sent,
        heard: (reply) => {
          if (reply.t !== 'present' || mine !== newest || sent !== profile) return;
          isSaid = true;
          if (isTold) ledger.words.set(user, { profile });
        },
      };
    },
    change: () => {
      // One that was given stays.
      if (given !== undefined) return;
      profile = { ...profile, topics: some(TOPICS, 1, 2), languages: some(LANGUAGES, 2, 3) };
      forget();
    },
    forget,
  };
}
