// One try of a question: the people here, and those of every other cell that the circle touches; the best of all get the offers.
import { minDistanceToBoundsM } from '../../geo/distance.ts';
import { decode } from '../../geo/geohash.ts';
import { plusMs } from '../../lib/brand.ts';
import { keepBest, scoreBound } from '../../matching/score.ts';
import { cellsAt } from '../../matching/stages.ts';
import type { CellReply } from '../../messages/calls.ts';
import type { Candidate } from '../../messages/records.ts';
import type { CellId, OfferId, UserId } from '../../protocol/ids.ts';
import { MARGIN_M, RESERVE_TIMEOUT_MS } from '../../protocol/limits.ts';
import { coOwners } from '../resharding/phases.ts';
import type { Near, Search } from '../state.ts';
import type { Question } from '../tables/questions.ts';
import { hasEnded } from '../tables/questions.ts';
import { collectCandidates } from '../users/holds.ts';
import { call, type Step } from '../workspace.ts';
import { beaconFor, isLit, noteLit } from './beacons.ts';
import { isShort, reservingCount } from './lifecycle.ts';
import { isRepeat, needOf, policyOf } from './need.ts';
import { cellOf, findOffer, offerHere, offerThere, openings, publishOffer, release, voidAttempt } from './offers.ts';
import { takeScout } from './scout-budget.ts';
import { drawn, sleep } from './sleep.ts';

/** Outgoing connections at once. */
const SCOUTS_AT_ONCE = 6;
/** Candidates kept beyond the offers to make, for when some refuse. */
const RESERVES = 4;
const REPEATS_MAX = 3;
/** WAKE1 leaves a minute. */
const REPEAT_GUARD_MS = 45_000;

/** `voided`: who refused just now; `repeat`: how often it was repeated; `isByTime`: as in a round. */
type Why = { readonly voided?: readonly UserId[]; readonly repeat?: number; readonly isByTime?: boolean };

/** Starts a try, unless one is in flight or nobody more is wanted. */
export function startSearch(
  step: Step,
  question: Question,
  { voided = [], repeat = 0, isByTime = false }: Why = {},
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
  const needed = needOf(state, question, voided);
  const search: Search = {
    question: question.id,
    needed,
    deadline: plusMs(now, policy.scoutTimeMs),
    queue: [],
    candidates: collectCandidates(state, needed, policy, wanted + RESERVES, now),
    voided: [...voided],
    carried: voided.length,
    inFlight: 0,
    known: new Set([cellOf(step)]),
    unlit: 0,
    repeat,
    isByTime,
    isSafetyNet: isByTime && question.phase.t === 'dormant' && isRepeat(state, question),
  };
  queueUp(step, question, search, cellsAt(touched(search, state.near), policy.scoutCellsMax, question.stage));
  queueUp(step, question, search, touched(search, coOwners(state).map(withBounds)));
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
  search.inFlight--;
  if (answer.t === 'scouted') {
    const limit = openings(step, question) + RESERVES;
    for (const candidate of answer.candidates) {
      if (!search.voided.includes(candidate.user)) keepBest(search.candidates, candidate, limit);
    }
    // One that has been split takes no beacons: its parts do.
    if (answer.beacon) noteLit(step.state, question, cell);
    else if (answer.coOwners === undefined) search.unlit++;
    queueUp(step, question, search, touched(search, (answer.coOwners ?? []).map(withBounds)));
  }
  advance(step, question, search);
}

/**
 * Somebody who came while a try is in flight is weighed with those whom it finds: coming just then must not put them
 * before better people. False when none is, or when they refused in it and are free only now: this try passes them over.
 */
export function join(step: Step, question: Question, candidate: Candidate): boolean {
  const search = step.state.searches.get(question.id);
  if (search === undefined || search.voided.includes(candidate.user)) return false;
  const known = search.candidates.findIndex((one) => one.user === candidate.user);
  if (known >= 0) search.candidates.splice(known, 1);
  keepBest(search.candidates, candidate, search.candidates.length + 1);
  if (search.inFlight === 0) decide(step, question, search);
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
  const resident = answer.t === 'held';
  if (found === undefined) return;
  const { question, offer } = found;
  if (offer.state !== 'reserving') {
    if (resident && offer.state === 'void') release(step, id, offer.user, cell);
    return;
  }
  if (resident) {
    publishOffer(step, question, offer);
  } else {
    voidAttempt(step, question, offer);
    // Silent, and perhaps held: the slot is given back.
    if (answer.t !== 'refused') release(step, id, offer.user, cell);
  }
  afterReserve(step, question, resident ? undefined : offer.user);
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
  if (voided !== undefined) search.voided.push(voided);
  if (search.inFlight === 0) decide(step, question, search);
}

