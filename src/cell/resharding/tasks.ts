// Messages of a change of the map: each down its lane, one at a time, repeated with back-off until acknowledged; few lanes at once.
import { plusMs } from '../../lib/brand.ts';
import type { Address, CellRequest } from '../../messages/calls.ts';
import type { MapRequest } from '../../messages/resharding.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import type { CellState, Lane, Task } from '../state.ts';
import type { Role } from '../tables/role.ts';
import { call, type Step } from '../workspace.ts';

/** The platform allows six connections at once. */
const LANES_MAX = 6;
/** What people notice while it takes: the ground between two cells. */
const WAITED_FOR: Partial<Record<Task['what'], true>> = { swap: true, adopt: true, filled: true };
const BACK_OFF_MS = 250;
const BACK_OFF_MAX_MS = 8000;

/** Whether something could be sent down a lane now: it is not taken, does not rest after a failure, and not too many are. */
export function isFree(step: Step, lane: string): boolean {
  const known = step.state.change.lanes.get(lane);
  if (known?.call !== undefined || (known?.retryAt !== undefined && known.retryAt > step.now)) return false;
  return busyLanes(step.state) < LANES_MAX;
}

/** Sends, if the lane is free. */
export function run(step: Step, lane: string, task: Task, address: Address, request: CellRequest | MapRequest): void {
  const { lanes } = step.state.change;
  if (!isFree(step, lane)) return;
  const known: Lane = lanes.get(lane) ?? { call: undefined, failures: 0, retryAt: undefined };
  lanes.set(lane, known);
  known.retryAt = undefined;
  const isBackground = WAITED_FOR[task.what] !== true;
  known.call = call(step, { t: 'task', lane, task }, address, request, CALL_TIMEOUT_MS, isBackground);
}

/** Frees the lane that a call went down; false when nobody waits for this call any more. */
export function back(step: Step, lane: string, callId: number, succeeded: boolean): boolean {
  const known = step.state.change.lanes.get(lane);
  if (known?.call !== callId) return false;
  known.call = undefined;
  if (succeeded) known.failures = 0;
  else rest(step, lane);
  return true;
}

/** Not before some time: longer after each failure. */
export function rest(step: Step, lane: string): void {
  const known = step.state.change.lanes.get(lane);
  if (known === undefined) return;
  known.failures++;
  known.retryAt = plusMs(step.now, Math.min(BACK_OFF_MAX_MS, BACK_OFF_MS * 2 ** Math.min(known.failures, 8)));
}

/** The next stage of a change: what was under way for the one before is nothing to it. */
export function enterPhase(step: Step, change: Partial<Role>): void {
  amendRole(step, change);
  step.state.change.lanes.clear();
  step.state.change.ready.clear();
}

/** Something more to remember of the present stage: what is under way goes on. */
export function amendRole(step: Step, change: Partial<Role>): void {
  step.state.role = { ...step.state.role, ...change };
  step.roleChanged = true;
}

function busyLanes(state: CellState): number {
  let busy = 0;
  for (const { call: on } of state.change.lanes.values()) if (on !== undefined) busy++;
  return busy;
}
