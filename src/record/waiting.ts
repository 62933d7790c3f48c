// Long polls: who waits for events of a record, wherever it lies.
import type { EventsPage, Inbox } from './inbox.ts';
import { eventsAfter, hasNews } from './inbox.ts';

/** One long poll; `token` names its caller. */
export type Waiter = { readonly token: number; readonly after: number; readonly limit: number };

/** Events, or what is said of a record that is not here (any more). */
type Answer<Gone> = (token: number, reply: EventsPage | Gone) => void;

/**
 * At the end of a step: whoever waits for events that have come has them, and whoever waits where the record is no more is told.
 * @param inboxOf the inbox that the poll is about; `undefined`: it is not here
 */
export function endWaits<W extends Waiter, Gone>(
  waiters: W[],
  inboxOf: (waiter: W) => Inbox | undefined,
  gone: () => Gone,
  answer: Answer<Gone>,
): void {
  if (waiters.length === 0) return;
  for (const waiter of waiters.splice(0)) {
    const inbox = inboxOf(waiter);
    if (inbox !== undefined && !hasNews(inbox, waiter.after)) waiters.push(waiter);
    else answer(waiter.token, pageFor(waiter, inbox, gone));
  }
}

/** The time of one is up: it has what there is. */
export function endWait<W extends Waiter, Gone>(
  waiters: W[],
  token: number,
  inboxOf: (waiter: W) => Inbox | undefined,
  gone: () => Gone,
  answer: Answer<Gone>,
): void {
  const at = waiters.findIndex((one) => one.token === token);
  const [waiter] = at < 0 ? [] : waiters.splice(at, 1);
  if (waiter !== undefined) answer(token, pageFor(waiter, inboxOf(waiter), gone));
}

const pageFor = <Gone>({ after, limit }: Waiter, inbox: Inbox | undefined, gone: () => Gone): EventsPage | Gone =>
  inbox === undefined ? gone() : eventsAfter(inbox, after, limit);
