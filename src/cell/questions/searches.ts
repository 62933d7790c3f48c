// Runs the searches of this cell's questions: makes the calls and offers that a search asks for, and tells it what came of them.
import { unreachable } from '../../lib/assert.ts';
import { plusMs } from '../../lib/brand.ts';
import { keptFor, type Next, type Occasion, Search } from '../../matching/search.ts';
import type { CellReply } from '../../messages/calls.ts';
import type { Candidate } from '../../messages/records.ts';
import type { CellId, OfferId, UserId } from '../../protocol/ids.ts';
import { RESERVE_TIMEOUT_MS } from '../../protocol/limits.ts';
import { coOwners } from '../resharding/phases.ts';
import type { Question } from '../tables/questions.ts';
import { hasEnded } from '../tables/questions.ts';
import { collectCandidates } from '../users/holds.ts';
import { call, type Step } from '../workspace.ts';
import { beaconFor, litCells, noteLit } from './beacons.ts';
import { isShort, reservingCount } from './lifecycle.ts';
import { isRepeat, needOf, policyOf } from './need.ts';
import { cellOf, findOffer, offerHere, offerThere, openings, publishOffer, release, voidAttempt } from './offers.ts';
import { takeScout } from './scout-budget.ts';
import { drawn, sleep } from './sleep.ts';

/** WAKE1 leaves a minute. */
const REPEAT_GUARD_MS = 45_000;

/** Starts a search, unless one is in flight or nobody more is wanted. */
export function startSearch(
  step: Step,
  question: Question,
  { voided = [], repeat = 0, isByTime = false }: Partial<Occasion> = {},
): void {
  const { state, now } = step;
  if (state.searches.has(question.id) || !isShort(question)) return;
  const wanted = openings(step, question);
  if (wanted <= 0) {
    // Attempts on their way take the last openings: they are waited for.
    if (reservingCount(question) === 0) sleep(step, question);
    else guard(step, question);
    return;
  }
  const policy = policyOf(state);
  const need = needOf(state, question, voided);
  const isSafetyNet = isByTime && question.phase.t === 'dormant' && isRepeat(state, question);
  const search = new Search({
    occasion: { voided, repeat, isByTime },
    need,
    policy,
    now,
    here: cellOf(step),
    candidates: collectCandidates(state, need, policy, keptFor(wanted), now),
    near: state.near,
    coOwners: coOwners(state),
    stage: question.stage,
    safetyNet: isSafetyNet ? { lit: litCells(state, question), drawn: drawn(question) } : undefined,
  });
  state.searches.set(question.id, search);
  advance(step, question, search);
}

/** A scout's answer, or its silence. */
export function scouted(
  step: Step,
  question: Question,
  search: Search,
  cell: CellId,
  answer: CellReply<'scout'> | { readonly t: 'failed' },
): void {
  if (step.state.searches.get(question.id) !== search) return;
  const heard = answer.t === 'scouted' ? answer : undefined;
  if (heard?.beacon) noteLit(step.state, question, cell);
  search.scouted(heard, openings(step, question));
  advance(step, question, search);
}

/** Gives a search in flight somebody who has just come. False when none is, or it passes them over. */
export function join(step: Step, question: Question, candidate: Candidate): boolean {
  const search = step.state.searches.get(question.id);
  if (search === undefined || !search.joined(candidate)) return false;
  if (!search.awaitsScouts) advance(step, question, search);
  return true;
}

/** A holder's answer to a reserve. */
export function reserved(
  step: Step,
  id: OfferId,
  cell: Candidate['cell'],
  answer: CellReply<'reserve'> | { readonly t: 'failed' },
): void {
  const found = findOffer(step, id);
  const isHeld = answer.t === 'held';
  if (found === undefined) return;
  const { question, offer } = found;
  if (offer.state !== 'reserving') {
    if (isHeld && offer.state === 'void') release(step, id, offer.user, cell);
    return;
  }
  if (isHeld) {
    publishOffer(step, question, offer);
  } else {
    voidAttempt(step, question, offer);
    // Silent, and perhaps held: the slot is given back.
    if (answer.t !== 'refused') release(step, id, offer.user, cell);
  }
  afterReserve(step, question, isHeld ? undefined : offer.user);
}

