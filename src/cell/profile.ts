// What a user offers to be asked: what a ping says is laid over what was known.
import type { Profile } from '../protocol/messages.ts';

export function mergeProfile(known: Profile | undefined, sent: Partial<Profile>): Profile {
  return { ...(known ?? NEWCOMER), ...sent };
}

export function sameProfile(known: Profile, sent: Partial<Profile>): boolean {
  if (sent.capacity !== undefined && sent.capacity !== known.capacity) return false;
  return sameList(known.topics, sent.topics) && sameList(known.languages, sent.languages);
}

function sameList(known: readonly string[], sent: readonly string[] | undefined): boolean {
  if (sent === undefined || sent === known) return true;
  return sent.length === known.length && sent.every((item, i) => item === known[i]);
}

const NEWCOMER: Profile = { topics: [], languages: [], capacity: 1 };
