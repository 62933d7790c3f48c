// A cell that others fill: it adopts their questions, claims their users in the ordinary way, and holds arrivals against sleepers
// only once it has everything.

import { present } from '../../lib/assert.ts';
import { epochMs, plusMs } from '../../lib/brand.ts';
import type { CellRequest, ClaimReply } from '../../messages/calls.ts';
import type { Op } from '../../messages/resharding.ts';
import type { UserId } from '../../protocol/ids.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import { type Problem, problem } from '../../protocol/problems.ts';
import { arrive } from '../questions/arrival.ts';
import { dropBeacon, inheritBeacon } from '../questions/beacons.ts';
import { isShort } from '../questions/lifecycle.ts';
import { look } from '../questions/match.ts';
import { policyOf } from '../questions/need.ts';
import { beginPoor } from '../questions/scout-budget.ts';
import { wakeSoon } from '../questions/sleep.ts';
import type { Taking } from '../tables/incoming.ts';
import { held as heldOf } from '../tables/users.ts';
import { call, type Tx } from '../tx.ts';
import { askAboutHolds } from '../users/holds.ts';
import { joined } from '../users/presence.ts';
import { fieldsOf } from '../users/record.ts';
import { newVeil } from '../users/veil.ts';
import { unpack } from './carry.ts';
import { amend, become } from './errands.ts';
import { decides, isSameOp } from './life.ts';

type Ask<T extends CellRequest['t']> = Extract<CellRequest, { readonly t: T }>;
type Done = { readonly t: 'done' } | Problem;

const DONE: Done = { t: 'done' };
const NOT_HERE: Done = problem('cell_changing', 'it is not a leaf and does not know this operation');
const RETRY_MS = 1000;

/** To be filled by `from`. Operations are ordered: a later one replaces one that came to nothing, an older one is let be. */
export function init(tx: Tx, { op, from }: Ask<'init'>): Done {
  const { life } = tx.state;
  // Heard of before: done, unless it was another of that number, which must not be taken for this one.
  if (op.n <= life.heard)
    return isSameOp(life.origin, op) ? DONE : problem('cell_changing', 'it has heard of a later one');
  const { phase } = life;
  const isUnused = tx.fresh || phase.t === 'filling' || (phase.t === 'handing' && phase.filled && phase.handed);
  if (!isUnused) return problem('cell_changing', `it is ${phase.t}`);
  become(tx, { phase: { t: 'filling', op, from: [from], untold: false }, heard: op.n, origin: op, behind: [from] });
  beginPoor(tx.state.scouts, tx.now);
  return DONE;
}

/** Stores questions; each is tried at once, or woken soon, as nobody has tried it since it was frozen. */
export function adopt(tx: Tx, { op, from, questions }: Ask<'adopt'>): Done {
  const { state } = tx;
  if (!isFilledBy(tx, op, from) && !isUnheard(tx, op)) return DONE;
  if (!decides(state)) return NOT_HERE;
  for (const row of questions) {
    const question = unpack(row, tx.now);
    if (state.questions.has(question.id)) continue;
    // Left while another cell had it.
    dropBeacon(tx, question.id);
    state.questions.set(question.id, question);
    tx.questions.add(question.id);
    tx.owing.add(question.id);
    if (question.phase.t === 'dormant') wakeSoon(tx, question);
    else if (isShort(question)) look(tx, question);
  }
  return DONE;
}

/** Claims users whom `from` still holds; kept on disk, so that nobody is lost between two cells. */
export function take(tx: Tx, { op, from, users }: Ask<'take'>): Done {
  const { state } = tx;
  const isKnown = isSameOp(state.life.origin, op) && state.life.behind.includes(from);
  if (!isKnown && !isUnheard(tx, op)) return DONE;
  for (const { user, epoch } of users) {
    const held = state.users.get(user);
    if ((held !== undefined && held.epoch >= epoch) || state.taking.has(user)) continue;
    const taking: Taking = { user, epoch, retryAt: undefined, call: undefined, fence: 0 };
    state.taking.set(user, taking);
    claimTaken(tx, taking);
  }
  return DONE;
}

