// Who holds the user: claims, recalls, grants. Ownership moves only when the holder has answered a recall, never with time.
import { plusMs } from '../lib/brand.ts';
import type { CellId } from '../protocol/ids.ts';
import { CALL_TIMEOUT_MS, DWELL_MS } from '../protocol/limits.ts';
import type { CellReply, PingTime, UserRequest } from '../protocol/messages.ts';
import type { UserRecord } from '../protocol/records.ts';
import type { Claimant, Meta } from './state.ts';
import { call, metaOf, reply, type Tx } from './tx.ts';

const RETRY_MS = 500;

type Claim = Extract<UserRequest, { readonly t: 'claim' }>;

/** A cell asks for the user on a ping's behalf. */
export function claim(tx: Tx, sent: Claim, token: number): void {
  const { state } = tx;
  const meta = metaOf(tx, sent.user);
  if (sent.transfer !== undefined) {
    transfer(tx, meta, sent, sent.transfer, token);
    return;
  }
  if (isOlder(meta, sent)) {
    reply(tx, token, { t: 'refused' });
    return;
  }
  const { holding } = meta;
  if (sent.opening === true && isStranger(meta, sent.cell)) {
    reply(tx, token, { t: 'stranger' });
    return;
  }
  const order = orderOf(tx, meta, sent);
  const pingAt = plusMs(tx.now, -(sent.ageMs ?? 0));
  const opening = sent.opening === true ? { opening: true as const } : {};
  const claimant: Claimant = { cell: sent.cell, session: sent.session, seq: sent.seq, order, pingAt, ...opening };
  switch (holding.t) {
    case 'free':
      note(tx, meta, claimant);
      state.claims.push({ token, cell: sent.cell, order });
      grant(tx, meta, sent.cell, meta.record);
      return;
    case 'held':
      if (holding.cell === sent.cell) {
        // Granted already: the answer was lost, or the row went with its lease. The same answer again.
        note(tx, meta, claimant);
        reply(tx, token, { t: 'granted', epoch: meta.epoch, record: current(tx, meta.record), order });
        return;
      }
      if (plusMs(holding.since, DWELL_MS) > tx.now) {
        reply(tx, token, { t: 'pending', retryMs: plusMs(holding.since, DWELL_MS) - tx.now, order });
        return;
      }
      note(tx, meta, claimant);
      meta.holding = { t: 'recalling', cell: holding.cell, claimant };
      tx.meta = true;
      state.claims.push({ token, cell: sent.cell, order });
      sendRecall(tx);
      return;
    case 'recalling':
      note(tx, meta, claimant);
      if (holding.claimant.cell !== sent.cell) {
        dismiss(tx, holding.claimant.cell);
        tx.meta = true;
      }
      meta.holding = { ...holding, claimant };
      state.claims.push({ token, cell: sent.cell, order });
      sendRecall(tx);
  }
}

/**
 * The holder of an epoch hands the user over. Not a ping: it renews nothing, and whoever claims for a ping, or has done so since,
 * comes first.
 */
function transfer(tx: Tx, meta: Meta, { cell }: Claim, epoch: number, token: number): void {
  const { state } = tx;
  const { holding } = meta;
  if (holding.t === 'held' && holding.cell === cell) {
    reply(tx, token, { t: 'granted', epoch: meta.epoch, record: current(tx, meta.record) });
    return;
  }
  const isUnderWay = holding.t === 'recalling' && holding.claimant.cell === cell;
  if (!isUnderWay) {
    if (holding.t !== 'held' || meta.epoch !== epoch) {
      // Whoever wants the user may have gone while the recall was lost: it is repeated on anybody's word.
      sendRecall(tx);
      reply(tx, token, { t: 'refused' });
      return;
    }
    meta.holding = {
      t: 'recalling',
      cell: holding.cell,
      claimant: { cell, session: meta.session ?? '', seq: meta.seq, handed: true },
    };
    tx.meta = true;
  }
  state.claims.push({ token, cell, order: meta.order });
  sendRecall(tx);
}

/** The holder's answer. What it says, or our own copy when it has no such row, goes to the newest claimant. */
export function recalled(tx: Tx, callId: number, answer: CellReply<'recall'> | { readonly t: 'failed' }): void {
  const { state } = tx;
  const { meta } = state;
  if (state.recallCall !== callId || meta === undefined) return;
  state.recallCall = undefined;
  const { holding } = meta;
  if (holding.t !== 'recalling') return;
  if (answer.t === 'kept') {
    kept(tx, meta, holding, answer);
    return;
  }
  if (answer.t !== 'record' && answer.t !== 'no_row') {
    // Claims are repeated, and each repeats the recall.
    for (const { token, order } of state.claims.splice(0)) reply(tx, token, { t: 'pending', retryMs: RETRY_MS, order });
    return;
  }
  if (answer.t === 'record') meta.record = answer.record;
  // Only somebody who is handed over brings their lease along: a ping has one of its own, and who has left has none.
  const keepsLease = answer.t === 'record' && holding.claimant.handed === true;
  if (meta.record !== null && !keepsLease) meta.record = { ...meta.record, leaseLeftMs: 0 };
  if (holding.claimant.opening === true && meta.record === null) {
    // Who was held had never come there, so nothing of them is known: nobody holds them.
    meta.holding = { t: 'free' };
    tx.meta = true;
    for (const { token } of state.claims.splice(0)) reply(tx, token, { t: 'stranger' });
    return;
  }
  const from = holding.cell;
  const spent = meta.epoch;
  grant(tx, meta, holding.claimant.cell, meta.record);
  if (from !== holding.claimant.cell) {
    call(
      tx,
      { t: 'forget' },
      { to: 'cell', cell: from },
      { t: 'forget', user: meta.user, epoch: spent },
      CALL_TIMEOUT_MS,
    );
  }
}

