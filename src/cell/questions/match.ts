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
import { also } from '../resharding/life.ts';
import type { Near, Round } from '../state.ts';
import type { Question } from '../tables/questions.ts';
import { hasEnded } from '../tables/questions.ts';
import { call, type Tx } from '../tx.ts';
import { collect } from '../users/holds.ts';
import { beaconFor, isLit, noteLit } from './beacons.ts';
import { isShort, reservingCount } from './lifecycle.ts';
import { isRepeat, needOf, policyOf } from './need.ts';
import { cellOf, findOffer, make, makeVoid, offerHere, offerThere, openings, release } from './offers.ts';
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
export function look(tx: Tx, question: Question, { voided = [], repeat = 0, isByTime = false }: Why = {}): void {
  const { state, now } = tx;
  if (state.rounds.has(question.id) || !isShort(question)) return;
  const wanted = openings(tx, question);
  if (wanted <= 0) {
    // Attempts on their way take the last openings: they are waited for.
    if (reservingCount(question) === 0) sleep(tx, question);
    else guard(tx, question);
    return;
  }
  const policy = policyOf(state);
  const needed = needOf(state, question, voided);
  const round: Round = {
    question: question.id,
    needed,
    deadline: plusMs(now, policy.scoutTimeMs),
    queue: [],
    candidates: collect(state, needed, policy, wanted + RESERVES, now),
    voided: [...voided],
    carried: voided.length,
    inFlight: 0,
    known: new Set([cellOf(tx)]),
    unlit: 0,
    repeat,
    isByTime,
    isSafetyNet: isByTime && question.phase.t === 'dormant' && isRepeat(state, question),
  };
  queueUp(tx, question, round, cellsAt(touched(round, state.near), policy.scoutCellsMax, question.stage));
  queueUp(tx, question, round, touched(round, also(state).map(withBounds)));
  state.rounds.set(question.id, round);
  advance(tx, question, round);
}

/** A scout's answer, or its silence. */
export function scouted(
  tx: Tx,
  question: Question,
  round: Round,
  cell: CellId,
  answer: CellReply<'scout'> | { readonly t: 'failed' },
): void {
  if (tx.state.rounds.get(question.id) !== round) return;
  round.inFlight--;
  if (answer.t === 'scouted') {
    const limit = openings(tx, question) + RESERVES;
    for (const candidate of answer.candidates) {
      if (!round.voided.includes(candidate.user)) keepBest(round.candidates, candidate, limit);
    }
    // One that has been split takes no beacons: its parts do.
    if (answer.beacon) noteLit(tx.state, question, cell);
    else if (answer.also === undefined) round.unlit++;
    queueUp(tx, question, round, touched(round, (answer.also ?? []).map(withBounds)));
  }
  advance(tx, question, round);
}

/**
 * Somebody who came while a try is in flight is weighed with those whom it finds, lest whoever comes just then be asked in
 * place of better people. False when none is, or when they refused in it and are free only now: this try passes them over.
 */
export function join(tx: Tx, question: Question, candidate: Candidate): boolean {
  const round = tx.state.rounds.get(question.id);
  if (round === undefined || round.voided.includes(candidate.user)) return false;
  const known = round.candidates.findIndex((one) => one.user === candidate.user);
  if (known >= 0) round.candidates.splice(known, 1);
  keepBest(round.candidates, candidate, round.candidates.length + 1);
  if (round.inFlight === 0) decide(tx, question, round);
  return true;
}

/** A holder's answer to a reserve. */
export function reserved(
  tx: Tx,
  id: OfferId,
  cell: Candidate['cell'],
  answer: CellReply<'reserve'> | { readonly t: 'failed' },
): void {
  const found = findOffer(tx, id);
  const held = answer.t === 'held';
  if (found === undefined) return;
  const { question, offer } = found;
  if (offer.state !== 'reserving') {
    if (held && offer.state === 'void') release(tx, id, offer.user, cell);
    return;
  }
  if (held) {
    make(tx, question, offer);
  } else {
    makeVoid(tx, question, offer);
    // Silent, and perhaps held: the slot is given back.
    if (answer.t !== 'refused') release(tx, id, offer.user, cell);
  }
  afterReserve(tx, question, held ? undefined : offer.user);
}

/** An attempt whose answer never came. */
export function lostReserve(tx: Tx, question: Question, id: OfferId): void {
  const offer = question.offers.find((one) => one.id === id);
  if (offer === undefined || offer.state !== 'reserving') return;
  makeVoid(tx, question, offer);
  release(tx, id, offer.user, offer.cell);
  afterReserve(tx, question, offer.user);
}

function afterReserve(tx: Tx, question: Question, voided: UserId | undefined): void {
  const round = tx.state.rounds.get(question.id);
  if (round === undefined) {
    if (reservingCount(question) === 0) look(tx, question, { voided: voided === undefined ? [] : [voided] });
    return;
  }
  if (voided !== undefined) round.voided.push(voided);
  if (round.inFlight === 0) decide(tx, question, round);
}

