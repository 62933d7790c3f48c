// Whether a ping says anything new of its user.
import type { Profile } from '../../protocol/messages.ts';

/** What was not sent stays as it is. */
export function sameProfile(known: Profile, sent: Partial<Profile>): boolean {
  if (sent.capacity !== undefined && sent.capacity !== known.capacity) return false;
  return sameList(known.topics, sent.topics) && sameList(known.languages, sent.languages);
}

function sameList(known: readonly string[], sent: readonly string[] | undefined): boolean {
  if (sent === undefined || sent === known) return true;
  return sent.length === known.length && sent.every((item, i) => item === known[i]);
}
