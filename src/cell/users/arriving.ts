// Users who ping this cell and are not held here: their newest ping waits until their UserObject has granted them.
import type { Point } from '../../geo/point.ts';
import { present } from '../../lib/assert.ts';
import { plusMs } from '../../lib/brand.ts';
import type { CellReply, ClaimReply } from '../../messages/calls.ts';
import type { Ping, UserRecord } from '../../messages/records.ts';
import type { UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import { type Problem, problem } from '../../protocol/problems.ts';
import { pingEveryS } from '../backpressure/pressure.ts';
import { arrive } from '../questions/arrival.ts';
import { policyOf } from '../questions/need.ts';
import type { Arriving, Waiting } from '../tables/claims.ts';
import { watchClaim } from '../tables/claims.ts';
import type { Held } from '../tables/users.ts';
import { held as heldOf } from '../tables/users.ts';
import { call, type Tx } from '../tx.ts';
import { iso, viewPresence } from '../view.ts';
import { askAboutHolds } from './holds.ts';
import { answerPing, isOlder, leaseMs } from './ping-rules.ts';
import { fieldsOf, recordOf } from './record.ts';
import { isReturning, sendRecord } from './returning.ts';
import { attach } from './sockets.ts';
import { isFound, isNear, leapt, newVeil } from './veil.ts';

const RETRY_FIRST_MS = 1000;
const NO_PROFILE = 'no profile of yours is known yet; send a presence frame';

/** Keeps the newest ping of somebody who is not held here, and claims them. */
export function welcome(tx: Tx, user: UserId, sent: Ping, waiting: Waiting): void {
  const { state, now } = tx;
  const known = state.arriving.get(user);
  const ttlMs = leaseMs(state, sent, undefined);
  if (known === undefined) {
    const arriving: Arriving = {
      user,
      ping: sent,
      pingAt: now,
      leaseUntil: plusMs(now, ttlMs),
      stored: false,
      retryAt: undefined,
      order: undefined,
      again: false,
      call: undefined,
      claimed: undefined,
      fence: 0,
      tokens: [waiting],
      asked: 0,
    };
    state.arriving.set(user, arriving);
    claim(tx, arriving);
    return;
  }
  if (isOlder(known.ping, sent)) {
    answerPing(tx, waiting, problem('stale_ping'));
    return;
  }
  known.tokens.push(waiting);
  known.ping = merged(known.ping, sent);
  known.pingAt = now;
  known.order = undefined;
  known.again = false;
  known.leaseUntil = plusMs(now, ttlMs);
  // Its lease may end sooner than that of the ping before.
  watchClaim(state, user, known);
  if (known.call === undefined) claim(tx, known);
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
export function claim(tx: Tx, arriving: Arriving): void {
  const { user, ping: sent } = arriving;
  const held = tx.state.users.get(user);
  if (held !== undefined && isReturning(held)) {
    if (!tx.state.returning.has(user)) sendRecord(tx, held);
    arriving.retryAt = plusMs(tx.now, RETRY_FIRST_MS);
    tx.arriving.add(user);
    return;
  }
  arriving.retryAt = undefined;
  arriving.claimed = sent;
  arriving.asked = arriving.tokens.length;
  arriving.call = call(
    tx,
    { t: 'claim', user },
    { to: 'user', user },
    {
      t: 'claim',
      user,
      cell: present(tx.state.birth, 'birth').cell,
      session: sent.session,
      ...(sent.seq === undefined ? {} : { seq: sent.seq }),
      ...(arriving.order === undefined ? {} : { order: arriving.order }),
      ...(arriving.pingAt < tx.now ? { ageMs: tx.now - arriving.pingAt } : {}),
      ...(saysWords(sent) ? { changes: true } : {}),
      ...(arriving.again ? { repeated: true } : {}),
      ...(sent.opening === true ? { opening: true } : {}),
    },
    CALL_TIMEOUT_MS,
  );
  tx.arriving.add(user);
}

/** The UserObject's answer to a claim. */
export function claimed(
  tx: Tx,
  user: UserId,
  callId: number,
  answer: ClaimReply | Problem | { readonly t: 'failed' },
): void {
  const arriving = tx.state.arriving.get(user);
  if (arriving === undefined || arriving.call !== callId) return;
  arriving.call = undefined;
  // A newer ping may have come since the claim went out: the answer is not about that one.
  const isAbout = arriving.ping === arriving.claimed;
  if (isAbout && 'order' in answer) arriving.order = answer.order;
  switch (answer.t) {
    case 'granted':
      // A recall overtook this grant: the epoch is spent, the claim stays a claim.
      if (answer.epoch <= arriving.fence) claim(tx, arriving);
      else settle(tx, arriving, answer.epoch, answer.record, answer.unread);
      return;
    case 'refused':
      if (isAbout) endArriving(tx, user, problem('stale_ping'));
      else claim(tx, arriving);
      return;
    case 'stranger':
      if (isAbout) endArriving(tx, user, problem('no_presence', NO_PROFILE));
      else claim(tx, arriving);
      return;
    case 'problem':
      endArriving(tx, user, answer);
      return;
    case 'pending':
      if (!isAbout) {
        // The newer ping is acknowledged once the UserObject has heard of it, lest one that is sent after that be taken for older.
        answerWaiting(tx, arriving, arriving.claimed ?? arriving.ping, arriving.asked);
        claim(tx, arriving);
        return;
      }
      answerWaiting(tx, arriving, arriving.ping);
      arriving.retryAt = plusMs(tx.now, answer.retryMs);
      tx.arriving.add(user);
      return;
    case 'failed':
      unheard(tx, arriving);
  }
}

/** The UserObject is silent. */
export function unheard(tx: Tx, arriving: Arriving): void {
  answerWaiting(tx, arriving, arriving.ping);
  arriving.again = true;
  arriving.retryAt = plusMs(tx.now, RETRY_FIRST_MS);
  tx.arriving.add(arriving.user);
}

/** The claim is over: whoever waits for it is answered. */
export function endArriving(tx: Tx, user: UserId, answer: CellReply<'presence'>): void {
  const arriving = tx.state.arriving.get(user);
  if (arriving === undefined) return;
  for (const waiting of arriving.tokens) answerPing(tx, waiting, answer);
  tx.state.arriving.delete(user);
  tx.arriving.add(user);
  if (arriving.stored) tx.arrived.add(user);
}

/** Granted: from this step on the user is matchable here. */
function settle(
  tx: Tx,
  arriving: Arriving,
  epoch: number,
  record: UserRecord | null,
  unread: number | undefined,
): void {
  const { state, now } = tx;
  const { user, ping: sent } = arriving;
  const old = state.users.get(user);
  // A row of this very epoch was frozen by a recall that came to nothing: what it says of its user is newer than any copy.
  const own = old?.phase === 'frozen' && old.epoch === epoch ? recordOf(old, now) : record;
  const fields = fieldsOf(own, policyOf(state), now);
  const held = heldOf({
    ...fields,
    unread,
    user,
    epoch,
    phase: 'live',
    frozenAt: undefined,
    session: sent.session,
    seq: sent.seq,
    profile: { ...fields.profile, ...sent.profile },
    ...shownOf(tx, own, sent.point),
    pointAt: arriving.pingAt,
    leaseUntil: arriving.leaseUntil,
    ttlMs: arriving.leaseUntil - arriving.pingAt,
  });
  if (old !== undefined) state.roster.delete(user);
  state.users.set(user, held);
  state.roster.set(user, held.point);
  tx.users.add(user);
  tx.journal.push({ t: 'user.entered', who: held.pseudonym });
  attach(tx, held);
  askAboutHolds(tx, held);
  arrive(tx, held);
  endArriving(tx, user, { t: 'present', view: viewPresence(state, held, now) });
}

/**
 * Others go on seeing them where they were seen, up to three squares away, lest the line between two cells be one that tells; who was seen
 * nowhere begins with the square that they are in, and who leapt is seen where they are.
 */
function shownOf({ state, chance }: Tx, record: UserRecord | null, snapped: Point): Pick<Held, 'point' | 'veil'> {
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
function answerWaiting(tx: Tx, arriving: Arriving, about: Ping, first = arriving.tokens.length): void {
  if (!saysWords(about)) {
    acknowledge(tx, arriving, first);
    return;
  }
  const busy = { ...problem('busy'), retryAfterS: 1 };
  for (const waiting of arriving.tokens.splice(0, first)) answerPing(tx, waiting, busy);
}

/** From here on a row keeps the newest ping. */
function acknowledge(tx: Tx, arriving: Arriving, first: number): void {
  const { cell, city } = present(tx.state.birth, 'birth');
  arriving.stored = true;
  const view = {
    cell,
    city,
    expiresAt: iso(arriving.leaseUntil),
    offers: [],
    pingEveryS: pingEveryS(tx.state, arriving.leaseUntil - arriving.pingAt, tx.now),
  };
  for (const waiting of arriving.tokens.splice(0, first)) answerPing(tx, waiting, { t: 'present', view });
  tx.arriving.add(arriving.user);
}
