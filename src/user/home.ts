// The record at home: while no cell holds the user, what is asked of it is answered here. Otherwise the holder is named.
import { withinBytes } from '../lib/within-bytes.ts';
import type { RecordCalls, UserReply, UserRequest } from '../messages/calls.ts';
import type { OfferChange, UserRecord } from '../messages/records.ts';
import { CALL_TIMEOUT_MS, EVENTS_PAGE_BYTES_MAX, EVENTS_PAGE_MAX } from '../protocol/limits.ts';
import type { UserEvent } from '../protocol/views.ts';
import { changedHolds, offersOf } from '../record/holds.ts';
import { acknowledge, eventsAfter, hasNews, storedReply, takeNews } from '../record/inbox.ts';
import { ownQuestions } from '../record/own-questions.ts';
import { endWait, endWaits } from '../record/waiting.ts';
import { sendRecall } from './recalls.ts';
import { currentRecord } from './record.ts';
import { call, isHome, metaOf, reply, type Step } from './workspace.ts';

type RecordRequest = Extract<UserRequest, { readonly t: keyof RecordCalls }>;

const PENDING = { t: 'pending', retryMs: 250 } as const;

/** Answers, or names who can. */
export function serve(step: Step, request: RecordRequest, token: number): void {
  const { inbox, waiters } = step.state;
  const elsewhere = whoElse(step, request.t);
  if (elsewhere !== undefined) reply(step, token, elsewhere);
  else if (request.t === 'events' && request.waitMs > 0 && !hasNews(inbox, request.after)) {
    waiters.push({ token, after: request.after, limit: request.limit });
  } else reply(step, token, answerOf(step, request));
}

/** A long poll has waited long enough. */
export function stopWaiting(step: Step, token: number): void {
  const { waiters, inbox } = step.state;
  endWait(
    waiters,
    token,
    () => inbox,
    () => PENDING,
    (to, page) => reply(step, to, page),
  );
}

/** At the end of a step: who waits here for events that have come has them, and is told where a record is that has gone. */
export function answerWaiters(step: Step): void {
  const { waiters, inbox } = step.state;
  if (waiters.length === 0) return;
  const elsewhere = whoElse(step);
  endWaits(
    waiters,
    () => (elsewhere === undefined ? inbox : undefined),
    () => elsewhere ?? PENDING,
    (token, page) => reply(step, token, page),
  );
}

/** Who has the record, if it is not here. */
function whoElse(
  step: Step,
  t?: RecordRequest['t'],
): Extract<UserReply<'offers'>, { readonly t: 'elsewhere' | 'pending' }> | undefined {
  const { state } = step;
  const { meta } = state;
  // Holds were never apart from their user: offers are shown where these are.
  const areHoldsHere = t !== 'offers' || meta?.holding.t !== 'held';
  if (meta === undefined || (isHome(state) && areHoldsHere)) return undefined;
  if (meta.holding.t !== 'held') {
    // Whoever wanted the record may have given up: the recall is repeated on anybody's word.
    sendRecall(step);
    return PENDING;
  }
  return { t: 'elsewhere', cell: meta.holding.cell, epoch: meta.epoch };
}

function answerOf(step: Step, request: RecordRequest): UserReply<keyof RecordCalls> {
  const { state } = step;
  const { inbox, meta } = state;
  switch (request.t) {
    case 'deliver':
      return deliver(step, request);
    case 'events':
      return eventsAfter(inbox, request.after, request.limit);
    case 'ack': {
      const before = inbox.events.size;
      const seq = acknowledge(inbox, request.seq);
      if (inbox.events.size < before) step.meta = true;
      return { t: 'acked', seq };
    }
    case 'questions':
      return ownQuestions(inbox, request.after, request.limit);
    case 'offers':
      return { t: 'offers', items: meta === undefined ? [] : offersOf(currentRecord(step, meta), step.now) };
  }
}

function deliver(step: Step, sent: Extract<UserRequest, { readonly t: 'deliver' }>): UserReply<'deliver'> {
  const { state, now } = step;
  const meta = metaOf(step, sent.user);
  const taken = takeNews(state.inbox, sent, now);
  if (taken.stored > 0) {
    step.meta = true;
    if (meta.record !== null) meta.record = withOffers(step, meta.record, taken.offers);
    pushToLast(step, taken.events);
  }
  return storedReply(taken);
}

/** Its holds are counted from when it came. */
function withOffers({ state, now }: Step, record: UserRecord, offers: readonly OfferChange[]): UserRecord {
  const agedMs = now - (state.meta?.recordAt ?? now);
  return { ...record, holds: changedHolds(record.holds, offers, agedMs) };
}

/** Who has left may still be connected where they were. Best effort: the inbox keeps it all, and a gap is fetched. */
function pushToLast(step: Step, all: readonly UserEvent[]): void {
  const { meta } = step.state;
  const events = withinBytes(all, EVENTS_PAGE_MAX, EVENTS_PAGE_BYTES_MAX);
  if (meta?.holding.t !== 'free' || meta.holding.last === undefined || events.length === 0) return;
  call(step, { to: 'cell', cell: meta.holding.last }, { t: 'push', user: meta.user, events }, CALL_TIMEOUT_MS / 2);
}
