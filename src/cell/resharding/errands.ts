// Messages of a change of the map: each down its lane, one at a time, repeated with back-off until acknowledged; few lanes at once.
import { plusMs } from '../../lib/brand.ts';
import type { Address, CellRequest } from '../../messages/calls.ts';
import type { MapRequest } from '../../messages/resharding.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import type { CellState, Errand, Lane } from '../state.ts';
import type { Life } from '../tables/role.ts';
import { call, type Tx } from '../tx.ts';

/** The platform allows six connections at once. */
const LANES_MAX = 6;
/** What people notice while it takes: the ground between two cells. */
const WAITED_FOR: Partial<Record<Errand['what'], true>> = { swap: true, adopt: true, filled: true };
const BACK_OFF_MS = 250;
const BACK_OFF_MAX_MS = 8000;

/** Whether something could be sent down a lane now: it is not taken, does not rest after a failure, and not too many are. */
export function isFree(tx: Tx, lane: string): boolean {
  const known = tx.state.change.lanes.get(lane);
  if (known?.call !== undefined || (known?.retryAt !== undefined && known.retryAt > tx.now)) return false;
  return busyLanes(tx.state) < LANES_MAX;
}

/** Sends, if the lane is free. */
export function run(tx: Tx, lane: string, errand: Errand, address: Address, request: CellRequest | MapRequest): void {
  const { lanes } = tx.state.change;
  if (!isFree(tx, lane)) return;
  const known: Lane = lanes.get(lane) ?? { call: undefined, failures: 0, retryAt: undefined };
  lanes.set(lane, known);
  known.retryAt = undefined;
  const isBackground = WAITED_FOR[errand.what] !== true;
  known.call = call(tx, { t: 'errand', lane, errand }, address, request, CALL_TIMEOUT_MS, isBackground);
}

/** Frees the lane that a call went down; false when nobody waits for this call any more. */
export function back(tx: Tx, lane: string, callId: number, succeeded: boolean): boolean {
  const known = tx.state.change.lanes.get(lane);
  if (known?.call !== callId) return false;
  known.call = undefined;
  if (succeeded) known.failures = 0;
  else rest(tx, lane);
  return true;
}

/** Not before some time: longer after each failure. */
export function rest(tx: Tx, lane: string): void {
  const known = tx.state.change.lanes.get(lane);
  if (known === undefined) return;
  known.failures++;
  known.retryAt = plusMs(tx.now, Math.min(BACK_OFF_MAX_MS, BACK_OFF_MS * 2 ** Math.min(known.failures, 8)));
}

/** The next stage of a change: what was under way for the one before is nothing to it. */
export function become(tx: Tx, change: Partial<Life>): void {
  amend(tx, change);
  tx.state.change.lanes.clear();
  tx.state.change.ready.clear();
}

/** Something more to remember of the present stage: what is under way goes on. */
export function amend(tx: Tx, change: Partial<Life>): void {
  tx.state.life = { ...tx.state.life, ...change };
  tx.life = true;
}

function busyLanes(state: CellState): number {
  let busy = 0;
  for (const { call: on } of state.change.lanes.values()) if (on !== undefined) busy++;
  return busy;
}
