// Who holds the user: claims and grants. Ownership moves only when the holder has answered a recall, never with time.
import { plusMs } from '../lib/brand.ts';
import type { UserRequest } from '../messages/calls.ts';
import type { CellId } from '../protocol/ids.ts';
import { DWELL_MS } from '../protocol/limits.ts';
import { unreadOf } from './inbox.ts';
import { isOlder, note, orderOf } from './order.ts';
import { answerLeavers, grant, newestOf, sendRecall } from './recalls.ts';
import { currentRecord } from './record.ts';
import type { Claimant, Holding, Meta } from './state.ts';
import { metaOf, reply, type Tx } from './tx.ts';

type Claim = Extract<UserRequest, { readonly t: 'claim' }>;

/** A cell asks for the user on a ping's behalf. */
export function claim(tx: Tx, sent: Claim, token: number): void {
  const { state } = tx;
  const meta = metaOf(tx, sent.user);
  if (sent.transfer !== undefined) {
    transfer(tx, meta, sent, sent.transfer, token);
    return;
  }
  if (isOlder(tx, meta, sent)) {
    reply(tx, token, { t: 'refused' });
    return;
  }
  if (sent.opening === true && isStranger(meta, sent.cell)) {
    reply(tx, token, { t: 'stranger' });
    return;
  }
  const { holding } = meta;
  const claimant = claimantOf(tx, meta, sent);
  const { order } = claimant;
  note(tx, meta, claimant);
  switch (holding.t) {
    case 'free':
      state.claims.push({ token, cell: sent.cell, order });
      grant(tx, meta, sent.cell);
      return;
    case 'held': {
      if (holding.cell === sent.cell) {
        // Granted already, and the answer was lost. The same answer again.
        reply(tx, token, { t: 'granted', epoch: meta.epoch, record: currentRecord(tx), order, ...unreadOf(tx) });
        return;
      }
      const dwellsUntil = plusMs(holding.since, DWELL_MS);
      // Words of the profile wait for nothing: until then the old ones would count.
      if (dwellsUntil > tx.now && sent.changes !== true) {
        reply(tx, token, { t: 'pending', retryMs: dwellsUntil - tx.now, order });
        return;
      }
      recallFor(tx, meta, holding.cell, claimant, token);
      return;
    }
    case 'leaving':
      // Back already: the leave is done with.
      answerLeavers(tx, { t: 'done' });
      recallFor(tx, meta, holding.cell, claimant, token);
      return;
    case 'recalling':
      if (holding.claimant.cell !== sent.cell) dismiss(tx, holding.claimant.cell);
      recallFor(tx, meta, holding.cell, claimant, token);
  }
}

/**
 * The holder of an epoch hands the user over. Not a ping: it renews nothing, and whoever claims for a ping, has done so since, or
 * has left comes first.
 */
function transfer(tx: Tx, meta: Meta, { cell }: Claim, epoch: number, token: number): void {
  const { holding } = meta;
  if (holding.t === 'held' && holding.cell === cell) {
    const record = currentRecord(tx);
    reply(tx, token, { t: 'granted', epoch: meta.epoch, record, ...unreadOf(tx), ...newestOf(meta) });
    return;
  }
  const isUnderWay = holding.t === 'recalling' && holding.claimant.cell === cell;
  if (isUnderWay) {
    tx.state.claims.push({ token, cell, order: meta.order });
    sendRecall(tx);
    return;
  }
  if (holding.t !== 'held' || meta.epoch !== epoch) {
    // Whoever wants the user may have gone while the recall was lost: it is repeated on anybody's word.
    sendRecall(tx);
    reply(tx, token, { t: 'refused' });
    return;
  }
  const claimant: Claimant = { cell, session: meta.session ?? '', seq: meta.seq, handed: true };
  recallFor(tx, meta, holding.cell, claimant, token);
}

function recallFor(tx: Tx, meta: Meta, cell: CellId, claimant: Claimant, token: number): void {
  const { holding } = meta;
  // One that is repeated is worth no row.
  if (holding.t !== 'recalling' || holding.claimant.cell !== claimant.cell) tx.meta = true;
  meta.holding = { t: 'recalling', cell, claimant };
  tx.state.claims.push({ token, cell: claimant.cell, order: claimant.order ?? meta.order });
  sendRecall(tx);
}

type Counted = Claimant & { readonly order: number };

function claimantOf(tx: Tx, meta: Meta, sent: Claim): Counted {
  return {
    cell: sent.cell,
    session: sent.session,
    seq: sent.seq,
    order: orderOf(tx, meta, sent),
    pingAt: plusMs(tx.now, -(sent.ageMs ?? 0)),
    ...(sent.opening === true ? { opening: true } : {}),
  };
}

function dismiss(tx: Tx, cell: CellId): void {
  const { claims } = tx.state;
  for (const waiting of claims.filter((one) => one.cell === cell)) {
    claims.splice(claims.indexOf(waiting), 1);
    reply(tx, waiting.token, { t: 'refused' });
  }
}

/** No profile of theirs is known here, nor to another cell: theirs would be an empty one, which they never gave. */
function isStranger(
  { record, holding }: { readonly record: unknown; readonly holding: Holding },
  cell: CellId,
): boolean {
  return record === null && (holding.t === 'free' || holding.cell === cell);
}
