// The part of a user's record that questions fill: events, numbered here alone and kept until acknowledged, how far each question's news
// has come, and the user's own questions with their keys. Whoever is custodian of the record changes it; nobody else does.
import { type EpochMs, plusMs } from '../lib/brand.ts';
import { utf8Length } from '../lib/text.ts';
import { withinBytes } from '../lib/within-bytes.ts';
import type { RecordCalls } from '../messages/calls.ts';
import type { Known, OfferChange, OwnQuestion, StreamItem } from '../messages/records.ts';
import type { QuestionId } from '../protocol/ids.ts';
import {
  EVENTS_PAGE_BYTES_MAX,
  EVENTS_PAGE_MAX,
  INBOX_BYTES_FULL,
  INBOX_BYTES_MAX,
  KEPT_AFTER_END_MS,
} from '../protocol/limits.ts';
import type { ProblemCode } from '../protocol/problems.ts';
import { ENDED_STATES, type UserEvent } from '../protocol/views.ts';
import { refuseOneMore } from './admission.ts';

export type Inbox = {
  /** The last number that was given to an event. */
  lastSeq: number;
  /** By number, in its order. */
  readonly events: Map<number, UserEvent>;
  readonly known: Map<QuestionId, Known>;
  // derived
  /** How long its events are, as JSON. */
  bytes: number;
  readonly keys: Map<string, QuestionId>;
  /** The earliest of all that is known: until then nothing need be looked through. */
  purgeAt: EpochMs | undefined;
};

/** What a question has to tell one user. */
export type News = Omit<RecordCalls['deliver']['ask'], 'user'>;

export type Taken = {
  /** How far the stream has come. */
  readonly upTo: number;
  /** The first question of the same key, if this is a later one. */
  readonly duplicateOf: QuestionId | undefined;
  /** Why its asker may not have one more question open: it was taken all the same, and is to end. */
  readonly refused: ProblemCode | undefined;
  /** How many items were new. */
  readonly stored: number;
  readonly events: readonly UserEvent[];
  readonly offers: readonly OfferChange[];
};

export const emptyInbox = (): Inbox => ({
  lastSeq: 0,
  events: new Map(),
  known: new Map(),
  bytes: 0,
  keys: new Map(),
  purgeAt: undefined,
});

/** Takes what is new, ignores what is known, stops at a gap: the answer says how far it has come. */
export function takeNews(inbox: Inbox, news: News, now: EpochMs): Taken {
  const events: UserEvent[] = [];
  const offers: OfferChange[] = [];
  const before = inbox.known.get(news.questionId);
  const taken = { duplicateOf: undefined, refused: undefined, stored: 0, events, offers };
  // News of a question long gone: its id has come again since, and nobody waits for these.
  if (before !== undefined && news.incarnation < before.incarnation)
    return { ...taken, upTo: news.items.at(-1)?.n ?? 0 };
  const known: Known =
    before?.incarnation === news.incarnation
      ? before
      : { incarnation: news.incarnation, n: 0, purgeAt: plusMs(now, news.keepMs), question: undefined };
  // What was acknowledged and is not known here was lost with a disk: what comes after it is taken, and says so.
  const { after = 0 } = news;
  let from = known.n < after && news.items.some(({ n }) => n === after + 1) ? after : known.n;
  let stored = 0;
  for (const item of news.items) {
    if (item.n <= from) continue;
    // BOUND2: where nothing more fits, the question keeps what it owes until something was acknowledged.
    if (item.n > from + 1 || (item.event !== undefined && inbox.bytes > INBOX_BYTES_FULL)) break;
    if (from > known.n) known.gap = true;
    from = item.n;
    inbox.known.set(news.questionId, known);
    takeItem(inbox, news.questionId, known, item, now, events);
    if (item.offer !== undefined) offers.push(item.offer);
    stored++;
  }
  if (stored > 0) {
    // One that takes the place of an earlier question of its id takes that one's time away.
    if (before !== undefined && before !== known) inbox.purgeAt = earliestPurge(inbox);
    else if (inbox.purgeAt === undefined || known.purgeAt < inbox.purgeAt) inbox.purgeAt = known.purgeAt;
  }
  const key = known.question?.key;
  const first = key === undefined ? undefined : inbox.keys.get(key);
  return {
    ...taken,
    upTo: known.n,
    stored,
    refused: known.question?.refused,
    duplicateOf: first === news.questionId ? undefined : first,
  };
}

/** What the custodian answers a question. */
export const storedReply = ({ upTo, duplicateOf, refused }: Taken): RecordCalls['deliver']['reply'] => ({
  t: 'stored',
  upTo,
  ...(duplicateOf === undefined ? {} : { duplicateOf }),
  ...(refused === undefined ? {} : { refused }),
});

