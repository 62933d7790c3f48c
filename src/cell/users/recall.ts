// Giving a user up: frozen on the UserObject's word, forgotten when somebody else holds them.
import type { EpochMs } from '../../lib/brand.ts';
import type { UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import type { PingTime } from '../../protocol/messages.ts';
import type { Held, Token } from '../state.ts';
import { call, reply, type Tx } from '../tx.ts';
import { recordOf } from './record.ts';
import { sendAway } from './sockets.ts';

/**
 * Freezes the user's row of `epoch` and answers with the record, or says that there is no such row, or that it has heard of a newer
 * ping than the one for which they are wanted; then nothing changes. From a record or `no_row` on a grant of
 * that epoch or a lower one is not taken by this cell's own claim.
 */
export function recall(tx: Tx, user: UserId, epoch: number, token: Token, ping?: PingTime): void {
  const { state } = tx;
  const known = state.users.get(user);
  if (ping !== undefined && known?.phase === 'live' && known.epoch === epoch && isNewer(known, ping, tx.now)) {
    const { session, seq } = known;
    reply(tx, token, { t: 'kept', session, ...(seq === undefined ? {} : { seq }) });
    return;
  }
  const taking = state.taking.get(user);
  if (taking !== undefined) taking.fence = Math.max(taking.fence, epoch);
  const arriving = state.arriving.get(user);
  if (arriving !== undefined) arriving.fence = Math.max(arriving.fence, epoch);
  const held = state.users.get(user);
  if (held === undefined || held.epoch !== epoch) {
    reply(tx, token, { t: 'no_row' });
    return;
  }
  if (held.phase !== 'frozen') {
    if (held.phase === 'live') tx.journal.push({ t: 'user.left', who: held.pseudonym });
    held.phase = 'frozen';
    held.frozenAt = tx.now;
    state.roster.delete(user);
    tx.users.add(user);
  }
  reply(tx, token, { t: 'record', record: recordOf(held, tx.now) });
}

/** Ages are told by two clocks, and the other one grows on its way here: who seems newer is newer. */
function isNewer({ session, seq, pointAt }: Held, ping: PingTime, now: EpochMs): boolean {
  if (session === ping.session && seq !== undefined && ping.seq !== undefined) return seq > ping.seq;
  return now - pointAt < ping.ageMs;
}

/** Somebody else holds the user at a later epoch: the row goes, sockets are told to reconnect. */
export function forget(tx: Tx, user: UserId, epoch: number): void {
  const { state } = tx;
  const held = state.users.get(user);
  if (held === undefined || held.epoch > epoch) return;
  if (held.phase === 'live') tx.journal.push({ t: 'user.left', who: held.pseudonym });
  state.users.delete(user);
  state.roster.delete(user);
  tx.users.add(user);
  if (state.sockets.has(user) && !state.arriving.has(user)) sendAway(tx, user, { reason: 'elsewhere' });
}

/** A frozen row that nobody came for asks the UserObject whether it may go. */
export function askAfterFrozen(tx: Tx, held: Held): void {
  held.frozenAt = tx.now;
  const { user } = held;
  call(tx, { t: 'where', user }, { to: 'user', user }, { t: 'where', user }, CALL_TIMEOUT_MS);
}
