// Asking the holder for the user, and what becomes of its answer: a grant to the newest claimant, or the record at home.

import type { CellCalls, CellReply, ClaimReply, UserReply, UserRequest } from '../messages/calls.ts';
import type { CellId } from '../protocol/ids.ts';
import { CALL_TIMEOUT_MS } from '../protocol/limits.ts';
import { problem } from '../protocol/problems.ts';
import { compare, type Numbers, note, raise } from './order.ts';
import { currentRecord, endLease, keepRecord } from './record.ts';
import type { Claimant, Holding, Meta } from './state.ts';
import { call, reply, type Step } from './workspace.ts';

const RETRY_MS = 500;

type Wanted = Extract<Holding, { readonly t: 'recalling' | 'leaving' }>;
type Return = Extract<UserRequest, { readonly t: 'returnRecord' }>;

/** Asks the holder for the user, unless that is under way or nobody wants them. */
export function sendRecall(step: Step): void {
  const { state } = step;
  const { meta } = state;
  if (meta === undefined || !isWanted(meta.holding) || state.recallCall !== undefined) return;
  const { holding, epoch, user } = meta;
  const order = orderOfWanted(holding);
  state.recallFor = order;
  state.recallCall = call(
    step,
    { to: 'cell', cell: holding.cell },
    { t: 'recall', user, epoch, ...(order === undefined ? {} : { order }), ...purposeOf(step, meta, holding) },
    CALL_TIMEOUT_MS / 2,
  );
}

/** The holder's answer. What it says, or our own copy when it has no such row, goes to the newest claimant, or stays at home. */
export function recalled(step: Step, answer: CellReply | UserReply | { readonly t: 'failed' }): void {
  const { state } = step;
  const { meta } = state;
  state.recallCall = undefined;
  if (meta === undefined || !isWanted(meta.holding)) return;
  const { holding } = meta;
  if (answer.t === 'kept') {
    kept(step, meta, holding, answer);
    return;
  }
  if (answer.t !== 'record' && answer.t !== 'no_row') {
    // Claims and leaves are repeated, and each repeats the recall.
    for (const { token, order } of state.claims.splice(0))
      reply(step, token, { t: 'pending', retryMs: RETRY_MS, order });
    answerLeavers(step, { ...problem('busy'), retryAfterS: 1 });
    return;
  }
  if (answer.t === 'record') {
    raise(step, meta, answer);
    // Only somebody who is handed over brings their lease along: a ping has one of its own, and who has left has none.
    const keepsLease = holding.t === 'recalling' && holding.claimant.handed === true;
    keepRecord(step, meta, answer.record, keepsLease);
    given(step, meta, holding, answer);
  } else {
    endLease(meta);
    given(step, meta, holding, {});
  }
}

/** Somebody's word that the holder has no row of its epoch: the holder is asked, and its `no_row` alone counts. */
export function probe(step: Step, { cell, epoch }: Extract<UserRequest, { readonly t: 'missing' }>): void {
  const { state } = step;
  const { meta } = state;
  // A recall that is wanted says the same, and is repeated on anybody's word.
  sendRecall(step);
  if (meta?.holding.t !== 'held' || meta.holding.cell !== cell || meta.epoch !== epoch || state.probe !== undefined)
    return;
  const asked = call(
    step,
    { to: 'cell', cell },
    { t: 'recall', user: meta.user, epoch, probe: true },
    CALL_TIMEOUT_MS / 2,
  );
  state.probe = { call: asked, epoch };
}

/** The grant never arrived, or was lost with its cell: the copy of it is the record, at home. */
export function probed(step: Step, answer: CellReply | UserReply | { readonly t: 'failed' }): void {
  const { state } = step;
  const { meta, probe } = state;
  state.probe = undefined;
  if (answer.t !== 'no_row' || meta?.holding.t !== 'held' || meta.epoch !== probe?.epoch) return;
  meta.holding = { t: 'free' };
  delete meta.apart;
  endLease(meta);
  step.meta = true;
}

/** A cell's word that it holds the user no more, with the record. One that crosses a recall is its answer; an older one is nothing. */
export function returned(step: Step, sent: Return): UserReply<'returnRecord'> {
  const { meta } = step.state;
  const done = { t: 'returned' } as const;
  if (meta === undefined || meta.holding.t === 'free') return done;
  const { holding } = meta;
  if (meta.epoch !== sent.epoch || holding.cell !== sent.cell) return done;
  raise(step, meta, sent);
  keepRecord(step, meta, sent.record, false);
  step.state.recallCall = undefined;
  if (holding.t === 'held') meta.holding = { t: 'free', last: holding.cell };
  else given(step, meta, holding, sent);
  return done;
}

