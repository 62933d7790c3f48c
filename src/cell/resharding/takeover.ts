// A cell that others fill: it adopts their questions, claims their users in the ordinary way, and holds arrivals against sleepers
// only once it has everything.

import { epochMs, plusMs } from '../../lib/brand.ts';
import type { CellRequest, ClaimReply } from '../../messages/calls.ts';
import type { Op } from '../../messages/resharding.ts';
import type { CellId, UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import { type Problem, problem } from '../../protocol/problems.ts';
import { record, recordUser } from '../journal.ts';
import { wakeFor } from '../questions/arrival.ts';
import { dropBeacon, inheritBeacon } from '../questions/beacons.ts';
import { isShort } from '../questions/lifecycle.ts';
import { policyOf } from '../questions/need.ts';
import { beginPoor } from '../questions/scout-budget.ts';
import { startSearch } from '../questions/searches.ts';
import { wakeSoon } from '../questions/sleep.ts';
import type { Transfer } from '../tables/incoming.ts';
import { type LapsedResident, type LiveResident, residentOf } from '../tables/users.ts';
import { askAboutHolds } from '../users/holds.ts';
import { takeInbox } from '../users/inherit.ts';
import { joined } from '../users/presence.ts';
import { fieldsOf } from '../users/record.ts';
import { keepOrReturn } from '../users/returning.ts';
import { newVeil } from '../users/veil.ts';
import { call, type Step } from '../workspace.ts';
import { unpack } from './carry.ts';
import { decides, isSameOp } from './phases.ts';
import { amendRole, enterPhase } from './tasks.ts';

type Ask<T extends CellRequest['t']> = Extract<CellRequest, { readonly t: T }>;
type Done = { readonly t: 'done' } | Problem;

const DONE: Done = { t: 'done' };
const NOT_HERE: Done = problem('cell_changing', 'it is not a leaf and does not know this operation');
const RETRY_MS = 1000;

/** To be filled by `from`. Operations are ordered: a later one replaces one that came to nothing, an older one is let be. */
export function init(step: Step, { op, from }: Ask<'init'>): Done {
  const { role } = step.state;
  // Heard of before: done, unless it was another of that number, which must not be taken for this one.
  if (op.n <= role.heard)
    return isSameOp(role.origin, op) ? DONE : problem('cell_changing', 'it has heard of a later one');
  const { phase } = role;
  const isUnused = step.fresh || phase.t === 'filling' || (phase.t === 'handing' && phase.filled && phase.handed);
  if (!isUnused) return problem('cell_changing', `it is ${phase.t}`);
  enterPhase(step, {
    phase: { t: 'filling', op, from: [from], untold: false },
    heard: op.n,
    origin: op,
    behind: [from],
  });
  beginPoor(step.state.scouts, step.now);
  return DONE;
}

/** Stores questions; each is tried at once, or woken soon, as nobody has tried it since it was frozen. */
export function adopt(step: Step, { op, from, questions }: Ask<'adopt'>): Done {
  const { state } = step;
  if (!isFilledBy(step, op, from) && !isUnheard(step, op)) return DONE;
  if (!decides(state)) return NOT_HERE;
  for (const row of questions) {
    const question = unpack(row, step.now);
    if (state.questions.has(question.id)) continue;
    // Left while another cell had it.
    dropBeacon(step, question.id);
    state.questions.set(question.id, question);
    step.questions.add(question.id);
    step.owing.add(question.id);
    if (question.phase.t === 'dormant') wakeSoon(step, question);
    else if (isShort(question)) startSearch(step, question);
  }
  return DONE;
}

/** Claims users whom `from` still holds; kept on disk, so that nobody is lost between two cells. */
export function take(step: Step, { op, from, users }: Ask<'take'>): Done {
  const { state } = step;
  const isKnown = isSameOp(state.role.origin, op) && state.role.behind.includes(from);
  if (!isKnown && !isUnheard(step, op)) return DONE;
  for (const { user, epoch } of users) {
    const resident = state.users.get(user);
    if ((resident !== undefined && resident.epoch >= epoch) || state.transfers.has(user)) continue;
    const transfer: Transfer = { user, epoch, retryAt: undefined, call: undefined, fence: 0 };
    state.transfers.set(user, transfer);
    claimTaken(step, transfer);
  }
  return DONE;
}

/** `from` has no question left for this cell: arrivals count from the step in which nobody has any. */
export function filled(step: Step, { op, from, beacons }: Ask<'filled'>): Done {
  const { state } = step;
  const { phase } = state.role;
  const isFilling = phase.t === 'filling' && isFilledBy(step, op, from);
  if (!isFilling && !isUnheard(step, op)) return DONE;
  for (const { need, leftMs } of beacons) {
    inheritBeacon(step, need, leftMs);
  }
  if (!isFilling) {
    for (const resident of state.users.values()) step.wakeCandidates.add(resident.user);
    return DONE;
  }
  const left = phase.from.filter((one) => one !== from);
  if (left.length > 0) {
    amendRole(step, { phase: { ...phase, from: left } });
    return DONE;
  }
  enterPhase(step, { phase: { t: 'leaf' } });
  record(step, { t: 'cell.filled', op: op.n });
  for (const resident of state.users.values()) step.wakeCandidates.add(resident.user);
  return DONE;
}

/** It was a leaf when the map was swapped, and has lost its storage since: there is nothing to be waited for. */
export function nothingLeft(step: Step, from: CellId): void {
  const { phase } = step.state.role;
  if (phase.t !== 'filling') return;
  filled(step, { t: 'filled', op: phase.op, from, beacons: [] });
  handed(step, { t: 'handed', op: phase.op, from });
}

/** Nobody of this place is held by `from` any more. */
export function handed(step: Step, { op, from }: Ask<'handed'>): Done {
  const { role } = step.state;
  if (!isSameOp(role.origin, op) || !role.behind.includes(from)) return DONE;
  amendRole(step, { behind: role.behind.filter((one) => one !== from) });
  return DONE;
}

/** The map says that this is not a leaf any more; told by the parent who is. */
export function mayRetire(step: Step, op: Op): boolean {
  const { role } = step.state;
  return op.n > role.heard && (role.phase.t === 'leaf' || role.phase.t === 'splitting');
}

/** Asks the UserObject for a user who is handed over, until it has decided. */
export function claimTaken(step: Step, transfer: Transfer): void {
  const { user, epoch } = transfer;
  const { cell } = step.state.mapRow;
  transfer.retryAt = undefined;
  transfer.call = call(
    step,
    { t: 'take', user },
    { to: 'user', user },
    { t: 'claim', user, cell, session: '', transfer: epoch },
    CALL_TIMEOUT_MS,
  );
  step.transfers.add(user);
}

/** The UserObject's answer: from a grant on the user is matchable here, by the record alone. */
export function taken(
  step: Step,
  user: UserId,
  callId: number,
  answer: ClaimReply | Problem | { readonly t: 'failed' },
): void {
  const { state, now } = step;
  const transfer = state.transfers.get(user);
  if (transfer === undefined || transfer.call !== callId) return;
  transfer.call = undefined;
  step.transfers.add(user);
  if (answer.t === 'pending' || answer.t === 'failed') {
    transfer.retryAt = plusMs(now, answer.t === 'pending' ? answer.retryMs : RETRY_MS);
    return;
  }
  state.transfers.delete(user);
  if (answer.t !== 'granted' || answer.epoch <= transfer.fence) return;
  const known = state.users.get(user);
  if (answer.record === null) return;
  if (known !== undefined && known.epoch >= answer.epoch) {
    takeInbox(step, known, answer.epoch, answer.record);
    return;
  }
  const { pointAgeMs, point, veil } = answer.record;
  // Nobody is taken up by a city that has gone meanwhile.
  const leaseLeftMs = state.mapRow.removed === true ? 0 : answer.record.leaseLeftMs;
  const phase = leaseLeftMs > 0 ? ({ phase: 'live' } as const) : ({ phase: 'lapsed', lapsedAt: now } as const);
  const resident = residentOf<LiveResident | LapsedResident>({
    ...fieldsOf(answer.record, policyOf(state), now),
    user,
    epoch: answer.epoch,
    ...phase,
    session: answer.newest?.session ?? '',
    seq: answer.newest?.seq,
    point,
    veil: veil ?? newVeil(step.chance),
    pointAt: epochMs(now - pointAgeMs),
    leaseUntil: plusMs(now, leaseLeftMs),
    ttlMs: leaseLeftMs,
  });
  step.users.add(user);
  state.users.set(user, resident);
  if (resident.phase === 'lapsed') {
    state.roster.delete(user);
    keepOrReturn(step, resident);
    if (state.users.get(user)?.phase === 'frozen') return;
  }
  if (resident.phase === 'live') {
    state.roster.set(user, resident.point);
    recordUser(step, resident, 'user.entered');
  }
  askAboutHolds(step, resident);
  wakeFor(step, resident);
  joined(step, resident);
}

/**
 * An operation that this cell has never heard of hands over to it: it has lost its storage since it was made ready, and lives anew
 * by its map row. What comes is its own, and is taken as it comes; to acknowledge it and throw it away would lose it.
 */
function isUnheard({ state }: Step, op: Op): boolean {
  const { role, mapRow } = state;
  return op.n > (op.by === mapRow.cell ? role.led : role.heard);
}

function isFilledBy(step: Step, op: Op, from: Ask<'filled'>['from']): boolean {
  const { phase } = step.state.role;
  return phase.t === 'filling' && isSameOp(phase.op, op) && phase.from.includes(from);
}
