// KEEP2, checked from outside: what is owed comes exactly once, in order for each question, numbered without gaps, and
// stays until it is acknowledged.
import { type OfferId, type QuestionId, questionOf } from '../../src/protocol/ids.ts';
import type { OfferView, UserEvent } from '../../src/protocol/views.ts';
import { canonical, ENDED, questionIn, timeOf } from './evidence.ts';
import type { Check, Violation } from './violation.ts';

/** Offers that a client does not hand on as new once they are known to have ended so. */
const PASSES_OVER: ReadonlySet<string> = new Set(['offer.withdrawn', 'offer.expired']);

/** One number is one event, however often and by whatever way it came. */
const numbersAreUnique: Check = ({ received, final }) => {
  const found: Violation[] = [];
  const known = new Map<string, string>();
  const look = (user: string, event: UserEvent): void => {
    const name = `${user} ${event.seq}`;
    const text = canonical(event);
    const before = known.get(name);
    if (before !== undefined && before !== text)
      found.push({
        rule: 'KEEP2',
        kind: 'duplicateEvent',
        text: `event ${event.seq} of ${user} is ${before} and ${text}`,
      });
    known.set(name, text);
  };
  for (const { user, event } of received) look(user, event);
  for (const [user, items] of final.inbox) for (const event of items) look(user, event);
  return found;
};

const numbersHaveNoGaps: Check = (_, { events }) =>
  [...events].flatMap(([user, items]) => {
    const at = items.findIndex(({ seq }, index) => seq !== index + 1);
    if (at < 0) return [];
    return [{ rule: 'KEEP2', text: `${user} has event ${items[at]?.seq} where ${at + 1} is due` }];
  });

/** The same thing is told once, under one number. */
const nothingIsToldTwice: Check = (_, { events }) => {
  const found: Violation[] = [];
  for (const [user, items] of events) {
    const told = new Map<string, number>();
    for (const event of items) {
      const name = contentOf(event);
      const before = told.get(name);
      if (before !== undefined)
        found.push({
          rule: 'KEEP2',
          kind: 'duplicateEvent',
          text: `${user} was told ${name} as ${before} and as ${event.seq}`,
        });
      told.set(name, event.seq);
    }
  }
  return found;
};

/** Events of one question come in the order in which they happened: made before ended, and nothing to the asker after the end. */
const orderIsKept: Check = (_, { events }) => {
  const found: Violation[] = [];
  for (const [user, items] of events) {
    const last = new Map<QuestionId, UserEvent>();
    const over = new Map<string, UserEvent>();
    const made = new Set<OfferId>();
    for (const event of items) {
      const id = questionIn(event);
      const complain = (text: string): void => void found.push({ rule: 'KEEP2', text: `${user}: ${text}` });
      const before = last.get(id);
      if (before !== undefined && timeOf(before.at) > timeOf(event.at))
        complain(`event ${event.seq} of ${id} happened before event ${before.seq}`);
      last.set(id, event);
      const subject = 'question' in event.data ? id : event.data.id;
      const end = over.get(subject);
      if (end !== undefined) complain(`${event.type} (${event.seq}) after ${end.type} (${end.seq}) of ${subject}`);
      if (endsSubject(event)) over.set(subject, event);
      if ('question' in event.data) continue;
      const offer = event.data.id;
      if (event.type === 'offer.made') made.add(offer);
      else if (!made.has(offer)) complain(`${event.type} (${event.seq}) of ${offer}, which was not made`);
    }
  }
  return found;
};

/** What a client's app is handed is what was sent, once and in order; of an offer that has ended by then, the end alone will do. */
const appsMissNothing: Check = ({ handled }, { events }) =>
  [...handled].flatMap(([user, seqs]) => {
    const sent = events.get(user) ?? [];
    const complain = (text: string, late?: true): readonly Violation[] => [
      { rule: 'KEEP2', text: `the app of ${user} was handed ${text}`, ...(late === undefined ? {} : { late }) },
    ];
    const back = seqs.findIndex((seq, index) => seq <= (seqs[index - 1] ?? 0));
    if (back >= 0) return complain(`event ${seqs[back]} after event ${seqs[back - 1] ?? 0}`);
    const heard = new Set(seqs);
    const ended = new Set(sent.filter(({ type }) => PASSES_OVER.has(type)).map(({ data }) => (data as OfferView).id));
    const mayPass = ({ type, data }: UserEvent): boolean => type === 'offer.made' && ended.has((data as OfferView).id);
    const missed = sent.filter((event) => !heard.has(event.seq) && !mayPass(event));
    const last = seqs.at(-1) ?? 0;
    const skipped = missed.find(({ seq }) => seq < last);
    if (skipped !== undefined) return complain(`event ${last} and never event ${skipped.seq}, ${skipped.type}`);
    return missed.length === 0 ? [] : complain(`all but the last ${missed.length} of ${sent.length} events`, true);
  });

/** Nothing leaves an inbox unless it was acknowledged. */
const inboxesKeep: Check = ({ final, acknowledged }, { events }) =>
  [...events].flatMap(([user, items]) => {
    const upTo = acknowledged.get(user) ?? 0;
    const there = new Set(final.inbox.get(user)?.map(({ seq }) => seq));
    return items
      .filter(({ seq }) => seq > upTo && !there.has(seq))
      .map(({ seq }) => ({ rule: 'KEEP2', text: `event ${seq} of ${user} is gone; acknowledged is ${upTo}` }));
  });

/** Askers are told of each acknowledged accept, each answer, and the end; nobody accepts what was not offered to them. */
const askersAreTold: Check = (_, { events, done, views, offers }) => {
  const found: Violation[] = [];
  const told = new Set<string>();
  const ended = new Set<QuestionId>();
  for (const event of [...events.values()].flat()) {
    told.add(contentOf(event));
    if ('question' in event.data && endsSubject(event)) ended.add(event.data.question.id);
  }
  const owes = (what: string): void => {
    if (!told.has(what)) found.push({ rule: 'KEEP2', text: `the asker was never told ${what}`, late: true });
  };
  for (const { offer, user } of done('accept')) {
    const question = questionOf(offer);
    if (views.has(question)) owes(`question.matched ${question} ${offer}`);
    if (offers.get(offer)?.user !== user)
      found.push({ rule: 'KEEP2', text: `${user} accepted ${offer}, which their inbox does not have`, late: true });
  }
  for (const { id, state, answers } of views.values()) {
    for (const { offerId } of answers) owes(`question.answered ${id} ${offerId}`);
    if (ENDED.has(state) && !ended.has(id))
      found.push({ rule: 'KEEP2', text: `the asker was never told that ${id} is ${state}`, late: true });
  }
  return found;
};

export const inboxChecks: readonly Check[] = [
  numbersAreUnique,
  numbersHaveNoGaps,
  nothingIsToldTwice,
  orderIsKept,
  appsMissNothing,
  inboxesKeep,
  askersAreTold,
];

/** What the event says, apart from its number; sleeping is told anew at each time. */
function contentOf({ type, at, data }: UserEvent): string {
  if (!('question' in data)) return `${type} ${(data as OfferView).id}`;
  const { question, offerId = '' } = data;
  return type === 'question.dormant' ? `${type} ${question.id} ${at}` : `${type} ${question.id} ${offerId}`;
}

function endsSubject({ type, data }: UserEvent): boolean {
  if (!('question' in data)) return type !== 'offer.made';
  return ENDED.has(data.question.state);
}