/** Sends scouts while somebody unvisited could do better, then decides. */
function advance(step: Step, question: Question, search: Search): void {
  const { now, state } = step;
  const policy = policyOf(state);
  // Who just refused is left out here, not there: the beacon must tell of them when they are free again.
  const limit = openings(step, question) + RESERVES + search.voided.length;
  const { need, leftMs } = beaconFor(state, question, now);
  while (
    search.queue.length > 0 &&
    search.inFlight < SCOUTS_AT_ONCE &&
    !isDecided(step, question, search) &&
    now < search.deadline
  ) {
    if (search.isSafetyNet && !takeScout(state.scouts, state.questions.presentCount, now)) {
      // Arrivals are told by the beacons; where none lies, the next try goes first.
      search.queue.length = 0;
      break;
    }
    const next = search.queue.shift();
    if (next === undefined) break;
    search.inFlight++;
    call(
      step,
      { t: 'scout', question: question.id, search, cell: next.cell },
      { to: 'cell', cell: next.cell },
      { t: 'scout', need, policy, limit, beaconMs: leftMs },
      Math.max(50, search.deadline - now),
      search.isByTime,
    );
  }
  if (search.inFlight === 0) decide(step, question, search);
  else guard(step, question);
}

/** The best of all get the offers; who is held here at once, the others by a reserve. */
function decide(step: Step, question: Question, search: Search): void {
  if (step.state.searches.get(question.id) !== search) return;
  const here = cellOf(step);
  while (openings(step, question) > 0) {
    const best = search.candidates.shift();
    if (best === undefined) break;
    if (question.offers.some((offer) => offer.user === best.user && offer.state !== 'void')) continue;
    if (search.voided.includes(best.user)) continue;
    if (best.cell !== here) offerThere(step, question, best);
    else if (!offerHere(step, question, best)) search.voided.push(best.user);
  }
  if (reservingCount(question) > 0) {
    guard(step, question);
    return;
  }
  conclude(step, question, search);
}

function conclude(step: Step, question: Question, search: Search): void {
  step.state.searches.delete(question.id);
  if (!isShort(question)) {
    rest(step, question);
    return;
  }
  // Sleep only after a round in which every cell that answered left its beacon: nobody may arrive unseen in between.
  const unseen = search.unlit > 0 || search.queue.length > 0 || search.voided.length > search.carried;
  if (unseen && search.repeat < REPEATS_MAX && openings(step, question) > 0)
    startSearch(step, question, { voided: search.voided, repeat: search.repeat + 1, isByTime: search.isByTime });
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

/** True when nobody in a cell not asked yet could displace the best that are known. */
function isDecided(step: Step, question: Question, search: Search): boolean {
  const last = search.candidates[openings(step, question) - 1];
  if (search.queue.length === 0 || last === undefined) return search.queue.length === 0;
  let leastM = Number.POSITIVE_INFINITY;
  for (const { distanceM } of search.queue) leastM = Math.min(leastM, distanceM);
  return last.score >= scoreBound(search.needed, policyOf(step.state), leastM);
}

type Scouted = Search['queue'][number];

const nearestFirst = (a: Scouted, b: Scouted): number => a.distanceM - b.distanceM || (a.cell < b.cell ? -1 : 1);

/** Those that the circle touches, the margin included, and that this try has not come upon yet; nearest first. */
function touched({ needed, known }: Search, cells: readonly Near[]): readonly Scouted[] {
  const found: Scouted[] = [];
  for (const { cell, bounds } of cells) {
    const distanceM = minDistanceToBoundsM(needed.point, bounds);
    if (distanceM > needed.radiusM + MARGIN_M || known.has(cell)) continue;
    found.push({ cell, distanceM: Math.max(0, distanceM - MARGIN_M) });
  }
  return found.sort(nearestFirst);
}

/**
 * Each is asked once in a try, the nearest first. One by time, which may not have the means for all of them, begins with those whose
 * arrivals nobody would tell of, as far as is known, and each time with another: a cell that leaves memory knows of none.
 */
function queueUp({ state }: Step, question: Question, search: Search, cells: readonly Scouted[]): void {
  for (const next of cells) {
    search.known.add(next.cell);
    search.queue.push(next);
  }
  search.queue.sort(nearestFirst);
  if (!search.isSafetyNet) return;
  const lit: Scouted[] = [];
  const dark: Scouted[] = [];
  for (const next of search.queue) (isLit(state, question, next.cell) ? lit : dark).push(next);
  const first = Math.floor(drawn(question) * dark.length);
  search.queue.splice(0, search.queue.length, ...dark.slice(first), ...dark.slice(0, first), ...lit);
}

const withBounds = (cell: Near['cell']): Near => ({ cell, bounds: decode(cell) });