/** The holder has heard of a newer ping than the claimant's: it holds the user as before, and the claim is an old one. */
function kept(
  tx: Tx,
  meta: Meta,
  { cell, claimant }: Extract<Meta['holding'], { readonly t: 'recalling' }>,
  { session, seq }: Extract<CellReply<'recall'>, { readonly t: 'kept' }>,
): void {
  // It was asked on behalf of another claim than is the newest now.
  if (claimant.order !== tx.state.recallFor) {
    sendRecall(tx);
    return;
  }
  meta.holding = { t: 'held', cell, since: tx.now };
  tx.meta = true;
  note(tx, meta, { session, seq });
  for (const { token } of tx.state.claims.splice(0)) reply(tx, token, { t: 'refused' });
}

/** Asks the holder for the user, unless that is under way. */
export function sendRecall(tx: Tx): void {
  const { state } = tx;
  const { meta } = state;
  if (meta?.holding.t !== 'recalling' || state.recallCall !== undefined) return;
  const { cell, claimant } = meta.holding;
  state.recallFor = claimant.order;
  state.recallCall = call(
    tx,
    { t: 'recall', cell, epoch: meta.epoch },
    { to: 'cell', cell },
    { t: 'recall', user: meta.user, epoch: meta.epoch, ...pingOf(tx, claimant) },
    CALL_TIMEOUT_MS / 2,
  );
}

/** A new epoch for the claimant; everybody else who waits is refused. */
function grant(tx: Tx, meta: Meta, cell: CellId, record: UserRecord | null): void {
  const { state } = tx;
  meta.epoch++;
  meta.holding = { t: 'held', cell, since: tx.now };
  tx.meta = true;
  const fresh = current(tx, record);
  for (const waiting of state.claims.splice(0)) {
    const { token, order } = waiting;
    if (waiting.cell === cell) reply(tx, token, { t: 'granted', epoch: meta.epoch, record: fresh, order });
    else reply(tx, token, { t: 'refused' });
  }
}

/** The record with this user's pseudonym, and without holds of offers that are known to have ended. */
function current(tx: Tx, record: UserRecord | null): UserRecord {
  const pseudonym = tx.state.meta?.pseudonym ?? '';
  if (record === null) return { ...NEWCOMER, pseudonym };
  const holds = record.holds.filter(({ questionId, offerId }) => {
    const offer = tx.state.known.get(questionId)?.offer;
    return offer === undefined || offer.id !== offerId || offer.state === 'pending' || offer.state === 'accepted';
  });
  return { ...record, pseudonym, holds };
}

const NEWCOMER: UserRecord = {
  v: 1,
  profile: { topics: [], languages: [], capacity: 1 },
  point: { lat: 0, lng: 0 },
  pointAgeMs: 0,
  leaseLeftMs: 0,
  idleMs: 24 * 3_600_000,
  coolLeftMs: 0,
  reputation: 0.5,
  pseudonym: '',
  blocked: [],
  holds: [],
};

function pingOf(tx: Tx, { session, seq, pingAt }: Claimant): { readonly ping?: PingTime } {
  if (pingAt === undefined) return {};
  return { ping: { session, ...(seq === undefined ? {} : { seq }), ageMs: tx.now - pingAt } };
}

function note(tx: Tx, meta: Meta, claimant: { readonly session: string; readonly seq?: number | undefined }): void {
  if (meta.session === claimant.session && meta.seq === claimant.seq) return;
  meta.session = claimant.session;
  meta.seq = claimant.seq;
  tx.meta = true;
}

function dismiss(tx: Tx, cell: CellId): void {
  const { claims } = tx.state;
  for (const waiting of claims.filter((one) => one.cell === cell)) {
    claims.splice(claims.indexOf(waiting), 1);
    reply(tx, waiting.token, { t: 'refused' });
  }
}

/** No profile of theirs is known here, nor to another cell: theirs would be an empty one, which they never gave. */
function isStranger({ record, holding }: Meta, cell: CellId): boolean {
  return record === null && (holding.t === 'free' || holding.cell === cell);
}

/** Within a session a lower `seq` is older; of claims whose numbers do not compare, the one that was first heard of before. */
function isOlder(meta: Meta, sent: Claim): boolean {
  if (meta.session === sent.session && meta.seq !== undefined && sent.seq !== undefined) return sent.seq < meta.seq;
  return sent.order !== undefined && sent.order < meta.order;
}

/** A ping of which nobody has claimed before is the newest. Kept at once, so that no later one gets its number. */
function orderOf(tx: Tx, meta: Meta, { order }: Claim): number {
  if (order !== undefined) return order;
  meta.order++;
  tx.meta = true;
  return meta.order;
}
