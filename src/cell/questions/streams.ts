// What questions owe their users, numbered for each question and user, sent in order until the UserObject has stored it.
import { plusMs } from '../../lib/brand.ts';
import { withinBytes } from '../../lib/within-bytes.ts';
import type { UserReply } from '../../messages/calls.ts';
import type { StreamItem } from '../../messages/records.ts';
import type { QuestionId, UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS, KEPT_AFTER_END_MS, NEWS_BYTES_MAX, NEWS_MAX } from '../../protocol/limits.ts';
import type { EventBody, EventType } from '../../protocol/views.ts';
import { decides } from '../resharding/phases.ts';
import type { MadeOffer, Offer } from '../tables/offers.ts';
import type { Question, Stream } from '../tables/questions.ts';
import { hasEnded } from '../tables/questions.ts';
import { applyOfferChange } from '../users/holds.ts';
import { iso, newsOf, viewAnswer, viewOffer } from '../view.ts';
import { call, type Step } from '../workspace.ts';
import { isPaid } from './lifecycle.ts';

const BACK_OFF_MAX_MS = 60_000;

/** Tells the user of an offer what became of it, with an event or quietly. A user held here learns it in the same step. */
export function tellOffer(
  step: Step,
  question: Question,
  offer: MadeOffer,
  type?: 'offer.made' | 'offer.withdrawn' | 'offer.expired',
): void {
  const view = viewOffer(question, offer);
  const change = { id: offer.id, state: view.state, leftMs: Math.max(0, offer.until - step.now), view };
  append(step, question, offer.user, {
    offer: change,
    ...(type === undefined ? {} : { event: eventOf(step, type, view) }),
  });
  applyOfferChange(step, offer.user, change);
}

/** Tells the asker. `data` is shown beside the question as it now stands. */
export function tellAsker(
  step: Step,
  question: Question,
  type: EventType,
  data: { readonly offer?: Offer } = {},
): void {
  const { offer } = data;
  const answer = offer && viewAnswer(offer);
  const event = eventOf(step, type, {
    question: newsOf(step.state, question),
    ...(offer === undefined ? {} : { offerId: offer.id }),
    ...(answer === undefined ? {} : { answer }),
  });
  append(step, question, question.asker, { event, ...ending(question) });
}

/** The first item of every question: its asker's UserObject indexes it and watches over its key. */
export function registerWithAsker(step: Step, question: Question): void {
  append(step, question, question.asker, {
    question: { state: question.phase.t, ...(question.key === undefined ? {} : { key: question.key }) },
  });
}

/** Sends what is owed and not on its way. */
export function deliver(step: Step, question: Question): void {
  if (!decides(step.state)) return;
  for (const [user, stream] of question.streams) {
    if (stream.items.length === 0 || stream.call !== undefined) continue;
    if (stream.retryAt !== undefined && stream.retryAt > step.now) continue;
    stream.retryAt = undefined;
    const items = withinBytes(stream.items, NEWS_MAX, NEWS_BYTES_MAX);
    stream.call = call(
      step,
      { t: 'deliver', question: question.id, user },
      { to: 'user', user },
      {
        t: 'deliver',
        user,
        questionId: question.id,
        incarnation: question.incarnation,
        keepMs: keepMs(step, question),
        items,
      },
      CALL_TIMEOUT_MS,
    );
    step.touched.add(question.id);
  }
}

/** The UserObject's answer. Answers with another question of the same key, if it knows one: then this one is the later. */
export function delivered(
  step: Step,
  question: Question,
  user: UserId,
  callId: number,
  answer: UserReply<'deliver'> | { readonly t: 'failed' },
): QuestionId | undefined {
  const stream = question.streams.get(user);
  if (stream === undefined || stream.call !== callId) return undefined;
  stream.call = undefined;
  step.touched.add(question.id);
  const refused = answer.t === 'failed' || (answer.t === 'problem' && answer.code !== 'erased');
  // One that got no further (it sees a gap) is not asked again at once, for ever.
  const stuck = answer.t === 'stored' && answer.upTo < (stream.items[0]?.n ?? 0);
  if (refused || stuck) {
    stream.failures++;
    stream.retryAt = plusMs(step.now, Math.min(BACK_OFF_MAX_MS, 500 * 2 ** Math.min(stream.failures, 10)));
    return undefined;
  }
  const upTo = answer.t === 'stored' ? answer.upTo : stream.next - 1;
  stream.failures = 0;
  stream.acked = Math.max(stream.acked, upTo);
  stream.items = stream.items.filter((item) => item.n > upTo);
  step.owing.add(question.id);
  // An acknowledgement costs a row only once: when an ended question owes nothing any more.
  if (hasEnded(question.phase) && isPaid(question)) step.questions.add(question.id);
  return answer.t === 'stored' ? answer.duplicateOf : undefined;
}

/** The question may repeat itself until it is dropped: a day after its end, and a day to spare. */
function keepMs(step: Step, question: Question): number {
  return Math.max(0, question.expiresAt - step.now) + 2 * KEPT_AFTER_END_MS;
}

function append(step: Step, question: Question, user: UserId, item: Omit<StreamItem, 'n'>): void {
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
}

function eventOf(step: Step, type: EventType, data: EventBody['data']): EventBody {
  return { type, at: iso(step.now), data };
}

function ending(question: Question): Pick<StreamItem, 'question'> {
  return hasEnded(question.phase) ? { question: { state: question.phase.t } } : {};
}
