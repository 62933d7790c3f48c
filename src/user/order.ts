// Which of two pings, or of a ping and a leave, is the newer: by number within a session, else by who was first heard of later.
import { plusMs } from '../lib/brand.ts';
import type { UserRequest } from '../messages/calls.ts';
import type { Meta } from './state.ts';
import type { Step } from './workspace.ts';

type Claim = Extract<UserRequest, { readonly t: 'claim' }>;
export type Numbers = { readonly session?: string | undefined; readonly seq?: number | undefined };

/** Clocks of two objects agree at least so well on how long ago something was. */
const CLOCKS_AGREE_MS = 60_000;
/** Somebody has so many devices at hand; a copy that comes after more sessions than that counts as new. */
const SESSIONS_KEPT = 4;

/** Whether something newer than the claim's ping has been heard of: another ping, or a leave. */
export function isOlder(step: Step, meta: Meta, sent: Claim): boolean {
  const { left } = meta;
  const afterLeave = left === undefined ? undefined : compare(sent, left);
  // A ping under the number of the leave is one from before it.
  if (afterLeave !== undefined && afterLeave <= 0) return true;
  if (left !== undefined && afterLeave === undefined && sent.order === undefined) {
    // Nothing but its age tells whether it came before the leave; of one whose sender was answered, any doubt makes it so.
    const doubtMs = sent.repeated === true ? CLOCKS_AGREE_MS : 0;
    if (plusMs(step.now, -(sent.ageMs ?? 0)) < plusMs(left.at, doubtMs)) return true;
  }
  const afterNewest = compare(sent, meta);
  if (afterNewest !== undefined && afterNewest < 0) return true;
  if (sent.order !== undefined) return sent.order < meta.order;
  // A session before the newest that goes on has a higher number than it ever had.
  return meta.past?.some((past) => (compare(sent, past) ?? 1) <= 0) ?? false;
}

/** Below, at or above 0 as `a` is older, the same or newer; `undefined` where numbers do not tell. */
export function compare(a: Numbers, b: Numbers): number | undefined {
  if (a.session === undefined || a.session !== b.session || a.seq === undefined || b.seq === undefined)
    return undefined;
  return a.seq - b.seq;
}

/** A ping of which nobody has claimed before is the newest. Kept at once, so that no later one gets its number. */
export function orderOf(step: Step, meta: Meta, { order }: Claim): number {
  return order ?? nextOrder(step, meta);
}

/** Of whatever is newer than all that was heard of so far. */
export function nextOrder(step: Step, meta: Meta): number {
  meta.order++;
  step.meta = true;
  return meta.order;
}

/** The newest ping, or leave, that was heard of. */
export function note(step: Step, meta: Meta, { session, seq }: Numbers): void {
  if (session === undefined || (meta.session === session && meta.seq === seq)) return;
  if (meta.session !== session) rememberSession(meta, session);
  meta.session = session;
  meta.seq = seq;
  step.meta = true;
}

/** The newest one so far, as another begins, or goes on. */
function rememberSession(meta: Meta, next: string): void {
  const { session, seq } = meta;
  const others = (meta.past ?? []).filter((past) => past.session !== next);
  const past = session === undefined || seq === undefined ? others : [{ session, seq }, ...others];
  meta.past = past.slice(0, SESSIONS_KEPT);
}

/** A holder's word of the newest ping that it took: it may have come long after the claim. */
export function raise(step: Step, meta: Meta, taken: Numbers): void {
  if ((compare(taken, meta) ?? 0) > 0) note(step, meta, taken);
}
