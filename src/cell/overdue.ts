// What is due: run by the alarm, and before every other event, so that a lost alarm costs lateness and nothing else.

import { plusMs } from '../lib/brand.ts';
import type { QuestionId, UserId } from '../protocol/ids.ts';
import { KEPT_AFTER_END_MS } from '../protocol/limits.ts';
import { problem } from '../protocol/problems.ts';
import { record } from './journal.ts';
import { endNudge } from './questions/arrival.ts';
import { dropBeacon } from './questions/beacons.ts';
import { answeredCount, isPaid, isShort } from './questions/lifecycle.ts';
import { isRepeat } from './questions/need.ts';
import { end, expire } from './questions/offers.ts';
import { lostReserve, startSearch } from './questions/searches.ts';
import { claimTaken } from './resharding/takeover.ts';
import { type DueKind, kindOf } from './tables/indexes.ts';
import { isLive } from './tables/offers.ts';
import type { Question } from './tables/questions.ts';
import { hasEnded } from './tables/questions.ts';
import type { Resident } from './tables/users.ts';
import { dueHold, dueHome, watchUser } from './tables/users.ts';
import { connectionsDue } from './users/connections.ts';
import { askAbout } from './users/holds.ts';
import { claim, endClaim } from './users/pending-claims.ts';
import { lapse } from './users/presence.ts';
import { askAfterFrozen } from './users/recall.ts';
import { isReturning, returnHome, sendRecord } from './users/returning.ts';
import type { Step } from './workspace.ts';

/** Runs everything that is due by now, each entity once. */
export function overdue(step: Step): void {
  const due: string[] = [];
  for (const list of [step.state.agenda, step.state.lazyAgenda])
    for (let key = list.takeDue(step.now); key !== undefined; key = list.takeDue(step.now)) due.push(key);
  for (const key of due) {
    const { kind, id } = kindOf(key);
    RUN[kind](step, id as never);
  }
  // Who has rested may be suitable again: an arrival.
  const { rests, users } = step.state;
  for (let user = rests.takeDue(step.now); user !== undefined; user = rests.takeDue(step.now))
    if (users.has(user as UserId)) step.wakeCandidates.add(user as UserId);
}

/** What each kind of entity does when its time has come. */
const RUN: { readonly [K in DueKind]: (step: Step, id: IdOf<K>) => void } = {
  question: (step, id) => {
    const question = step.state.questions.get(id);
    if (question !== undefined) questionDue(step, question);
    step.touched.add(id);
  },
  user: (step, id) => {
    const resident = step.state.users.get(id);
    if (resident !== undefined) residentDue(step, resident);
  },
  claim: (step, id) => arrivingDue(step, id),
  beacon: (step, id) => {
    const beacon = step.state.beacons.get(id);
    if (beacon === undefined || beacon.until <= step.now) dropBeacon(step, id);
    else step.beacons.add(id);
  },
  connection: (step, id) => connectionsDue(step, id),
  incoming: (step, id) => {
    const transfer = step.state.transfers.get(id);
    if (transfer === undefined) return;
    if (transfer.call === undefined) claimTaken(step, transfer);
    else step.transfers.add(transfer.user);
  },
  // A change of the map is carried on at the end of every step.
  role: () => undefined,
  nudge: (step, id) => endNudge(step, id),
};

type IdOf<K extends DueKind> = K extends 'question' | 'beacon' | 'nudge' ? QuestionId : UserId;

function questionDue(step: Step, question: Question): void {
  const { now, state } = step;
  step.owing.add(question.id);
  if (hasEnded(question.phase)) {
    if (plusMs(question.phase.endedAt, KEPT_AFTER_END_MS) > now || !isPaid(question)) return;
    state.questions.delete(question.id);
    step.questions.add(question.id);
    return;
  }
  if (question.expiresAt <= now) {
    for (const offer of question.offers) if (offer.state === 'pending') expire(step, question, offer);
    end(step, question, answeredCount(question) > 0 ? 'answered' : 'expired');
    return;
  }
  for (const offer of [...question.offers]) {
    if (!isLive(offer) || offer.until > now) continue;
    if (offer.state === 'pending') expire(step, question, offer);
    else if (offer.state === 'reserving') lostReserve(step, question, offer.id);
  }
  if (isShort(question) && isTime(step, question)) {
    if (question.phase.t === 'dormant' && !isRepeat(state, question))
      record(step, { t: 'question.woken', q: question.id, stage: question.stage });
    // A round that is still waited for at its durable time was lost.
    state.searches.delete(question.id);
    startSearch(step, question, { isByTime: true });
  }
}

/** Its time to try has come; an open one without a time that is short has just lost an offer. */
function isTime(step: Step, { phase }: Question): boolean {
  if (phase.t === 'dormant') return phase.wakeAt <= step.now;
  return phase.t === 'open' && (phase.retryAt === undefined || phase.retryAt <= step.now);
}

function residentDue(step: Step, resident: Resident): void {
  if (resident.phase === 'frozen') {
    if (isReturning(resident)) sendRecord(step, resident);
    else askAfterFrozen(step, resident);
    return;
  }
  if (resident.phase === 'live' && resident.leaseUntil <= step.now) lapse(step, resident);
  else if (resident.phase === 'lapsed' && dueHome(resident) <= step.now) {
    returnHome(step, resident);
    return;
  }
  for (const hold of [...resident.holds.values()])
    if (dueHold(hold) <= step.now) askAbout(step, resident, hold.offerId);
  if (step.state.users.has(resident.user)) watchUser(step.state, resident.user, resident);
}

function arrivingDue(step: Step, user: UserId): void {
  const pending = step.state.claims.get(user);
  if (pending === undefined) return;
  if (pending.leaseUntil <= step.now) endClaim(step, user, problem('no_presence'));
  else if (pending.inFlight === undefined) claim(step, pending);
  else step.claims.add(user);
}