/** Sends scouts while somebody unvisited could do better, then decides. */
function advance(tx: Tx, question: Question, round: Round): void {
  const { now, state } = tx;
  const policy = policyOf(state);
  // Who just refused is left out here, not there: the beacon must tell of them when they are free again.
  const limit = openings(tx, question) + RESERVES + round.voided.length;
  const { need, leftMs } = beaconFor(state, question, now);
  while (
    round.queue.length > 0 &&
    round.inFlight < SCOUTS_AT_ONCE &&
    !settled(tx, question, round) &&
    now < round.deadline
  ) {
    if (round.isSafetyNet && !takeScout(state.scouts, state.questions.presentCount, now)) {
      // Arrivals are told by the beacons; where none lies, the next try goes first.
      round.queue.length = 0;
      break;
    }
    const next = round.queue.shift();
    if (next === undefined) break;
    round.inFlight++;
    call(
      tx,
      { t: 'scout', question: question.id, round, cell: next.cell },
      { to: 'cell', cell: next.cell },
      { t: 'scout', need, policy, limit, beaconMs: leftMs },
      Math.max(50, round.deadline - now),
      round.isByTime,
    );
  }
  if (round.inFlight === 0) decide(tx, question, round);
  else guard(tx, question);
}

/** The best of all get the offers; who is held here at once, the others by a reserve. */
function decide(tx: Tx, question: Question, round: Round): void {
  if (tx.state.rounds.get(question.id) !== round) return;
  const here = cellOf(tx);
  while (openings(tx, question) > 0) {
    const best = round.candidates.shift();
    if (best === undefined) break;
    if (question.offers.some((offer) => offer.user === best.user && offer.state !== 'void')) continue;
    if (round.voided.includes(best.user)) continue;
    if (best.cell !== here) offerThere(tx, question, best);
    else if (!offerHere(tx, question, best)) round.voided.push(best.user);
  }
  if (reservingCount(question) > 0) {
    guard(tx, question);
    return;
  }
  conclude(tx, question, round);
}

function conclude(tx: Tx, question: Question, round: Round): void {
  tx.state.rounds.delete(question.id);
  if (!isShort(question)) {
    rest(tx, question);
    return;
  }
  // Sleep only after a round in which every cell that answered left its beacon: nobody may arrive unseen in between.
  const unseen = round.unlit > 0 || round.queue.length > 0 || round.voided.length > round.carried;
  if (unseen && round.repeat < REPEATS_MAX && openings(tx, question) > 0)
    look(tx, question, { voided: round.voided, repeat: round.repeat + 1, isByTime: round.isByTime });
  else sleep(tx, question);
}

/** Enough people are on it: no wake-up is needed. */
function rest(tx: Tx, question: Question): void {
  if (hasEnded(question.phase) || question.phase.t === 'matched') return;
  if (question.phase.t === 'open' && question.phase.retryAt === undefined) return;
  question.phase = { t: 'open', retryAt: undefined };
  tx.questions.add(question.id);
}

/**
 * While others are waited for, a time to try again stands in for them: a crash loses only the wait. Durable, but for a sleeper whose
 * time to wake has come: its row says so, and after a crash it is tried at once.
 */
function guard(tx: Tx, question: Question): void {
  const { phase } = question;
  const policy = policyOf(tx.state);
  const at = plusMs(tx.now, policy.scoutTimeMs + 4 * RESERVE_TIMEOUT_MS);
  if (phase.t === 'open' && (phase.retryAt === undefined || phase.retryAt <= tx.now))
    question.phase = { t: 'open', retryAt: at };
  else if (phase.t === 'dormant' && phase.wakeAt <= tx.now) {
    // An alarm for each of these tries, that nobody needs in the end, would be what they cost most.
    question.phase = { t: 'dormant', wakeAt: isRepeat(tx.state, question) ? plusMs(tx.now, REPEAT_GUARD_MS) : at };
    tx.touched.add(question.id);
    return;
  } else return;
  tx.questions.add(question.id);
}

/** True when nobody in a cell not asked yet could displace the best that are known. */
function settled(tx: Tx, question: Question, round: Round): boolean {
  const last = round.candidates[openings(tx, question) - 1];
  if (round.queue.length === 0 || last === undefined) return round.queue.length === 0;
  let leastM = Number.POSITIVE_INFINITY;
  for (const { distanceM } of round.queue) leastM = Math.min(leastM, distanceM);
  return last.score >= scoreBound(round.needed, policyOf(tx.state), leastM);
}

type Scouted = Round['queue'][number];

const nearestFirst = (a: Scouted, b: Scouted): number => a.distanceM - b.distanceM || (a.cell < b.cell ? -1 : 1);

/** Those that the circle touches, the margin included, and that this try has not come upon yet; nearest first. */
function touched({ needed, known }: Round, cells: readonly Near[]): readonly Scouted[] {
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
function queueUp({ state }: Tx, question: Question, round: Round, cells: readonly Scouted[]): void {
  for (const next of cells) {
    round.known.add(next.cell);
    round.queue.push(next);
  }
  round.queue.sort(nearestFirst);
  if (!round.isSafetyNet) return;
  const lit: Scouted[] = [];
  const dark: Scouted[] = [];
  for (const next of round.queue) (isLit(state, question, next.cell) ? lit : dark).push(next);
  const first = Math.floor(drawn(question) * dark.length);
  round.queue.splice(0, round.queue.length, ...dark.slice(first), ...dark.slice(0, first), ...lit);
}

const withBounds = (cell: Near['cell']): Near => ({ cell, bounds: decode(cell) });
