// The life of offers, decided here alone: attempted, made, accepted, declined, answered, expired, withdrawn.

import { plusMs } from '../../lib/brand.ts';
import type { StateReply } from '../../messages/calls.ts';
import type { Candidate } from '../../messages/records.ts';
import { type OfferId, offerId, questionOf, type UserId } from '../../protocol/ids.ts';
import { RESERVE_TIMEOUT_MS } from '../../protocol/limits.ts';
import { type Problem, problem } from '../../protocol/problems.ts';
import { record } from '../journal.ts';
import {
  type AnsweredOffer,
  type Attempt,
  accepted,
  answered,
  ended,
  isLive,
  type LiveOffer,
  type MadeOffer,
  type Offer,
  publish,
  voided,
} from '../tables/offers.ts';
import { hasEnded, type Question } from '../tables/questions.ts';
import { reserve } from '../users/holds.ts';
import { call, fence, type Step } from '../workspace.ts';
import { endBeacons } from './beacons.ts';
import {
  acceptedCount,
  answeredCount,
  isShort,
  madeCount,
  pendingCount,
  publicState,
  reserveGuard,
  reservingCount,
} from './lifecycle.ts';
import { copyOf, needElsewhere, policyOf } from './need.ts';
import { tellAsker, tellOffer } from './streams.ts';

/** A hold outlives its offer by this much, so that the question's word comes first. */
const HOLD_SLACK_MS = 10_000;
/** Attempts that came to nothing of which a question remembers the newest. */
const VOIDS_MAX = 100;

/** Offers the question to somebody held in this very cell. False when the filters refuse them now. */
export function offerHere(step: Step, question: Question, candidate: Candidate): boolean {
  const offer = attempt(question, candidate, step);
  if (reserve(step, reserveAsk(step, question, offer)) !== undefined) return false;
  question.nextAttempt++;
  question.offers.push(offer);
  publishOffer(step, question, offer);
  return true;
}

/** Stores the attempt, then asks the holder's cell for the slot. */
export function offerThere(step: Step, question: Question, candidate: Candidate): void {
  forgetOldVoids(question);
  const offer = attempt(question, candidate, step);
  const ask = reserveAsk(step, question, offer);
  question.nextAttempt++;
  question.offers.push(offer);
  step.questions.add(question.id);
  call(
    step,
    { t: 'reserve', offer: offer.id, cell: candidate.cell },
    { to: 'cell', cell: candidate.cell },
    { t: 'reserve', ...ask },
    RESERVE_TIMEOUT_MS,
  );
}

/** How many offers to make now: the answers still wanted and some to spare, less what is under way, within the limit for life. */
export function openings(step: Step, question: Question): number {
  const { spare, max } = policyOf(step.state).offers;
  const wanted =
    question.answersWanted - acceptedCount(question) + spare - pendingCount(question) - reservingCount(question);
  return Math.min(wanted, max - madeCount(question));
}

/** The slot is confirmed: from now on it is an offer. */
export function publishOffer(step: Step, question: Question, attempted: Attempt): void {
  const { ttlMs } = policyOf(step.state).offers;
  const until = plusMs(step.now, Math.min(ttlMs, question.expiresAt - step.now));
  const offer = publish(attempted, step.now, until);
  const { phase } = question;
  const retryAt = phase.t === 'dormant' ? phase.wakeAt : phase.t === 'open' ? phase.retryAt : undefined;
  question.phase = { t: 'open', retryAt: isShort(question) ? retryAt : undefined };
  recordMatch(step, question, offer, 'offer.made');
  tellOffer(step, question, offer, 'offer.made');
}

/** An attempt that was refused, or whose answer did not come, is void for ever; a late slot is given back. */
export function voidAttempt(step: Step, question: Question, offer: Attempt): void {
  voided(offer);
  step.questions.add(question.id);
}

/**
 * BOUND2: somebody who comes and goes can make an attempt void again and again. Of one that is forgotten nobody waits for word: a late
 * slot asks, and hears that there is no such offer.
 */
function forgetOldVoids({ offers }: Question): void {
  const isVoid = ({ state }: Offer): boolean => state === 'void';
  for (let voids = offers.filter(isVoid).length; voids >= VOIDS_MAX; voids--)
    offers.splice(offers.findIndex(isVoid), 1);
}

/** Tells the holder that a slot is not wanted; lost, the hold's own time asks. */
export function release(step: Step, offer: OfferId, user: UserId, cell: Candidate['cell']): void {
  call(step, { t: 'release' }, { to: 'cell', cell }, { t: 'release', offerId: offer, user }, RESERVE_TIMEOUT_MS);
}

/** Accepts, once and for all. The same request gets the same answer. */
export function accept(step: Step, question: Question, offer: MadeOffer): Problem | undefined {
  if (offer.state === 'accepted' || offer.state === 'answered') return undefined;
  if (offer.state === 'declined') return problem('offer_declined');
  if (offer.state !== 'pending' || offer.until <= step.now) return problem('offer_gone', `the offer is ${offer.state}`);
  if (acceptedCount(question) >= question.answersWanted)
    return problem('offer_gone', 'enough people have already accepted');
  accepted(offer, question.expiresAt);
  recordMatch(step, question, offer, 'offer.accepted');
  if (acceptedCount(question) === question.answersWanted) {
    question.phase = { t: 'matched' };
    withdrawOpen(step, question);
  }
  tellOffer(step, question, offer);
  tellAsker(step, question, 'question.matched', { offer });
  return undefined;
}