/** An attempt whose answer never came. */
export function lostReserve(step: Step, question: Question, id: OfferId): void {
  const offer = question.offers.find((one) => one.id === id);
  if (offer === undefined || offer.state !== 'reserving') return;
  voidAttempt(step, question, offer);
  release(step, id, offer.user, offer.cell);
  afterReserve(step, question, offer.user);
}

function afterReserve(step: Step, question: Question, voided: UserId | undefined): void {
  const search = step.state.searches.get(question.id);
  if (search === undefined) {
    if (reservingCount(question) === 0) startSearch(step, question, { voided: voided === undefined ? [] : [voided] });
    return;
  }
  if (voided !== undefined) search.refused(voided);
  if (!search.awaitsScouts) advance(step, question, search);
}

/** Does what the search says, until it has to wait or is done. */
function advance(step: Step, question: Question, search: Search): void {
  const { state, now } = step;
  for (;;) {
    const next = search.next({
      now,
      policy: policyOf(state),
      openings: openings(step, question),
      reserving: reservingCount(question),
      takeScout: () => takeScout(state.scouts, state.questions.presentCount, now),
    });
    switch (next.t) {
      case 'scout':
        scout(step, question, search, next);
        break;
      case 'offer':
        offer(step, question, search, next.candidate);
        break;
      case 'wait':
        guard(step, question);
        return;
      case 'done':
        conclude(step, question, next.again);
        return;
      default:
        unreachable(next, 'step of a search');
    }
  }
}

function scout(step: Step, question: Question, search: Search, next: Extract<Next, { readonly t: 'scout' }>): void {
  const { need, leftMs } = beaconFor(step.state, question, step.now);
  call(
    step,
    { t: 'scout', question: question.id, search, cell: next.cell },
    { to: 'cell', cell: next.cell },
    { t: 'scout', need, policy: policyOf(step.state), limit: next.limit, enough: next.enough, beaconMs: leftMs },
    next.timeoutMs,
    search.occasion.isByTime,
  );
}

/** Who is held here gets the offer at once, others by a reserve. */
function offer(step: Step, question: Question, search: Search, candidate: Candidate): void {
  if (question.offers.some(({ user, state }) => user === candidate.user && state !== 'void')) return;
  if (candidate.cell !== cellOf(step)) offerThere(step, question, candidate);
  else if (!offerHere(step, question, candidate)) search.refused(candidate.user);
}

function conclude(step: Step, question: Question, again: Occasion | undefined): void {
  step.state.searches.delete(question.id);
  if (!isShort(question)) rest(step, question);
  else if (again !== undefined) startSearch(step, question, again);
  else sleep(step, question);
}

/** Enough people are on it: no wake-up is needed. */
function rest(step: Step, question: Question): void {
  if (hasEnded(question.phase) || question.phase.t === 'matched') return;
  if (question.phase.t === 'open' && question.phase.retryAt === undefined) return;
  question.phase = { t: 'open', retryAt: undefined };
  step.questions.add(question.id);
}

/**
 * While others are waited for, a time to try again stands in for them: a crash loses only the wait. Durable, but for a sleeper whose
 * time to wake has come: its row says so, and after a crash it is tried at once.
 */
function guard(step: Step, question: Question): void {
  const { phase } = question;
  const policy = policyOf(step.state);
  const at = plusMs(step.now, policy.scoutTimeMs + 4 * RESERVE_TIMEOUT_MS);
  if (phase.t === 'open' && (phase.retryAt === undefined || phase.retryAt <= step.now))
    question.phase = { t: 'open', retryAt: at };
  else if (phase.t === 'dormant' && phase.wakeAt <= step.now) {
    // An alarm for each of these tries, that nobody needs in the end, would be what they cost most.
    question.phase = { t: 'dormant', wakeAt: isRepeat(step.state, question) ? plusMs(step.now, REPEAT_GUARD_MS) : at };
    step.touched.add(question.id);
    return;
  } else return;
  step.questions.add(question.id);
}
