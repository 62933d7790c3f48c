// The inbox: events of questions, exactly once and in order for each question, numbered here alone, kept until acknowledged.
import { type EpochMs, plusMs } from '../lib/brand.ts';
import { withinBytes } from '../lib/within-bytes.ts';
import type { UserReply, UserRequest } from '../messages/calls.ts';
import type { StreamItem } from '../messages/records.ts';
import type { QuestionId } from '../protocol/ids.ts';
import {
  CALL_TIMEOUT_MS,
  EVENTS_PAGE_BYTES_MAX,
  EVENTS_PAGE_MAX,
  INBOX_MAX,
  INBOX_TOLD_FROM,
  NEWS_BYTES_MAX,
  NEWS_MAX,
} from '../protocol/limits.ts';
import { ENDED_STATES, type UserEvent } from '../protocol/views.ts';
import { remember } from './codec.ts';
import { earliestPurge } from './purge.ts';
import type { Known, UserState } from './state.ts';
import { call, metaOf, reply, type Step } from './workspace.ts';

const PUSH_TRIES_MAX = 5;
const PUSHED_AGAIN_MS = 120_000;
const WORD_RETRY_MS = 60_000;

type Deliver = Extract<UserRequest, { readonly t: 'deliver' }>;
type Events = Extract<UserRequest, { readonly t: 'events' }>;

/** Stores what is new, ignores what is known, refuses a gap: the answer says how far it has come. */
export function deliver(step: Step, sent: Deliver): UserReply<'deliver'> {
  const { state } = step;
  if (state.meta === undefined) {
    metaOf(step, sent.user);
    step.meta = true;
  }
  const before = state.known.get(sent.questionId);
  // News of a question long gone: its id has come again since, and nobody waits for these.
  if (before !== undefined && sent.incarnation < before.incarnation)
    return { t: 'stored', upTo: sent.items.at(-1)?.n ?? 0 };
  const known: Known =
    before?.incarnation === sent.incarnation
      ? before
      : {
          incarnation: sent.incarnation,
          n: 0,
          lastSeq: before?.lastSeq ?? 0,
          purgeAt: plusMs(step.now, sent.keepMs),
          offer: undefined,
          question: undefined,
        };
  let stored = 0;
  for (const item of sent.items) {
    if (item.n <= known.n) continue;
    if (item.n > known.n + 1) break;
    state.known.set(sent.questionId, known);
    take(step, sent.questionId, known, item);
    stored++;
  }
  if (stored > 0) {
    step.known.add(sent.questionId);
    // One that takes the place of an earlier question of its id takes that one's time away.
    if (before !== undefined && before !== known) state.purgeAt = earliestPurge(state.known.values());
    else if (state.purgeAt === undefined || known.purgeAt < state.purgeAt) state.purgeAt = known.purgeAt;
    noteCrowd(step);
    answerWaiters(step);
    push(step);
  }
  const key = known.question?.key;
  const first = key === undefined ? undefined : state.keys.get(key);
  return {
    t: 'stored',
    upTo: known.n,
    ...(first === undefined || first === sent.questionId ? {} : { duplicateOf: first }),
  };
}

/** Events after `after`; with none, the caller waits until one comes or the shell says that the time is up. */
export function events(step: Step, sent: Events, token: number): void {
  if (sent.after > step.state.lastSeq) {
    // A client that knows events which never were: it is older than a backup that was restored, or has lost its storage to another user.
    reply(step, token, { ...pageOf(step, 0, sent.limit), reset: true });
    return;
  }
  const page = pageOf(step, sent.after, sent.limit);
  if (page.items.length > 0 || sent.waitMs <= 0) reply(step, token, page);
  else step.state.waiters.push({ token, after: sent.after, limit: sent.limit });
}

export function stopWaiting(step: Step, token: number): void {
  const { waiters } = step.state;
  const waiter = waiters.find((one) => one.token === token);
  if (waiter === undefined) return;
  waiters.splice(waiters.indexOf(waiter), 1);
  reply(step, token, pageOf(step, waiter.after, waiter.limit));
}

/** Removes every event up to `seq`; nothing else ever does. */
export function acknowledge(step: Step, seq: number): UserReply<'ack'> {
  const { state } = step;
  const upTo = Math.min(seq, state.lastSeq);
  for (const one of [...state.inbox.keys()]) {
    if (one > upTo) continue;
    state.inbox.delete(one);
    step.inbox.add(one);
  }
  if (state.meta?.crowded === true) {
    state.push.word = true;
    push(step);
  }
  return { t: 'acked', seq: upTo };
}

/** Lets go of streams whose questions are long gone; their numbers are remembered. */
export function purge(step: Step): void {
  const { state } = step;
  if (state.purgeAt === undefined || state.purgeAt > step.now) return;
  for (const [id, known] of state.known) {
    if (known.purgeAt > step.now) continue;
    state.known.delete(id);
    step.known.add(id);
    if (known.question?.key !== undefined && state.keys.get(known.question.key) === id)
      state.keys.delete(known.question.key);
    if (state.meta !== undefined && state.meta.lastSeq < state.lastSeq) {
      state.meta.lastSeq = state.lastSeq;
      step.meta = true;
    }
  }
  state.purgeAt = earliestPurge(state.known.values());
}

