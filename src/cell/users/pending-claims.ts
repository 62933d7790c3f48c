// Users who ping this cell and are not held here: their newest ping waits until their UserObject has granted them.

import type { Point } from '../../geo/point.ts';
import { plusMs } from '../../lib/brand.ts';
import { iso } from '../../lib/iso.ts';
import type { CellReply, ClaimReply } from '../../messages/calls.ts';
import type { Ping, UserRecord } from '../../messages/records.ts';
import type { UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import { type Problem, problem } from '../../protocol/problems.ts';
import { pingEveryS } from '../backpressure/pressure.ts';
import { recordUser } from '../journal.ts';
import { wakeFor } from '../questions/arrival.ts';
import { policyOf } from '../questions/need.ts';
import type { PendingClaim, Waiting } from '../tables/claims.ts';
import { watchClaim } from '../tables/claims.ts';
import type { Resident } from '../tables/users.ts';
import { residentOf } from '../tables/users.ts';
import { viewPresence } from '../view.ts';
import { call, type Step } from '../workspace.ts';
import { reportMissing } from './custody.ts';
import { askAboutHolds } from './holds.ts';
import { answerPing, isOlder, leaseMs } from './ping-rules.ts';
import { fieldsOf, recordOf } from './record.ts';
import { isReturning, sendRecord } from './returning.ts';
import { attach } from './sockets.ts';
import { isFound, isNear, leapt, newVeil } from './veil.ts';

const RETRY_FIRST_MS = 1000;
/** By then the UserObject has asked and heard. */
const FENCED_MS = 250;
const NO_PROFILE = 'no profile of yours is known yet; send a presence frame';

/** Keeps the newest ping of somebody who is not held here, and claims them. */
export function welcome(step: Step, user: UserId, sent: Ping, waiting: Waiting): void {
  const { state, now } = step;
  const known = state.claims.get(user);
  const ttlMs = leaseMs(state, sent, undefined);
  if (known === undefined) {
    const pending: PendingClaim = {
      user,
      ping: sent,
      pingAt: now,
      leaseUntil: plusMs(now, ttlMs),
      stored: false,
      retryAt: undefined,
      order: undefined,
      again: false,
      inFlight: undefined,
      fence: 0,
      tokens: [waiting],
      saidSince: {},
    };
    state.claims.set(user, pending);
    claim(step, pending);
    return;
  }
  if (isOlder(known.ping, sent)) {
    answerPing(step, waiting, problem('stale_ping'));
    return;
  }
  // Words of pings that were told to come again hold no longer: they may have been said anew elsewhere meanwhile.
  const before = known.tokens.length === 0 ? { ...known.ping, profile: {} } : known.ping;
  known.ping = merged(before, sent);
  known.saidSince = { ...known.saidSince, ...sent.profile };
  known.tokens.push(waiting);
  known.pingAt = now;
  known.order = undefined;
  known.again = false;
  known.leaseUntil = plusMs(now, ttlMs);
  // Its lease may end sooner than that of the ping before.
  watchClaim(state, user, known);
  if (known.inFlight === undefined) claim(step, known);
}

const saysWords = ({ profile }: Ping): boolean => Object.keys(profile).length > 0;

/** The newer ping, with what the older one said and it does not. */
function merged({ profile, opening }: Ping, { opening: again, ...sent }: Ping): Ping {
  const both = opening === true && again === true ? { opening } : {};
  return { ...sent, ...both, profile: { ...profile, ...sent.profile } };
}

/**
 * Asks the UserObject for the user. The claim is repeated by the agenda until it is answered or the ping's lease ends. While a row
 * of theirs is on its way home it waits: asked for now, the user would be granted by what was known before that row.
 */
export function claim(step: Step, pending: PendingClaim): void {
  const { user, ping: sent } = pending;
  const resident = step.state.users.get(user);
  if (resident !== undefined && isReturning(resident)) {
    if (!step.state.returning.has(user)) sendRecord(step, resident);
    pending.retryAt = plusMs(step.now, RETRY_FIRST_MS);
    step.claims.add(user);
    return;
  }
  pending.retryAt = undefined;
  pending.saidSince = {};
  const asked = call(
    step,
    { t: 'claim', user },
    { to: 'user', user },
    {
      t: 'claim',
      user,
      cell: step.state.mapRow.cell,
      session: sent.session,
      ...(sent.seq === undefined ? {} : { seq: sent.seq }),
      ...(pending.order === undefined ? {} : { order: pending.order }),
      ...(pending.pingAt < step.now ? { ageMs: step.now - pending.pingAt } : {}),
      ...(saysWords(sent) ? { changes: true } : {}),
      ...(pending.again ? { repeated: true } : {}),
      ...(sent.opening === true ? { opening: true } : {}),
    },
    CALL_TIMEOUT_MS,
  );
  pending.inFlight = { call: asked, ping: sent, waiting: pending.tokens.length };
  step.claims.add(user);
}

/** The UserObject's answer to a claim. */
export function claimed(
  step: Step,
  user: UserId,
  callId: number,
  answer: ClaimReply | Problem | { readonly t: 'failed' },
): void {
  const pending = step.state.claims.get(user);
  const inFlight = pending?.inFlight;
  if (pending === undefined || inFlight?.call !== callId) return;
  pending.inFlight = undefined;
  // A newer ping may have come since the claim went out: the answer is not about that one.
  const isAbout = pending.ping === inFlight.ping;
  if (isAbout && 'order' in answer) pending.order = answer.order;
  switch (answer.t) {
    case 'granted':
      // A recall overtook this grant: the epoch is spent, the claim stays a claim.
      if (answer.epoch <= pending.fence) fenced(step, pending, answer.epoch);
      else settle(step, pending, answer.epoch, answer.record);
      return;
    case 'refused':
      if (isAbout) endClaim(step, user, problem('stale_ping'));
      else {
        // What only the overtaken ping said goes with it: the one that overtook it may have said otherwise.
        for (const waiting of pending.tokens.splice(0, inFlight.waiting))
          answerPing(step, waiting, problem('stale_ping'));
        pending.ping = { ...pending.ping, profile: pending.saidSince };
        claim(step, pending);
      }
      return;
    case 'stranger':
      if (isAbout) endClaim(step, user, problem('no_presence', NO_PROFILE));
      else claim(step, pending);
      return;
    case 'problem':
      endClaim(step, user, answer);
      return;
    case 'pending':
      if (!isAbout) {
        // The newer ping is acknowledged once the UserObject has heard of it: one sent after that must not count as older.
        answerWaiting(step, pending, inFlight.ping, inFlight.waiting);
        claim(step, pending);
        return;
      }
      answerWaiting(step, pending, pending.ping);
      pending.retryAt = plusMs(step.now, answer.retryMs);
      step.claims.add(user);
      return;
    case 'failed':
      unheard(step, pending);
  }
}

/** A grant that a recall has overtaken. One that comes again and again is of a holder that has not heard of it: it is told, and asked later. */
function fenced(step: Step, pending: PendingClaim, epoch: number): void {
  if (pending.denied !== epoch) {
    pending.denied = epoch;
    claim(step, pending);
    return;
  }
  const { user } = pending;
  reportMissing(step, user, step.state.mapRow.cell, epoch);
  pending.retryAt = plusMs(step.now, FENCED_MS);
  step.claims.add(user);
}

/** The UserObject is silent. */
export function unheard(step: Step, pending: PendingClaim): void {
  answerWaiting(step, pending, pending.ping);
  pending.again = true;
  pending.retryAt = plusMs(step.now, RETRY_FIRST_MS);
  step.claims.add(pending.user);
}

/** The claim is over: whoever waits for it is answered. */
export function endClaim(step: Step, user: UserId, answer: CellReply<'presence'>): void {
  const pending = step.state.claims.get(user);
  if (pending === undefined) return;
  for (const waiting of pending.tokens) answerPing(step, waiting, answer);
  step.state.claims.delete(user);
  step.claims.add(user);
  if (pending.stored) step.settledClaims.add(user);
}

/** Granted: from this step on the user is matchable here. */
function settle(step: Step, pending: PendingClaim, epoch: number, record: UserRecord | null): void {
  const { state, now } = step;
  const { user, ping: sent } = pending;
  const old = state.users.get(user);
  // A row of this very epoch was frozen by a recall that came to nothing: what it says of its user is newer than any copy.
  const own = old?.phase === 'frozen' && old.epoch === epoch ? { ...record, ...recordOf(old, now) } : record;
  const fields = fieldsOf(own, policyOf(state), now);
  const resident = residentOf({
    ...fields,
    user,
    epoch,
    phase: 'live',
    session: sent.session,
    seq: sent.seq,
    profile: { ...fields.profile, ...sent.profile },
    ...shownOf(step, own, sent.point),
    pointAt: pending.pingAt,
    leaseUntil: pending.leaseUntil,
    ttlMs: pending.leaseUntil - pending.pingAt,
  });
  if (old !== undefined) state.roster.delete(user);
  state.users.set(user, resident);
  state.roster.set(user, resident.point);
  step.users.add(user);
  recordUser(step, resident, 'user.entered');
  attach(step, resident);
  askAboutHolds(step, resident);
  wakeFor(step, resident);
  endClaim(step, user, { t: 'present', view: viewPresence(state, resident, now) });
}

/**
 * Others go on seeing them where they were seen, up to three squares away, so that the line between two cells tells nothing; who was seen
 * nowhere begins with the square that they are in, and who leapt is seen where they are.
 */
function shownOf({ state, chance }: Step, record: UserRecord | null, snapped: Point): Pick<Resident, 'point' | 'veil'> {
  const { veil, point } = record ?? {};
  const last = { square: snapped, leapt: false };
  if (record === null || veil === undefined || point === undefined || record.leaseLeftMs === 0)
    return { point: snapped, veil: { ...newVeil(chance), last } };
  const { gridLength } = policyOf(state);
  const driven = leapt(veil, { snapped, gapMs: record.pointAgeMs }, gridLength, chance);
  if (driven !== undefined) return { point: snapped, veil: driven };
  const stays = isFound(state, point) && isNear(point, snapped, gridLength);
  return { point: stays ? point : snapped, veil: { ...veil, last } };
}

/**
 * Answers pings before their claim was granted. Words of the profile are acknowledged only once the old ones count no more: until
 * then their sender is asked to come again.
 */
function answerWaiting(step: Step, pending: PendingClaim, about: Ping, first = pending.tokens.length): void {
  if (!saysWords(about)) {
    acknowledge(step, pending, first);
    return;
  }
  const busy = { ...problem('busy'), retryAfterS: 1 };
  for (const waiting of pending.tokens.splice(0, first)) answerPing(step, waiting, busy);
}

/** From here on a row keeps the newest ping. */
function acknowledge(step: Step, pending: PendingClaim, first: number): void {
  const { cell, city } = step.state.mapRow;
  pending.stored = true;
  const view = {
    cell,
    city,
    expiresAt: iso(pending.leaseUntil),
    offers: [],
    pingEveryS: pingEveryS(step.state, pending.leaseUntil - pending.pingAt, step.now),
  };
  for (const waiting of pending.tokens.splice(0, first)) answerPing(step, waiting, { t: 'present', view });
  step.claims.add(pending.user);
}
