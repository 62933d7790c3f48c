// A policy with a coarser privacy grid: nobody's point stays finer than it, whether or not they ping again.
import type { Point } from '../../geo/point.ts';
import { snap } from '../../geo/snap.ts';
import type { Step } from '../workspace.ts';
import { attach } from './sockets.ts';

/** After the policy of the cell has changed from a grid of length `before`. */
export function regrid(step: Step, before: number): void {
  const { state } = step;
  const length = state.mapRow.policy.gridLength;
  if (length >= before) return;
  for (const resident of state.users.values()) {
    const point = coarser(resident.point, length);
    if (point === undefined) continue;
    resident.point = point;
    if (resident.phase === 'live') state.roster.set(resident.user, point);
    step.users.add(resident.user);
    attach(step, resident);
  }
  for (const pending of state.claims.values()) {
    const point = coarser(pending.ping.point, length);
    if (point === undefined) continue;
    // The claim in flight is about this very ping still.
    const ping = { ...pending.ping, point };
    if (pending.inFlight?.ping === pending.ping) pending.inFlight.ping = ping;
    pending.ping = ping;
    if (pending.stored) step.claims.add(pending.user);
  }
}

/** The point on the grid, if it is another one. */
function coarser(point: Point, length: number): Point | undefined {
  const snapped = snap(point, length);
  return snapped.lat === point.lat && snapped.lng === point.lng ? undefined : snapped;
}
