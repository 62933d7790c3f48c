// The record at home: while no cell holds the user, what is asked of it is answered here. Otherwise the holder is named.
import { withinBytes } from '../lib/within-bytes.ts';
import type { RecordCalls, UserReply, UserRequest } from '../messages/calls.ts';
import type { OfferChange, UserRecord } from '../messages/records.ts';
import { CALL_TIMEOUT_MS, EVENTS_PAGE_BYTES_MAX, EVENTS_PAGE_MAX } from '../protocol/limits.ts';
import type { UserEvent } from '../protocol/views.ts';
import { changedHolds, offersOf } from '../record/holds.ts';
import { acknowledge, eventsAfter, takeNews } from '../record/inbox.ts';
import { ownQuestions } from '../record/own-questions.ts';
import { sendRecall } from './recalls.ts';
import { currentRecord } from './record.ts';
import { call, isHome, metaOf, reply, type Step } from './workspace.ts';

type RecordRequest = Extract<UserRequest, { readonly t: keyof RecordCalls }>;

const PENDING_MS = 250;

/** Answers, or names who can. */
export function serve(step: Step, request: RecordRequest, token: number): void {
  const elsewhere = whoElse(step) ?? whereHolds(step, request);
  if (elsewhere !== undefined) reply(step, token, elsewhere);
  else if (request.t === 'events' && request.waitMs > 0 && !hasNews(step, request.after)) {
    step.state.waiters.push({ token, after: request.after, limit: request.limit });
  } else reply(step, token, answerOf(step, request));
}

/** A long poll has waited long enough. */
export function stopWaiting(step: Step, token: number): void {
  const { waiters, inbox } = step.state;
  const waiter = waiters.find((one) => one.token === token);
  if (waiter === undefined) return;
  waiters.splice(waiters.indexOf(waiter), 1);
  reply(step, token, eventsAfter(inbox, waiter.after, waiter.limit));
}

/** At the end of a step: who waits here for events of a record that has gone is told where it is. */
export function sendWaitersOn(step: Step): void {
  if (step.state.waiters.length === 0) return;
  const elsewhere = whoElse(step);
  if (elsewhere === undefined) return;
  for (const { token } of step.state.waiters.splice(0)) reply(step, token, elsewhere);
}

function whoElse(step: Step): Extract<UserReply<'offers'>, { readonly t: 'elsewhere' | 'pending' }> | undefined {
  const { state } = step;
  const { meta } = state;
  if (meta === undefined || meta.holding.t === 'free' || isHome(state)) return undefined;
  if (meta.holding.t !== 'held') {
    // Whoever wanted the record may have given up: the recall is repeated on anybody's word.
    sendRecall(step);
    return { t: 'pending', retryMs: PENDING_MS };
  }
  return { t: 'elsewhere', cell: meta.holding.cell, epoch: meta.epoch };
}

/** Holds were never apart from their user: offers are shown where these are. */
function whereHolds({ state: { meta } }: Step, { t }: RecordRequest): ReturnType<typeof whoElse> {
  if (t !== 'offers' || meta?.holding.t !== 'held') return undefined;
  return { t: 'elsewhere', cell: meta.holding.cell, epoch: meta.epoch };
}

const hasNews = ({ state: { inbox } }: Step, after: number): boolean =>
  after > inbox.lastSeq || [...inbox.events.keys()].some((seq) => seq > after);

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
  const { upTo, duplicateOf, refused, stored, events, offers } = takeNews(state.inbox, sent, now);
  if (stored > 0) {
    step.meta = true;
    if (meta.record !== null) meta.record = withOffers(step, meta.record, offers);
    answerWaiters(step);
    pushToLast(step, events);
  }
  return {
    t: 'stored',
    upTo,
    ...(duplicateOf === undefined ? {} : { duplicateOf }),
    ...(refused === undefined ? {} : { refused }),
  };
}

/** Its holds are counted from when it came. */
function withOffers({ state, now }: Step, record: UserRecord, offers: readonly OfferChange[]): UserRecord {
  const agedMs = now - (state.meta?.recordAt ?? now);
  return { ...record, holds: changedHolds(record.holds, offers, agedMs) };
}

function answerWaiters(step: Step): void {
  const { waiters, inbox } = step.state;
  for (const waiter of waiters.splice(0)) {
    const page = eventsAfter(inbox, waiter.after, waiter.limit);
    if (page.items.length > 0) reply(step, waiter.token, page);
    else waiters.push(waiter);
  }
}

/** Who has left may still be connected where they were. Best effort: the inbox keeps it all, and a gap is fetched. */
function pushToLast(step: Step, all: readonly UserEvent[]): void {
  const { meta } = step.state;
  const events = withinBytes(all, EVENTS_PAGE_MAX, EVENTS_PAGE_BYTES_MAX);
  if (meta?.holding.t !== 'free' || meta.holding.last === undefined || events.length === 0) return;
  call(step, { to: 'cell', cell: meta.holding.last }, { t: 'push', user: meta.user, events }, CALL_TIMEOUT_MS / 2);
}