function takeItem(
  inbox: Inbox,
  id: QuestionId,
  known: Known,
  item: StreamItem,
  now: EpochMs,
  events: UserEvent[],
): void {
  known.n = item.n;
  if (item.event !== undefined) {
    inbox.lastSeq++;
    const gap = known.gap === true ? { gap: true as const } : {};
    delete known.gap;
    const event = keepEvent(inbox, { seq: inbox.lastSeq, ...item.event, ...gap });
    events.push(event);
  }
  if (item.question === undefined) return;
  const { state, key, openMax } = item.question;
  const before = known.question;
  const refused = openMax === undefined ? before?.refused : refuseOneMore(inbox, id, openMax)?.code;
  known.question = {
    state,
    key: key ?? before?.key,
    at: before?.at ?? after(inbox, key, now),
    endedAt: before?.endedAt ?? (ENDED_STATES.has(state) ? now : undefined),
    ...(refused === undefined ? {} : { refused }),
  };
  if (key !== undefined) rememberKey(inbox, key, id, known.question);
}

/** BOUND2: puts the event into the inbox, without its texts where they would make the row too long. Answers with what it has become. */
export function keepEvent(inbox: Inbox, sent: UserEvent): UserEvent {
  const bytes = bytesOf(sent);
  const event = inbox.bytes + bytes <= INBOX_BYTES_MAX ? sent : cut(sent);
  inbox.events.set(event.seq, event);
  inbox.bytes += event === sent ? bytes : bytesOf(event);
  return event;
}

function cut(event: UserEvent): UserEvent {
  const { data } = event;
  if (!('question' in data)) return { ...event, cut: true, data: { ...data, text: '' } };
  if (data.answer === undefined) return event;
  return { ...event, cut: true, data: { ...data, answer: { ...data.answer, text: '' } } };
}

const bytesOf = (event: UserEvent): number => utf8Length(JSON.stringify(event)) + 1;

/** Now, or just after the first question of the same key: which was first must not depend on a tie. */
function after(inbox: Inbox, key: string | undefined, now: EpochMs): EpochMs {
  const first = key === undefined ? undefined : inbox.keys.get(key);
  const at = first === undefined ? undefined : inbox.known.get(first)?.question?.at;
  return at === undefined || at < now ? now : plusMs(at, 1);
}

/** The first question of a key keeps it, until a day after its end. */
export function rememberKey(inbox: Inbox, key: string, id: QuestionId, own: OwnQuestion): void {
  const other = inbox.keys.get(key);
  const known = other === undefined ? undefined : inbox.known.get(other)?.question;
  if (other === undefined || known === undefined) {
    inbox.keys.set(key, id);
    return;
  }
  const isFirst = own.at < known.at || (own.at === known.at && id < other);
  const [first, later] = isFirst ? [own, known] : [known, own];
  const isOver = first.endedAt !== undefined && first.endedAt + KEPT_AFTER_END_MS <= later.at;
  if (isFirst !== isOver) inbox.keys.set(key, id);
}

/** Removes every event up to `seq`; nothing else ever does. Answers with the number up to which all are gone. */
export function acknowledge(inbox: Inbox, seq: number): number {
  const upTo = Math.min(seq, inbox.lastSeq);
  for (const [one, event] of inbox.events) {
    if (one > upTo) break;
    inbox.events.delete(one);
    inbox.bytes -= bytesOf(event);
  }
  return upTo;
}

/** The last number up to which every event is gone. */
export function acknowledgedUpTo({ events, lastSeq }: Inbox): number {
  for (const seq of events.keys()) return seq - 1;
  return lastSeq;
}

export type EventsPage = RecordCalls['events']['reply'];

/** Whether a reader of all up to `after` has anything to read. */
export function hasNews({ lastSeq, events }: Inbox, after: number): boolean {
  if (after > lastSeq) return true;
  for (const seq of events.keys()) if (seq > after) return true;
  return false;
}

/** Events after `after`. `reset`: no event has a number as high; the page is the first from the beginning. */
export function eventsAfter(inbox: Inbox, after: number, limit: number): EventsPage {
  // A client that knows events which never were: it is older than a backup that was restored, or has lost its storage to another user.
  if (after > inbox.lastSeq) return { ...eventsAfter(inbox, 0, limit), reset: true };
  const later = [...inbox.events.values()].filter(({ seq }) => seq > after);
  const items = withinBytes(later, Math.min(limit, EVENTS_PAGE_MAX), EVENTS_PAGE_BYTES_MAX);
  return { t: 'events', items, next: items.at(-1)?.seq ?? after };
}

/** Lets go of streams whose questions are long gone. True if there were any. */
export function purge(inbox: Inbox, now: EpochMs): boolean {
  if (inbox.purgeAt === undefined || inbox.purgeAt > now) return false;
  for (const [id, { purgeAt, question }] of inbox.known) {
    if (purgeAt > now) continue;
    inbox.known.delete(id);
    if (question?.key !== undefined && inbox.keys.get(question.key) === id) inbox.keys.delete(question.key);
  }
  inbox.purgeAt = earliestPurge(inbox);
  return true;
}

export function earliestPurge({ known }: Inbox): EpochMs | undefined {
  let first: EpochMs | undefined;
  for (const { purgeAt } of known.values()) if (first === undefined || purgeAt < first) first = purgeAt;
  return first;
}

/** What was noted as it happened: it was no later then. */
export function* timesNoted({ known }: Inbox): Iterable<EpochMs | undefined> {
  for (const { question } of known.values()) yield* [question?.at, question?.endedAt];
}
