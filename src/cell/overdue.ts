// What is due: run by the alarm, and before every other event, so that a lost alarm costs lateness and nothing else.

import { plusMs } from '../lib/brand.ts';
import type { QuestionId, UserId } from '../protocol/ids.ts';
import { KEPT_AFTER_END_MS } from '../protocol/limits.ts';
import { problem } from '../protocol/problems.ts';
import { endNudge } from './questions/arrival.ts';
import { dropBeacon } from './questions/beacons.ts';
import { answeredCount, isPaid, isShort } from './questions/lifecycle.ts';
import { look, lostReserve } from './questions/match.ts';
import { isRepeat } from './questions/need.ts';
import { end, expire } from './questions/offers.ts';
import { claimTaken } from './resharding/takeover.ts';
import { type DueKind, kindOf } from './tables/indexes.ts';
import type { Question } from './tables/questions.ts';
import { hasEnded } from './tables/questions.ts';
import type { Held } from './tables/users.ts';
import { dueHold, watchUser } from './tables/users.ts';
import type { Tx } from './tx.ts';
import { claim, endArriving } from './users/arriving.ts';
import { connectionsDue } from './users/connections.ts';
import { askAbout } from './users/holds.ts';
import { lapse } from './users/presence.ts';
import { askAfterFrozen } from './users/recall.ts';
import { isReturning, sendRecord } from './users/returning.ts';

/** Runs everything that is due by now, each entity once. */
export function overdue(tx: Tx): void {
  const due: string[] = [];
  for (const list of [tx.state.agenda, tx.state.slack])
    for (let key = list.takeDue(tx.now); key !== undefined; key = list.takeDue(tx.now)) due.push(key);
  for (const key of due) {
    const { kind, id } = kindOf(key);
    RUN[kind](tx, id as never);
  }
  // Who has rested may be suitable again: an arrival.
  const { rests, users } = tx.state;
  for (let user = rests.takeDue(tx.now); user !== undefined; user = rests.takeDue(tx.now))
    if (users.has(user as UserId)) tx.arrivals.add(user as UserId);
}

/** What each kind of entity does when its time has come. */
const RUN: { readonly [K in DueKind]: (tx: Tx, id: IdOf<K>) => void } = {
  question: (tx, id) => {
    const question = tx.state.questions.get(id);
    if (question !== undefined) questionDue(tx, question);
    tx.touched.add(id);
  },
  user: (tx, id) => {
    const held = tx.state.users.get(id);
    if (held !== undefined) heldDue(tx, held);
  },
  claim: (tx, id) => arrivingDue(tx, id),
  beacon: (tx, id) => {
    const beacon = tx.state.beacons.get(id);
    if (beacon === undefined || beacon.until <= tx.now) dropBeacon(tx, id);
    else tx.beacons.add(id);
  },
  connection: (tx, id) => connectionsDue(tx, id),
  incoming: (tx, id) => {
    const taking = tx.state.taking.get(id);
    if (taking === undefined) return;
    if (taking.call === undefined) claimTaken(tx, taking);
    else tx.taking.add(taking.user);
  },
  // A change of the map is carried on at the end of every step.
  role: () => undefined,
  nudge: (tx, id) => endNudge(tx, id),
};

type IdOf<K extends DueKind> = K extends 'question' | 'beacon' | 'nudge' ? QuestionId : UserId;

function questionDue(tx: Tx, question: Question): void {
  const { now, state } = tx;
  tx.owing.add(question.id);
  if (hasEnded(question.phase)) {
    if (plusMs(question.phase.endedAt, KEPT_AFTER_END_MS) > now || !isPaid(question)) return;
    state.questions.delete(question.id);
    tx.questions.add(question.id);
    return;
  }
  if (question.expiresAt <= now) {
    for (const offer of question.offers) if (offer.state === 'pending') expire(tx, question, offer);
    end(tx, question, answeredCount(question) > 0 ? 'answered' : 'expired');
    return;
  }
  for (const offer of [...question.offers]) {
    if (offer.until > now) continue;
    if (offer.state === 'pending') expire(tx, question, offer);
    else if (offer.state === 'reserving') lostReserve(tx, question, offer.id);
  }
  if (isShort(question) && isTime(tx, question)) {
    if (question.phase.t === 'dormant' && !isRepeat(state, question))
      tx.journal.push({ t: 'question.woken', q: question.id, stage: question.stage });
    // A round that is still waited for at its durable time was lost.
    state.rounds.delete(question.id);
    look(tx, question, { isByTime: true });
  }
}

/** Its time to try has come; an open one without a time that is short has just lost an offer. */
function isTime(tx: Tx, { phase }: Question): boolean {
  if (phase.t === 'dormant') return phase.wakeAt <= tx.now;
  return phase.t === 'open' && (phase.retryAt === undefined || phase.retryAt <= tx.now);
}

function heldDue(tx: Tx, held: Held): void {
  if (held.phase === 'frozen') {
    if (isReturning(held)) sendRecord(tx, held);
    else askAfterFrozen(tx, held);
    return;
  }
  if (held.phase === 'live' && held.leaseUntil <= tx.now) lapse(tx, held);
  for (const hold of [...held.holds.values()]) if (dueHold(hold) <= tx.now) askAbout(tx, held, hold.offerId);
  if (tx.state.users.has(held.user)) watchUser(tx.state, held.user, held);
}

function arrivingDue(tx: Tx, user: UserId): void {
  const arriving = tx.state.arriving.get(user);
  if (arriving === undefined) return;
  if (arriving.leaseUntil <= tx.now) endArriving(tx, user, problem('no_presence'));
  else if (arriving.call === undefined) claim(tx, arriving);
  else tx.arriving.add(user);
}
