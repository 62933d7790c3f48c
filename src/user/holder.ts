// Who holds the user: claims and grants. Ownership moves only when the holder has answered a recall, never with time.
import { plusMs } from '../lib/brand.ts';
import type { UserRequest } from '../messages/calls.ts';
import type { CellId } from '../protocol/ids.ts';
import { DWELL_MS } from '../protocol/limits.ts';
import { isOlder, note, orderOf } from './order.ts';
import { answerLeavers, grant, newestOf, refuseClaims, sendRecall } from './recalls.ts';
import { currentRecord } from './record.ts';
import type { Claimant, Holding, Meta } from './state.ts';
import { metaOf, reply, type Step } from './workspace.ts';

/** A cell that is asked whether it has a row answers within that time, as a rule. */
const PROBED_MS = 250;

type Claim = Extract<UserRequest, { readonly t: 'claim' }>;

/** A cell asks for the user on a ping's behalf. */
export function claim(step: Step, sent: Claim, token: number): void {
  const { state } = step;
  const meta = metaOf(step, sent.user);
  if (sent.transfer !== undefined) {
    transfer(step, meta, sent, sent.transfer, token);
    return;
  }
  if (isOlder(step, meta, sent)) {
    reply(step, token, { t: 'refused' });
    return;
  }
  if (sent.opening === true && isStranger(meta, sent.cell)) {
    reply(step, token, { t: 'stranger' });
    return;
  }
  const { holding } = meta;
  const claimant = claimantOf(step, meta, sent);
  const { order } = claimant;
  note(step, meta, claimant);
  switch (holding.t) {
    case 'free':
      state.claims.push({ token, order });
      grant(step, meta, sent.cell, false);
      return;
    case 'held': {
      if (holding.cell === sent.cell) {
        // What it says of its row may have been said before this claim: a grant of that epoch would come after its `no_row`.
        if (step.state.probe !== undefined) {
          reply(step, token, { t: 'pending', retryMs: PROBED_MS, order });
          return;
        }
        // Granted already, and the answer was lost. The same answer again, of an instance that may still write.
        step.meta = true;
        delete meta.apart;
        reply(step, token, { t: 'granted', epoch: meta.epoch, record: currentRecord(step, meta), order });
        return;
      }
      const dwellsUntil = plusMs(holding.since, DWELL_MS);
      // Words of the profile wait for nothing: until then the old ones would count.
      if (dwellsUntil > step.now && sent.changes !== true) {
        reply(step, token, { t: 'pending', retryMs: dwellsUntil - step.now, order });
        return;
      }
      recallFor(step, meta, holding.cell, claimant, token);
      return;
    }
    case 'leaving':
      // Back already: the leave is done with.
      answerLeavers(step, { t: 'done' });
      recallFor(step, meta, holding.cell, claimant, token);
      return;
    case 'recalling':
      if (holding.claimant.cell !== sent.cell) refuseClaims(step);
      recallFor(step, meta, holding.cell, claimant, token);
  }
}

/**
 * The holder of an epoch hands the user over. Not a ping: it renews nothing, and whoever claims for a ping, has done so since, or
 * has left comes first.
 */
function transfer(step: Step, meta: Meta, { cell }: Claim, epoch: number, token: number): void {
  const { holding } = meta;
  if (holding.t === 'held' && holding.cell === cell) {
    if (step.state.probe !== undefined) {
      reply(step, token, { t: 'pending', retryMs: PROBED_MS });
      return;
    }
    step.meta = true;
    delete meta.apart;
    const record = currentRecord(step, meta);
    reply(step, token, { t: 'granted', epoch: meta.epoch, record, ...newestOf(meta) });
    return;
  }
  const isUnderWay = holding.t === 'recalling' && holding.claimant.cell === cell;
  if (isUnderWay) {
    step.state.claims.push({ token, order: meta.order });
    sendRecall(step);
    return;
  }
  if (holding.t !== 'held' || meta.epoch !== epoch) {
    // Whoever wants the user may have gone while the recall was lost: it is repeated on anybody's word.
    sendRecall(step);
    reply(step, token, { t: 'refused' });
    return;
  }
  const claimant: Claimant = { cell, session: meta.session ?? '', seq: meta.seq, handed: true };
  recallFor(step, meta, holding.cell, claimant, token);
}

function recallFor(step: Step, meta: Meta, cell: CellId, claimant: Claimant, token: number): void {
  const { holding } = meta;
  // One that is repeated is worth no row.
  if (holding.t !== 'recalling' || holding.claimant.cell !== claimant.cell) step.meta = true;
  meta.holding = { t: 'recalling', cell, claimant };
  step.state.claims.push({ token, order: claimant.order ?? meta.order });
  sendRecall(step);
}

type Counted = Claimant & { readonly order: number };

function claimantOf(step: Step, meta: Meta, sent: Claim): Counted {
  return {
    cell: sent.cell,
    session: sent.session,
    seq: sent.seq,
    order: orderOf(step, meta, sent),
    pingAt: plusMs(step.now, -(sent.ageMs ?? 0)),
    ...(sent.opening === true ? { opening: true } : {}),
  };
}

/** No profile of theirs is known here, nor to another cell: theirs would be an empty one, which they never gave. */
function isStranger(
  { record, holding }: { readonly record: unknown; readonly holding: Holding },
  cell: CellId,
): boolean {
  return record === null && (holding.t === 'free' || holding.cell === cell);
}
