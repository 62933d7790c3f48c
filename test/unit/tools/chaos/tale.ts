// A hand-made history in which all is well: alice asks for one answer, bob and carol are asked, bob takes it.

import type { OfferId, QuestionId, UserId } from '../../../../src/protocol/ids.ts';
import type {
  AnswerView,
  EventType,
  OfferView,
  QuestionNews,
  QuestionView,
  UserEvent,
} from '../../../../src/protocol/views.ts';
import type { Ask, Deed, History } from '../../../chaos/history.ts';

export const ALICE = 'alice' as UserId;
export const BOB = 'bob' as UserId;
export const CAROL = 'carol' as UserId;
export const Q = 'q-9q8yyk8-aaaaaaaa' as QuestionId;
export const OFFER = `${Q}.1` as OfferId;
export const OTHER = `${Q}.2` as OfferId;

export const at = (second: number): string => new Date(1_800_000_000_000 + second * 1000).toISOString();
export const ms = (second: number): number => Date.parse(at(second));

export const ANSWER: AnswerView = { offerId: OFFER, text: 'here', at: at(4) };

export function question(change: Partial<QuestionView> = {}): QuestionView {
  return {
    id: Q,
    state: 'answered',
    text: 'anybody?',
    lat: 37.7,
    lng: -122.4,
    radiusM: 500,
    answersWanted: 1,
    offersPending: 0,
    offersAccepted: 1,
    answers: [ANSWER],
    attempts: 2,
    createdAt: at(0),
    expiresAt: at(12),
    cell: '9q8yyk' as QuestionView['cell'],
    ...change,
  };
}

export function offerEvent(seq: number, type: EventType, second: number, id: OfferId = OFFER): UserEvent {
  const data: OfferView = {
    id,
    questionId: id.slice(0, id.lastIndexOf('.')) as QuestionId,
    state: 'pending',
    text: 'anybody?',
    lat: 37.7,
    lng: -122.4,
    distanceM: 100,
    expiresAt: at(5),
  };
  return { seq, type, at: at(second), data };
}

function newsOf({ text: _, answers, adjusted: __, ...view }: QuestionView): QuestionNews {
  return { ...view, offersAnswered: answers.length };
}

export function askerEvent(
  seq: number,
  type: EventType,
  second: number,
  view: QuestionView,
  offerId?: OfferId,
): UserEvent {
  return { seq, type, at: at(second), data: { question: newsOf(view), ...(offerId === undefined ? {} : { offerId }) } };
}

export const ASK: Ask = {
  user: ALICE,
  key: 'k1',
  text: 'anybody?',
  answersWanted: 1,
  kind: 'first',
  outcome: { t: 'done', value: { id: Q, answersWanted: 1 } },
};
export const ACCEPT: Deed = {
  verb: 'accept',
  user: BOB,
  offer: OFFER,
  sentAt: ms(2),
  outcome: { t: 'done', value: {} },
};
export const ANSWERED: Deed = { ...ACCEPT, verb: 'answer', sentAt: ms(3), text: 'here' };

export const ALICES: readonly UserEvent[] = [
  askerEvent(1, 'question.matched', 2, question({ state: 'matched', answers: [] }), OFFER),
  askerEvent(2, 'question.answered', 4, question(), OFFER),
];
export const BOBS: readonly UserEvent[] = [offerEvent(1, 'offer.made', 1)];
export const CAROLS: readonly UserEvent[] = [
  offerEvent(1, 'offer.made', 1, OTHER),
  offerEvent(2, 'offer.withdrawn', 2, OTHER),
];

export type Told = Readonly<Record<'alice' | 'bob' | 'carol', readonly UserEvent[]>>;
export const TOLD: Told = { alice: ALICES, bob: BOBS, carol: CAROLS };

/** The good history, with what was told and whatever else is to be otherwise. Alice has acknowledged all, the others nothing. */
export function tale(told: Partial<Told> = {}, change: Partial<History> = {}): History {
  const all = Object.entries({ ...TOLD, ...told }) as [UserId, readonly UserEvent[]][];
  return {
    members: [ALICE, BOB, CAROL].map((user) => ({ user, capacity: 1 })),
    asks: [ASK],
    deeds: [ACCEPT, ANSWERED],
    cancels: [],
    received: all.flatMap(([user, events]) => events.map((event) => ({ user, event }))),
    handled: new Map(all.map(([user, events]) => [user, events.map(({ seq }) => seq)])),
    acknowledged: new Map([[ALICE, Math.max(0, ...(told.alice ?? ALICES).map(({ seq }) => seq))]]),
    faults: [],
    ...change,
    final: {
      questions: new Map([[Q, question()]]),
      listed: new Map([[ALICE, [question()]]]),
      inbox: new Map(all.map(([user, events]) => [user, user === ALICE ? [] : events])),
      offers: new Map(),
      held: new Map(),
      ...change.final,
    },
  };
}

/** The good history with another end of the question. */
export function ending(
  view: QuestionView | undefined,
  change: Partial<History> = {},
  told: Partial<Told> = {},
): History {
  const good = tale(told, change);
  const listed = new Map([[ALICE, view === undefined ? [] : [view]]]);
  return { ...good, final: { ...good.final, questions: new Map([[Q, view]]), listed } };
}
