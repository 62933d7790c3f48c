// Giving a user up: frozen on the UserObject's word, forgotten when somebody else holds them.

import type { EpochMs } from '../../lib/brand.ts';
import type { CellCalls, PingTime } from '../../messages/calls.ts';
import type { UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import { recordUser } from '../journal.ts';
import type { Token } from '../tables/claims.ts';
import {
  type FrozenResident,
  frozen,
  type LapsedResident,
  type LiveResident,
  type Resident,
  thawed,
  watchUser,
} from '../tables/users.ts';
import { call, fence, reply, type Step } from '../workspace.ts';
import { dropHolds } from './holds.ts';
import { claim, unheard } from './pending-claims.ts';
import { recordOf } from './record.ts';
import { isReturning, keepOrReturn } from './returning.ts';
import { sendAway } from './sockets.ts';

type Recall = CellCalls['recall']['ask'];

/**
 * Freezes the user's row of its epoch and answers with the record, or says that there is no such row, or that the user stays: it
 * has heard of a newer ping than the one, or the leave, for which they are wanted. From a record or `no_row` on a grant of
 * that epoch or a lower one is not taken by this cell's own claim.
 */
export function recall(step: Step, sent: Recall, token: Token): void {
  const { state } = step;
  const { user, epoch } = sent;
  const resident = state.users.get(user);
  if (resident?.epoch === epoch && sent.probe === true) {
    const { session, seq } = resident;
    reply(step, token, { t: 'kept', session, ...(seq === undefined ? {} : { seq }) });
    return;
  }
  if (resident?.epoch === epoch && resident.phase !== 'frozen' && stays(resident, sent, step.now)) {
    const { session, seq } = resident;
    // A copy of this recall may come when the ping has grown old: it decides nothing.
    if (sent.order !== undefined && sent.order > (resident.keptFor ?? 0)) {
      resident.keptFor = sent.order;
      step.users.add(user);
    } else if (sent.order === undefined && sent.ping !== undefined) resident.keptPing = sent.ping;
    reply(step, token, { t: 'kept', session, ...(seq === undefined ? {} : { seq }) });
    return;
  }
  const transfer = state.transfers.get(user);
  if (transfer !== undefined) transfer.fence = Math.max(transfer.fence, epoch);
  const pending = state.claims.get(user);
  if (pending !== undefined) pending.fence = Math.max(pending.fence, epoch);
  if (resident === undefined || resident.epoch !== epoch) {
    // On that word somebody else is granted the user.
    fence(step);
    reply(step, token, { t: 'no_row' });
    return;
  }
  freeze(step, resident, sent.leave !== undefined);
  const { session, seq } = resident;
  reply(step, token, {
    t: 'record',
    record: recordOf(resident, step.now),
    session,
    ...(seq === undefined ? {} : { seq }),
  });
}

function freeze(step: Step, resident: Resident, leaves: boolean): void {
  // As when a lease ends: nobody else will tell the questions.
  if (leaves && resident.phase !== 'lapsed' && !isReturning(resident)) dropHolds(step, resident);
  if (resident.phase === 'frozen') {
    delete resident.asks;
    return;
  }
  if (resident.phase === 'live') recordUser(step, resident, 'user.left');
  frozen(resident, step.now);
  step.state.roster.delete(resident.user);
  step.users.add(resident.user);
}

/** Whether the user stays, whatever wants them. */
function stays(resident: LiveResident | LapsedResident, { order, ping, leave }: Recall, now: EpochMs): boolean {
  if (order !== undefined && resident.keptFor !== undefined && order <= resident.keptFor) return true;
  if (resident.phase !== 'live') return false;
  if (leave !== undefined) return (newerBy(resident, leave) ?? 0) > 0;
  if (ping === undefined) return false;
  return (order === undefined && isSame(ping, resident.keptPing)) || isNewer(resident, ping, now);
}

const isSame = (ping: PingTime, kept: PingTime | undefined): boolean =>
  kept !== undefined && ping.session === kept.session && ping.seq === kept.seq && ping.ageMs === kept.ageMs;

/** Ages are told by two clocks, and the other one grows on its way here: who seems newer is newer. */
function isNewer(resident: Resident, ping: PingTime, now: EpochMs): boolean {
  const newer = newerBy(resident, ping);
  return newer === undefined ? now - resident.pointAt < ping.ageMs : newer > 0;
}

/** By how much the newest ping's number is the higher one; `undefined` where numbers do not compare. */
function newerBy(
  { session, seq }: Resident,
  than: { readonly session?: string; readonly seq?: number },
): number | undefined {
  return session === than.session && seq !== undefined && than.seq !== undefined ? seq - than.seq : undefined;
}

/** What the row says is elsewhere: it goes. Sockets are told to reconnect where the user is now, unless they have `left`. */
export function forget(step: Step, user: UserId, epoch: number, left: boolean): void {
  const { state } = step;
  const resident = state.users.get(user);
  if (resident === undefined || resident.epoch > epoch) return;
  if (resident.phase === 'live') recordUser(step, resident, 'user.left');
  state.users.delete(user);
  state.roster.delete(user);
  step.users.add(user);
  const pending = state.claims.get(user);
  // A ping that waited for the record to be at home.
  if (pending !== undefined && isReturning(resident) && pending.inFlight === undefined) claim(step, pending);
  else if (pending === undefined && state.sockets.has(user) && !left) sendAway(step, user, { reason: 'elsewhere' });
}

/** A frozen row that nobody came for asks the UserObject whether it may go. */
export function askAfterFrozen(step: Step, resident: FrozenResident): void {
  resident.frozenAt = step.now;
  resident.asks = true;
  const { user } = resident;
  watchUser(step.state, user, resident);
  call(step, { t: 'where', user }, { to: 'user', user }, { t: 'where', user }, CALL_TIMEOUT_MS);
}

/** The recall that froze it came to nothing, and nobody wants it any more: the record is here to be written again. */
export function thaw(step: Step, row: FrozenResident): void {
  // Asked for again since: the record may have gone with that answer.
  if (row.asks !== true || isReturning(row)) return;
  const resident = thawed(row, step.now);
  step.state.users.set(resident.user, resident);
  step.users.add(resident.user);
  keepOrReturn(step, resident);
}

/** What the UserObject said of a record that went home by itself: it has it, or something newer; or it is silent, and is told again. */
export function sentHome(step: Step, user: UserId, epoch: number, isThere: boolean): void {
  const { state } = step;
  state.returning.delete(user);
  const resident = state.users.get(user);
  if (isThere && resident?.epoch === epoch && isReturning(resident)) forget(step, user, epoch, true);
  else watchUser(state, user, resident);
  const waiting = state.claims.get(user);
  if (!isThere && waiting !== undefined && waiting.inFlight === undefined) unheard(step, waiting);
}