/** Declines; final. */
export function decline(step: Step, question: Question, offer: MadeOffer): Problem | undefined {
  if (offer.state === 'declined') return undefined;
  if (offer.state === 'accepted') return problem('offer_accepted');
  if (offer.state === 'answered') return problem('offer_answered');
  if (offer.state !== 'pending') return problem('offer_gone', `the offer is ${offer.state}`);
  ended(offer, 'declined');
  record(step, { t: 'offer.declined', o: offer.id, ...topicOf(question) });
  tellOffer(step, question, offer);
  return undefined;
}

/** Answers an accepted offer; the last answer wanted ends the question. */
export function answer(step: Step, question: Question, offer: MadeOffer, text: string): Problem | undefined {
  if (offer.state === 'answered')
    return offer.answer.text === text
      ? undefined
      : problem('offer_answered', 'it was already answered with a different text');
  if (offer.state === 'pending') return problem('offer_not_accepted');
  if (offer.state === 'declined') return problem('offer_declined');
  if (offer.state !== 'accepted') return problem('offer_gone', `the offer is ${offer.state}`);
  const given = answered(offer, { text, at: step.now });
  record(step, { t: 'offer.answered', o: offer.id, ...topicOf(question) });
  tellOffer(step, question, given);
  if (answeredCount(question) === question.answersWanted) end(step, question, 'answered', given);
  else tellAsker(step, question, 'question.answered', { offer: given });
  return undefined;
}

/** A pending offer's time is up, or its user has gone. */
export function expire(step: Step, question: Question, live: LiveOffer): void {
  const offer = ended(live, 'expired');
  record(step, { t: 'offer.expired', o: offer.id, ...topicOf(question) });
  tellOffer(step, question, offer, 'offer.expired');
}

/** Ends a question and everything that hangs on it. `last`: the answer that ended it. */
export function end(
  step: Step,
  question: Question,
  how: 'answered' | 'expired' | 'cancelled',
  last?: AnsweredOffer,
): void {
  question.phase = { t: how, endedAt: step.now };
  step.state.searches.delete(question.id);
  endBeacons(step, question);
  for (const offer of question.offers) {
    if (offer.state === 'accepted') expire(step, question, offer);
  }
  withdrawOpen(step, question);
  record(step, {
    t: `question.${how}`,
    q: question.id,
    ...topicOf(question),
    answers: answeredCount(question),
    ageMs: step.now - question.createdAt,
  });
  tellAsker(step, question, `question.${how}`, last === undefined ? {} : { offer: last });
}

/** The question's word about an offer, for whoever keeps a hold for it. */
export function stateOfOffer(step: Step, offer: Offer | undefined, user: UserId): StateReply {
  // An end is final; that there is no such offer an older instance may believe, and the slot would be given away.
  if (offer === undefined) fence(step);
  if (offer === undefined || offer.user !== user || !isLive(offer)) return { t: 'state', live: false, leftMs: 0 };
  const state = publicState(offer);
  return {
    t: 'state',
    live: true,
    ...(state === undefined ? {} : { state }),
    leftMs: Math.max(0, offer.until - step.now) + HOLD_SLACK_MS,
  };
}

export function findOffer(step: Step, id: OfferId): { readonly question: Question; readonly offer: Offer } | undefined {
  const question = step.state.questions.get(questionOf(id));
  const offer = question?.offers.find((one) => one.id === id);
  return question === undefined || offer === undefined ? undefined : { question, offer };
}

export const topicOf = (question: Question): { readonly topic?: string } =>
  question.topic === undefined ? {} : { topic: question.topic };

/** Writes down how good a match is, and how long the question waited for it. */
function recordMatch(step: Step, question: Question, offer: Offer, t: 'offer.made' | 'offer.accepted'): void {
  record(step, {
    t,
    o: offer.id,
    ...topicOf(question),
    distanceM: offer.distanceM,
    score: offer.score,
    waitMs: step.now - question.createdAt,
  });
}

/** Nobody else is wanted: pending offers are withdrawn, attempts on their way are void. */
function withdrawOpen(step: Step, question: Question): void {
  for (const offer of question.offers) {
    if (offer.state === 'reserving') voidAttempt(step, question, offer);
    if (offer.state !== 'pending') continue;
    const withdrawn = ended(offer, 'withdrawn');
    record(step, { t: 'offer.withdrawn', o: offer.id, ...topicOf(question) });
    tellOffer(step, question, withdrawn, 'offer.withdrawn');
  }
  if (!hasEnded(question.phase)) step.questions.add(question.id);
}

function attempt(question: Question, candidate: Candidate, step: Step): Attempt {
  return {
    id: offerId(question.id, question.nextAttempt),
    user: candidate.user,
    cell: candidate.cell,
    distanceM: candidate.distanceM,
    score: candidate.score,
    state: 'reserving',
    triedAt: step.now,
    until: reserveGuard(step.now),
  };
}

function reserveAsk(step: Step, question: Question, offer: Offer) {
  const policy = policyOf(step.state);
  return {
    offerId: offer.id,
    user: offer.user,
    need: needElsewhere(step.state, question),
    policy,
    copy: copyOf(question),
    holdMs: policy.offers.ttlMs + HOLD_SLACK_MS,
  };
}

/** The cell that this is. */
export const cellOf = (step: Step): Candidate['cell'] => step.state.mapRow.cell;