/** Passes news on to the holder's cell, for the socket and the holds. Best effort: the inbox keeps it all. */
export function push(step: Step): void {
  const { state } = step;
  const { meta, push: out } = state;
  if (meta === undefined || out.call !== undefined) return;
  if (out.events.length === 0 && out.offers.length === 0 && !out.word) return;
  if (out.retryAt !== undefined && out.retryAt > step.now) return;
  out.retryAt = undefined;
  // Who has left, or whose lease has ended, may still be connected where they were.
  const cell = meta.holding.t === 'free' ? meta.holding.last : meta.holding.cell;
  if (cell === undefined) {
    out.events = [];
    out.offers = [];
    out.word = false;
    return;
  }
  const events = withinBytes(out.events, EVENTS_PAGE_MAX, EVENTS_PAGE_BYTES_MAX);
  const unread = unreadOf(step);
  out.sentEvents = events.length;
  const offers = withinBytes(out.offers, NEWS_MAX, NEWS_BYTES_MAX);
  out.sentOffers = offers.length;
  out.sentFew = unread.unread === undefined;
  out.word = false;
  out.call = call(
    step,
    { to: 'cell', cell },
    // Copies: what comes while this is on its way is appended to the lists.
    { t: 'push', user: meta.user, events, offers, ...unread },
    CALL_TIMEOUT_MS / 2,
  );
}

/** The word that an accepted offer has ended may have been lost with the memory: it frees a slot, and is passed on once more. */
export function pushAgain(step: Step): void {
  const { state } = step;
  for (const { offer } of state.known.values()) {
    if (offer?.endedAt === undefined || plusMs(offer.endedAt, PUSHED_AGAIN_MS) <= step.now) continue;
    state.push.offers.push({ id: offer.id, state: offer.state, leftMs: 0 });
  }
  // Whoever was told that the inbox is full must not go on believing it.
  if (state.meta?.crowded === true) state.push.word = true;
  push(step);
}

export function pushed(step: Step, done: boolean): void {
  const out = step.state.push;
  out.call = undefined;
  const { meta } = step.state;
  if (done && out.sentFew && meta?.crowded === true && step.state.inbox.size < INBOX_TOLD_FROM) {
    delete meta.crowded;
    step.meta = true;
  }
  const isGivenUp = !done && out.failures >= PUSH_TRIES_MAX;
  if (!done && meta?.crowded === true) out.word = true;
  if (isGivenUp && out.word) out.retryAt = plusMs(step.now, WORD_RETRY_MS);
  if (done || isGivenUp) {
    out.failures = 0;
    // What came in the meantime was appended behind what was sent.
    out.events = out.events.slice(out.sentEvents);
    out.offers = out.offers.slice(out.sentOffers);
  } else {
    out.failures++;
    out.retryAt = plusMs(step.now, 250 * 2 ** out.failures);
  }
  push(step);
}

function take(step: Step, id: QuestionId, known: Known, item: StreamItem): void {
  const { state } = step;
  known.n = item.n;
  if (item.event !== undefined) {
    state.lastSeq++;
    known.lastSeq = state.lastSeq;
    const event: UserEvent = { seq: state.lastSeq, ...item.event };
    state.inbox.set(event.seq, event);
    step.inbox.add(event.seq);
    keepForPush(state.push, event);
  }
  if (item.offer !== undefined) {
    const { id: offer, state: now, view } = item.offer;
    const ended = known.offer?.state === 'accepted' && now !== 'accepted' ? { endedAt: step.now } : {};
    if (view !== undefined) known.offer = { id: offer, state: now, view, ...ended };
    state.push.offers.push(item.offer);
  }
  if (item.question !== undefined) {
    const { state: now, key } = item.question;
    const before = known.question;
    known.question = {
      state: now,
      key: key ?? before?.key,
      at: before?.at ?? after(step, key),
      endedAt: before?.endedAt ?? (ENDED_STATES.has(now) ? step.now : undefined),
    };
    // Registered: it counts as what it is.
    state.places.delete(id);
    if (key !== undefined) remember(state, key, id, known.question);
  }
}

/** Now, or just after the first question of the same key: which was first must not depend on a tie. */
function after(step: Step, key: string | undefined): EpochMs {
  const first = key === undefined ? undefined : step.state.keys.get(key);
  const at = first === undefined ? undefined : step.state.known.get(first)?.question?.at;
  return at === undefined || at < step.now ? step.now : plusMs(at, 1);
}

function answerWaiters(step: Step): void {
  for (const waiter of step.state.waiters.splice(0)) {
    const page = pageOf(step, waiter.after, waiter.limit);
    if (page.items.length > 0) reply(step, waiter.token, page);
    else step.state.waiters.push(waiter);
  }
}

/** How many are unacknowledged, if that is more than any holder may fail to know. */
export function unreadOf({ state }: Step): { readonly unread?: number } {
  return state.inbox.size < INBOX_TOLD_FROM ? {} : { unread: state.inbox.size };
}

function noteCrowd(step: Step): void {
  const { meta, inbox } = step.state;
  if (meta === undefined || meta.crowded === true || inbox.size < INBOX_TOLD_FROM) return;
  meta.crowded = true;
  step.meta = true;
}

/**
 * Of more than a socket is worth waiting for the oldest go: the client sees the gap and fetches. What is on its way may be among them: as
 * many as it has are taken off once it is done, and what is left is the newest all the same.
 */
function keepForPush(out: UserState['push'], event: UserEvent): void {
  out.events.push(event);
  if (out.events.length > INBOX_MAX) out.events.shift();
}

function pageOf(step: Step, after: number, limit: number): UserReply<'events'> & { readonly t: 'events' } {
  const later = [...step.state.inbox.values()].filter(({ seq }) => seq > after).sort((a, b) => a.seq - b.seq);
  const items = withinBytes(later, Math.min(limit, EVENTS_PAGE_MAX), EVENTS_PAGE_BYTES_MAX);
  return { t: 'events', items, next: items.at(-1)?.seq ?? after };
}
