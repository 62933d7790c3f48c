// What questions owe their users, numbered for each question and user.
import { iso } from '../../lib/iso.ts';
import type { StreamItem } from '../../messages/records.ts';
import type { UserId } from '../../protocol/ids.ts';
import type { EventBody, EventType } from '../../protocol/views.ts';
import type { MadeOffer, Offer } from '../tables/offers.ts';
import type { Question, Stream } from '../tables/questions.ts';
import { hasEnded } from '../tables/questions.ts';
import { applyOfferChange } from '../users/holds.ts';
import { newsOf, viewAnswer, viewOffer } from '../view.ts';
import type { Step } from '../workspace.ts';
import { policyOf } from './need.ts';

/** Tells the user of an offer what became of it, with an event or quietly. A user held here learns it in the same step. */
export function tellOffer(
  step: Step,
  question: Question,
  offer: MadeOffer,
  type?: 'offer.made' | 'offer.withdrawn' | 'offer.expired',
): void {
  const view = viewOffer(question, offer);
  const change = { id: offer.id, state: view.state, leftMs: Math.max(0, offer.until - step.now), view };
  const stream = append(step, question, offer.user, {
    offer: change,
    ...(type === undefined ? {} : { event: eventOf(step, type, view) }),
  });
  // At first: it confirmed the reserve, and has the record.
  if (stream.acked === 0) stream.at ??= { cell: offer.cell };
  applyOfferChange(step, offer.user, change);
}

/** Tells the asker. `data` is shown beside the question as it now stands. */
export function tellAsker(
  step: Step,
  question: Question,
  type: EventType,
  data: { readonly offer?: Offer } = {},
): void {
  // Where there is no room for events, that it was refused is the answer to the ask alone.
  if (question.refused === 'inbox_full') {
    append(step, question, question.asker, ending(question));
    return;
  }
  const { offer } = data;
  const answer = offer && viewAnswer(offer);
  const event = eventOf(step, type, {
    question: newsOf(step.state, question),
    ...(offer === undefined ? {} : { offerId: offer.id }),
    ...(answer === undefined ? {} : { answer }),
  });
  append(step, question, question.asker, { event, ...ending(question) });
}

/** The first item of every question: the asker's record indexes it and watches over its key. */
export function registerWithAsker(step: Step, question: Question): void {
  const { openMax } = policyOf(step.state).question;
  const key = question.key === undefined ? {} : { key: question.key };
  append(step, question, question.asker, { question: { state: question.phase.t, ...key, openMax } });
}

function append(step: Step, question: Question, user: UserId, item: Omit<StreamItem, 'n'>): Stream {
  const stream: Stream = question.streams.get(user) ?? {
    next: 1,
    acked: 0,
    items: [],
    retryAt: undefined,
    call: undefined,
    failures: 0,
  };
  question.streams.set(user, stream);
  stream.items.push({ n: stream.next, ...item });
  stream.next++;
  step.questions.add(question.id);
  step.owing.add(question.id);
  return stream;
}

function eventOf(step: Step, type: EventType, data: EventBody['data']): EventBody {
  return { type, at: iso(step.now), data };
}

function ending(question: Question): Pick<StreamItem, 'question'> {
  return hasEnded(question.phase) ? { question: { state: question.phase.t } } : {};
}
