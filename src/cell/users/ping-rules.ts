// What a ping says beside what is known of its user: whether it is older, whether the profile is another, how long it holds.

import type { CellReply } from '../../messages/calls.ts';
import type { Ping } from '../../messages/records.ts';
import { type Adjusted, adjusted } from '../../protocol/adjusted.ts';
import type { Profile } from '../../protocol/profile.ts';
import { policyOf } from '../questions/need.ts';
import type { CellState } from '../state.ts';
import type { Waiting } from '../tables/claims.ts';
import { reply, type Step } from '../workspace.ts';

/** Within a session a lower `seq` is older; a ping without one, or of another session, counts as newer. */
export function isOlder(known: { readonly session: string; readonly seq?: number | undefined }, sent: Ping): boolean {
  if (known.session !== sent.session || known.seq === undefined || sent.seq === undefined) return false;
  return sent.seq < known.seq;
}

/** What was not sent stays as it is. */
export function sameProfile(known: Profile, sent: Partial<Profile>): boolean {
  if (sent.capacity !== undefined && sent.capacity !== known.capacity) return false;
  return sameList(known.topics, sent.topics) && sameList(known.languages, sent.languages);
}

/** What the policy makes of the lease that a ping asks for. */
export function adjustedLease(state: CellState, sent: Ping): readonly Adjusted[] {
  return sent.ttlMs === undefined ? [] : adjusted('ttlS', sent.ttlMs / 1000, leaseMs(state, sent, undefined) / 1000);
}

/** Every answer to a ping goes this way: each says what became of that very ping. */
export function answerPing(step: Step, { token, adjusted }: Waiting, answer: CellReply<'presence'>): void {
  const isSaid = answer.t === 'present' && adjusted !== undefined && adjusted.length > 0;
  reply(step, token, isSaid ? { ...answer, view: { ...answer.view, adjusted } } : answer);
}

/** @param before the length of the lease so far, of somebody who is known. */
export function leaseMs(state: CellState, sent: Ping, before: number | undefined): number {
  const { ttlDefaultMs, ttlMaxMs } = policyOf(state).presence;
  return Math.min(sent.ttlMs ?? before ?? ttlDefaultMs, ttlMaxMs);
}

function sameList(known: readonly string[], sent: readonly string[] | undefined): boolean {
  if (sent === undefined || sent === known) return true;
  return sent.length === known.length && sent.every((item, i) => item === known[i]);
}