/** `from` has no question left for this cell: arrivals count from the step in which nobody has any. */
export function filled(tx: Tx, { op, from, beacons }: Ask<'filled'>): Done {
  const { state } = tx;
  const { phase } = state.life;
  const isFilling = phase.t === 'filling' && isFilledBy(tx, op, from);
  if (!isFilling && !isUnheard(tx, op)) return DONE;
  for (const { need, leftMs } of beacons) {
    inheritBeacon(tx, need, leftMs);
  }
  if (!isFilling) {
    for (const held of state.users.values()) tx.arrivals.add(held.user);
    return DONE;
  }
  const left = phase.from.filter((one) => one !== from);
  if (left.length > 0) {
    amend(tx, { phase: { ...phase, from: left } });
    return DONE;
  }
  become(tx, { phase: { t: 'leaf' } });
  tx.journal.push({ t: 'cell.filled', op: op.n });
  for (const held of state.users.values()) tx.arrivals.add(held.user);
  return DONE;
}

/** Nobody of this place is held by `from` any more. */
export function handed(tx: Tx, { op, from }: Ask<'handed'>): Done {
  const { life } = tx.state;
  if (!isSameOp(life.origin, op) || !life.behind.includes(from)) return DONE;
  amend(tx, { behind: life.behind.filter((one) => one !== from) });
  return DONE;
}

/** The map says that this is not a leaf any more; told by the parent who is. */
export function mayRetire(tx: Tx, op: Op): boolean {
  const { life } = tx.state;
  return op.n > life.heard && (life.phase.t === 'leaf' || life.phase.t === 'splitting');
}

/** Asks the UserObject for a user who is handed over, until it has decided. */
export function claimTaken(tx: Tx, taking: Taking): void {
  const { user, epoch } = taking;
  const { cell } = present(tx.state.birth, 'birth');
  taking.retryAt = undefined;
  taking.call = call(
    tx,
    { t: 'take', user },
    { to: 'user', user },
    { t: 'claim', user, cell, session: '', transfer: epoch },
    CALL_TIMEOUT_MS,
  );
  tx.taking.add(user);
}

/** The UserObject's answer: from a grant on the user is matchable here, by the record alone. */
export function taken(
  tx: Tx,
  user: UserId,
  callId: number,
  answer: ClaimReply | Problem | { readonly t: 'failed' },
): void {
  const { state, now } = tx;
  const taking = state.taking.get(user);
  if (taking === undefined || taking.call !== callId) return;
  taking.call = undefined;
  tx.taking.add(user);
  if (answer.t === 'pending' || answer.t === 'failed') {
    taking.retryAt = plusMs(now, answer.t === 'pending' ? answer.retryMs : RETRY_MS);
    return;
  }
  state.taking.delete(user);
  if (answer.t !== 'granted' || answer.epoch <= taking.fence) return;
  const known = state.users.get(user);
  if (answer.record === null || (known !== undefined && known.epoch >= answer.epoch)) return;
  const { pointAgeMs, point, veil } = answer.record;
  // Nobody is taken up by a city that has gone meanwhile.
  const leaseLeftMs = state.birth?.removed === true ? 0 : answer.record.leaseLeftMs;
  const held = heldOf({
    ...fieldsOf(answer.record, policyOf(state), now),
    unread: answer.unread,
    user,
    epoch: answer.epoch,
    phase: leaseLeftMs > 0 ? 'live' : 'lapsed',
    frozenAt: undefined,
    session: answer.newest?.session ?? '',
    seq: answer.newest?.seq,
    point,
    veil: veil ?? newVeil(tx.chance),
    pointAt: epochMs(now - pointAgeMs),
    leaseUntil: plusMs(now, leaseLeftMs),
    ttlMs: leaseLeftMs,
  });
  tx.users.add(user);
  if (held.phase === 'lapsed' && held.holds.size === 0 && !state.arriving.has(user)) {
    state.users.delete(user);
    state.roster.delete(user);
    return;
  }
  state.users.set(user, held);
  if (held.phase === 'live') {
    state.roster.set(user, held.point);
    tx.journal.push({ t: 'user.entered', who: held.pseudonym });
  }
  askAboutHolds(tx, held);
  arrive(tx, held);
  joined(tx, held);
}

/**
 * An operation that this cell has never heard of hands over to it: it has lost its storage since it was made ready, and lives anew
 * by its map row. What comes is its own, and is taken as it comes; to acknowledge it and throw it away would lose it.
 */
function isUnheard({ state }: Tx, op: Op): boolean {
  const { life, birth } = state;
  return op.n > (op.by === birth?.cell ? life.led : life.heard);
}

function isFilledBy(tx: Tx, op: Op, from: Ask<'filled'>['from']): boolean {
  const { phase } = tx.state.life;
  return phase.t === 'filling' && isSameOp(phase.op, op) && phase.from.includes(from);
}
