// Points of a cell under pressure: the newest counts at once, and what follows from it (a search for sleepers, over HTTP a row)
// is done once for all that came within the usual interval. Memory alone: no alarm, no row.
import { plusMs } from '../../lib/brand.ts';
import type { UserId } from '../../protocol/ids.ts';
import { wakeFor } from '../questions/arrival.ts';
import { policyOf } from '../questions/need.ts';
import type { CellState, PutOff } from '../state.ts';
import type { Step } from '../workspace.ts';
import { COALESCE_ABOVE, strainNow } from './pressure.ts';

/** True when the work of this move is to wait for the user's turn: then `putOff` it. Else it is done now. */
export function isTooSoon(step: Step, user: UserId): boolean {
  const { state } = step;
  const known = state.turns.get(user) !== undefined;
  if (!known && strainNow(state, step.now) > COALESCE_ABOVE) begin(step, user);
  return known;
}

export function putOff(state: CellState, user: UserId, what: PutOff): void {
  const known = state.putOff.get(user);
  state.putOff.set(user, {
    arrival: what.arrival || known?.arrival === true,
    row: what.row || known?.row === true,
  });
}

/** Does what was put off for those whose turn has come. Runs before every event: the busier the cell, the more punctual. */
export function catchUp(step: Step): void {
  const { state } = step;
  for (let key = state.turns.takeDue(step.now); key !== undefined; key = state.turns.takeDue(step.now)) {
    const user = key as UserId;
    const what = state.putOff.get(user);
    state.putOff.delete(user);
    const resident = state.users.get(user);
    if (what === undefined || resident?.phase !== 'live') continue;
    if (what.row) step.users.add(user);
    if (what.arrival) wakeFor(step, resident);
    if (strainNow(state, step.now) > COALESCE_ABOVE) begin(step, user);
  }
}

function begin({ state, now }: Step, user: UserId): void {
  state.turns.set(user, plusMs(now, policyOf(state).presence.pingEveryS * 1000));
}
