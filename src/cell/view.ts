// A cell's questions, offers and users as the public interface shows them.
import type { EpochMs } from '../lib/brand.ts';
import { iso } from '../lib/iso.ts';
import type { AnswerView, OfferView, PresenceView, QuestionNews, QuestionView } from '../protocol/views.ts';
import { offerOf } from '../record/holds.ts';
import { pingEveryS } from './backpressure/pressure.ts';
import { acceptedCount, answeredCount, madeCount, pendingCount, stateOf } from './questions/lifecycle.ts';
import { radiusOf } from './questions/need.ts';
import type { CellState } from './state.ts';
import type { MadeOffer, Offer } from './tables/offers.ts';
import type { Question } from './tables/questions.ts';
import type { Resident } from './tables/users.ts';

export function viewQuestion(state: CellState, question: Question): QuestionView {
  const { offersAnswered: _, ...view } = newsOf(state, question);
  return {
    ...view,
    text: question.text,
    answers: question.offers.flatMap((offer) => viewAnswer(offer) ?? []),
    ...(question.adjusted === undefined ? {} : { adjusted: question.adjusted }),
  };
}

/** BOUND1: of a fixed size, whatever was asked and answered. */
export function newsOf(state: CellState, question: Question): QuestionNews {
  return {
    id: question.id,
    state: stateOf(question),
    ...(question.topic === undefined ? {} : { topic: question.topic }),
    lat: question.point.lat,
    lng: question.point.lng,
    radiusM: Math.round(radiusOf(state, question)),
    answersWanted: question.answersWanted,
    offersPending: pendingCount(question),
    offersAccepted: acceptedCount(question),
    offersAnswered: answeredCount(question),
    attempts: madeCount(question),
    ...(question.duplicateOf === undefined ? {} : { duplicateOf: question.duplicateOf }),
    ...(question.refused === undefined ? {} : { refused: question.refused }),
    ...(question.phase.t === 'dormant' ? { wakeAt: iso(question.phase.wakeAt) } : {}),
    createdAt: iso(question.createdAt),
    expiresAt: iso(question.expiresAt),
    cell: state.mapRow.cell,
  };
}

export function viewAnswer(offer: Offer): AnswerView | undefined {
  return offer.state === 'answered'
    ? { offerId: offer.id, text: offer.answer.text, at: iso(offer.answer.at) }
    : undefined;
}

export function viewOffer(question: Question, offer: MadeOffer): OfferView {
  return {
    id: offer.id,
    questionId: question.id,
    state: offer.state,
    text: question.text,
    ...(question.topic === undefined ? {} : { topic: question.topic }),
    lat: question.point.lat,
    lng: question.point.lng,
    distanceM: Math.round(offer.distanceM),
    expiresAt: iso(offer.until),
  };
}

/** Holds that became offers, with the time that this cell believes is left: a copy to display. */
export function viewPresence(state: CellState, resident: Resident, now: EpochMs): PresenceView {
  const { cell, city } = state.mapRow;
  return {
    cell,
    city,
    expiresAt: iso(resident.leaseUntil),
    offers: viewHolds(resident),
    pingEveryS: pingEveryS(state, resident.ttlMs, now),
  };
}

/** Offers of the holds, with the time that this cell believes is left: a copy to display. */
export function viewHolds(resident: Resident): OfferView[] {
  return [...resident.holds.values()].flatMap((hold) => offerOf(hold, hold.until) ?? []);
}
