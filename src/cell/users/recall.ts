// Giving a user up: frozen on the UserObject's word, forgotten when somebody else holds them.
import type { EpochMs } from '../../lib/brand.ts';
import type { CellCalls, PingTime } from '../../messages/calls.ts';
import type { UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import type { Token } from '../tables/claims.ts';
import type { Held } from '../tables/users.ts';
import { watchUser } from '../tables/users.ts';
import { call, reply, type Tx } from '../tx.ts';
import { claim, unheard } from './arriving.ts';
import { dropHolds } from './holds.ts';
import { recordOf } from './record.ts';
import { isReturning } from './returning.ts';
import { sendAway } from './sockets.ts';

type Recall = CellCalls['recall']['ask'];

/**
 * Freezes the user's row of its epoch and answers with the record, or says that there is no such row, or that the user stays: it
 * has heard of a newer ping than the one, or the leave, for which they are wanted. From a record or `no_row` on a grant of
 * that epoch or a lower one is not taken by this cell's own claim.
 */
export function recall(tx: Tx, sent: Recall, token: Token): void {
  const { state } = tx;
  const { user, epoch } = sent;
  const held = state.users.get(user);
  if (held?.epoch === epoch && stays(held, sent, tx.now)) {
    const { session, seq } = held;
    // A copy of this recall may come when the ping has grown old: it decides nothing.
    if (sent.order !== undefined && sent.order > (held.keptFor ?? 0)) {
      held.keptFor = sent.order;
      tx.users.add(user);
    } else if (sent.order === undefined && sent.ping !== undefined) held.keptPing = sent.ping;
    reply(tx, token, { t: 'kept', session, ...(seq === undefined ? {} : { seq }) });
    return;
  }
  const taking = state.taking.get(user);
  if (taking !== undefined) taking.fence = Math.max(taking.fence, epoch);
  const arriving = state.arriving.get(user);
  if (arriving !== undefined) arriving.fence = Math.max(arriving.fence, epoch);
  if (held === undefined || held.epoch !== epoch) {
    reply(tx, token, { t: 'no_row' });
    return;
  }
  freeze(tx, held, sent.leave !== undefined);
  const { session, seq } = held;
  reply(tx, token, { t: 'record', record: recordOf(held, tx.now), session, ...(seq === undefined ? {} : { seq }) });
}

function freeze(tx: Tx, held: Held, leaves: boolean): void {
  // As when a lease ends: nobody else will tell the questions.
  if (leaves && held.phase !== 'lapsed' && held.returnAt === undefined) dropHolds(tx, held);
  if (held.phase === 'frozen') return;
  if (held.phase === 'live') tx.journal.push({ t: 'user.left', who: held.pseudonym });
  held.phase = 'frozen';
  held.frozenAt = tx.now;
  tx.state.roster.delete(held.user);
  tx.users.add(held.user);
}

/** Whether the user stays, whatever wants them. */
function stays(held: Held, { order, ping, leave }: Recall, now: EpochMs): boolean {
  if (held.phase === 'frozen') return false;
  if (order !== undefined && held.keptFor !== undefined && order <= held.keptFor) return true;
  if (held.phase !== 'live') return false;
  if (leave !== undefined) return (newerBy(held, leave) ?? 0) > 0;
  if (ping === undefined) return false;
  return (order === undefined && isSame(ping, held.keptPing)) || isNewer(held, ping, now);
}

const isSame = (ping: PingTime, kept: PingTime | undefined): boolean =>
  kept !== undefined && ping.session === kept.session && ping.seq === kept.seq && ping.ageMs === kept.ageMs;

/** Ages are told by two clocks, and the other one grows on its way here: who seems newer is newer. */
function isNewer(held: Held, ping: PingTime, now: EpochMs): boolean {
  const newer = newerBy(held, ping);
  return newer === undefined ? now - held.pointAt < ping.ageMs : newer > 0;
}

/** By how much the newest ping's number is the higher one; `undefined` where numbers do not compare. */
function newerBy(
  { session, seq }: Held,
  than: { readonly session?: string; readonly seq?: number },
): number | undefined {
  return session === than.session && seq !== undefined && than.seq !== undefined ? seq - than.seq : undefined;
}

/** What the row says is elsewhere: it goes. Sockets are told to reconnect where the user is now, unless they have `left`. */
export function forget(tx: Tx, user: UserId, epoch: number, left: boolean): void {
  const { state } = tx;
  const held = state.users.get(user);
  if (held === undefined || held.epoch > epoch) return;
  if (held.phase === 'live') tx.journal.push({ t: 'user.left', who: held.pseudonym });
  state.users.delete(user);
  state.roster.delete(user);
  tx.users.add(user);
  const arriving = state.arriving.get(user);
  // A ping that waited for the record to be at home.
  if (arriving !== undefined && isReturning(held) && arriving.call === undefined) claim(tx, arriving);
  else if (arriving === undefined && state.sockets.has(user) && !left) sendAway(tx, user, { reason: 'elsewhere' });
}

/** A frozen row that nobody came for asks the UserObject whether it may go. */
export function askAfterFrozen(tx: Tx, held: Held): void {
  held.frozenAt = tx.now;
  const { user } = held;
  watchUser(tx.state, user, held);
  call(tx, { t: 'where', user }, { to: 'user', user }, { t: 'where', user }, CALL_TIMEOUT_MS);
}

/** What the UserObject said of a record that went home by itself: it has it, or something newer; or it is silent, and is told again. */
export function sentHome(tx: Tx, user: UserId, epoch: number, isThere: boolean): void {
  const { state } = tx;
  state.returning.delete(user);
  const held = state.users.get(user);
  if (isThere && held?.epoch === epoch && isReturning(held)) forget(tx, user, epoch, true);
  else watchUser(state, user, held);
  const waiting = state.arriving.get(user);
  if (!isThere && waiting !== undefined && waiting.call === undefined) unheard(tx, waiting);
}
