// The states of questions and offers, and what counts as what.
import { type EpochMs, plusMs } from '../../lib/brand.ts';
import { RESERVE_TIMEOUT_MS } from '../../protocol/limits.ts';
import type { OfferState, QuestionState } from '../../protocol/views.ts';
import { type Offer, wasMade } from '../tables/offers.ts';
import { hasEnded, type Question } from '../tables/questions.ts';

export const acceptedCount = (question: Question): number =>
  count(question, (offer) => offer.state === 'accepted' || offer.state === 'answered');
export const pendingCount = (question: Question): number => count(question, (offer) => offer.state === 'pending');
export const reservingCount = (question: Question): number => count(question, (offer) => offer.state === 'reserving');
export const answeredCount = (question: Question): number => count(question, (offer) => offer.state === 'answered');
export const madeCount = (question: Question): number => count(question, wasMade);

/** Fewer people on it than answers wanted: it must look for more, or sleep. */
export function isShort(question: Question): boolean {
  if (hasEnded(question.phase) || question.phase.t === 'matched') return false;
  return acceptedCount(question) + pendingCount(question) < question.answersWanted;
}

/** Nothing is owed to anybody. */
export function isPaid(question: Question): boolean {
  for (const stream of question.streams.values()) if (stream.items.length > 0) return false;
  return true;
}

export function stateOf(question: Question): QuestionState {
  return question.phase.t;
}

/** What a user may be told of an offer; an attempt that was never made is nothing. */
export function publicState(offer: Offer): OfferState | undefined {
  return offer.state === 'reserving' || offer.state === 'void' ? undefined : offer.state;
}

/** Until when the attempt of a reserve is waited for that was lost with the memory: not before what a search is guarded by. */
export const reserveGuard = (now: EpochMs): EpochMs => plusMs(now, 5 * RESERVE_TIMEOUT_MS);

function count(question: Question, is: (offer: Offer) => boolean): number {
  let n = 0;
  for (const offer of question.offers) if (is(offer)) n++;
  return n;
}