/** A new epoch for the claimant: whoever waits is answered by it. */
export function grant(step: Step, meta: Meta, cell: CellId, isHanded: boolean): void {
  meta.epoch++;
  meta.holding = { t: 'held', cell, since: step.now };
  delete meta.apart;
  step.meta = true;
  const granted = {
    t: 'granted',
    epoch: meta.epoch,
    record: currentRecord(step, meta),
    ...(isHanded ? newestOf(meta) : {}),
  } as const;
  for (const { token, order } of step.state.claims.splice(0)) reply(step, token, { ...granted, order });
}

/** For who is handed the user: what they may not take an older ping than. */
export function newestOf({ session, seq }: Meta): Pick<Extract<ClaimReply, { readonly t: 'granted' }>, 'newest'> {
  return session === undefined ? {} : { newest: { session, ...(seq === undefined ? {} : { seq }) } };
}

/** Whoever waits for a grant is told that there is none. */
export function refuseClaims(step: Step, t: 'refused' | 'stranger' = 'refused'): void {
  for (const { token } of step.state.claims.splice(0)) reply(step, token, { t });
}

/** Whoever waits for a leave is answered. */
export function answerLeavers(step: Step, answer: UserReply<'leave'>): void {
  for (const token of step.state.leavers.splice(0)) reply(step, token, answer);
}

/** The holder has given the user up; `taken` is the newest ping that it took, where it says so. */
function given(step: Step, meta: Meta, holding: Wanted, taken: Numbers): void {
  const spent = meta.epoch;
  if (holding.t === 'leaving') {
    meta.holding = { t: 'free', last: holding.cell };
    answerLeavers(step, { t: 'done' });
    tellToForget(step, meta, holding.cell, spent, true);
  } else if (isOvertaken(holding.claimant, taken)) {
    // The lease that ended was of a newer ping than the one that claims: that one would bring back what was said before.
    meta.holding = { t: 'free', last: holding.cell };
    refuseClaims(step);
    tellToForget(step, meta, holding.cell, spent, false);
  } else if (holding.claimant.opening === true && meta.record === null) {
    // Who was held had never come there, so nothing of them is known: nobody holds them.
    meta.holding = { t: 'free', last: holding.cell };
    refuseClaims(step, 'stranger');
  } else {
    const isHanded = holding.claimant.handed === true;
    // Of another session than the newest that was heard of: there is none that the holder took later. Within one, numbers tell.
    if (isHanded && compare(taken, meta) === undefined) note(step, meta, taken);
    grant(step, meta, holding.claimant.cell, isHanded);
    if (holding.cell !== holding.claimant.cell) tellToForget(step, meta, holding.cell, spent, false);
  }
  step.meta = true;
}

function tellToForget(step: Step, { user }: Meta, cell: CellId, epoch: number, left: boolean): void {
  const request = { t: 'forget', user, epoch, ...(left ? { left } : {}) } as const;
  call(step, { to: 'cell', cell }, request, CALL_TIMEOUT_MS);
}

/** The holder has heard of a newer ping than the claimant's, or than the leave: it holds the user as before. */
function kept(
  step: Step,
  meta: Meta,
  holding: Wanted,
  { session, seq }: Extract<CellReply<'recall'>, { readonly t: 'kept' }>,
): void {
  // It was asked on behalf of another claim, or leave, than is the newest now.
  if (orderOfWanted(holding) !== step.state.recallFor) {
    sendRecall(step);
    return;
  }
  meta.holding = { t: 'held', cell: holding.cell, since: step.now };
  step.meta = true;
  note(step, meta, { session, seq });
  refuseClaims(step);
  answerLeavers(step, { t: 'done' });
}

/** Whether the claim is a ping's, and the holder had taken a newer one before it gave the user up. */
const isOvertaken = (claimant: Claimant, taken: Numbers): boolean =>
  claimant.handed !== true && (compare(taken, claimant) ?? 0) > 0;

const isWanted = (holding: Holding): holding is Wanted => holding.t === 'recalling' || holding.t === 'leaving';

const orderOfWanted = (holding: Wanted): number | undefined =>
  holding.t === 'leaving' ? holding.order : holding.claimant.order;

/** On whose behalf: a ping's, a leave's, or nobody's whom a newer ping would beat. */
function purposeOf(step: Step, meta: Meta, holding: Wanted): Pick<CellCalls['recall']['ask'], 'ping' | 'leave'> {
  if (holding.t === 'leaving') {
    const { session, seq } = meta.left ?? {};
    return { leave: { ...(session === undefined ? {} : { session }), ...(seq === undefined ? {} : { seq }) } };
  }
  const { session, seq, pingAt }: Claimant = holding.claimant;
  if (pingAt === undefined) return {};
  return { ping: { session, ...(seq === undefined ? {} : { seq }), ageMs: step.now - pingAt } };
}
