// A policy with a coarser privacy grid: nobody's point stays finer than it, whether or not they ping again.
import type { Point } from '../../geo/point.ts';
import { snap } from '../../geo/snap.ts';
import type { Tx } from '../tx.ts';
import { attach } from './sockets.ts';

/** After the policy of the cell has changed from a grid of length `before`. */
export function regrid(tx: Tx, before: number): void {
  const { state } = tx;
  const length = state.birth?.policy.gridLength ?? before;
  if (length >= before) return;
  for (const held of state.users.values()) {
    const point = coarser(held.point, length);
    if (point === undefined) continue;
    held.point = point;
    if (held.phase === 'live') state.roster.set(held.user, point);
    tx.users.add(held.user);
    attach(tx, held);
  }
  for (const arriving of state.arriving.values()) {
    const point = coarser(arriving.ping.point, length);
    if (point === undefined) continue;
    // The claim in flight is about this very ping still.
    const ping = { ...arriving.ping, point };
    if (arriving.claimed === arriving.ping) arriving.claimed = ping;
    arriving.ping = ping;
    if (arriving.stored) tx.arriving.add(arriving.user);
  }
}

/** The point on the grid, if it is another one. */
function coarser(point: Point, length: number): Point | undefined {
  const snapped = snap(point, length);
  return snapped.lat === point.lat && snapped.lng === point.lng ? undefined : snapped;
}
