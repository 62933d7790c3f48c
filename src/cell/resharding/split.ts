// Splitting a cell: its 32 children are made ready while it goes on as a leaf, then the map swaps them in at one stroke.

import { isHot } from '../../city/cell-load.ts';
import { childrenOf } from '../../city/family.ts';
import { minDistanceToBoundsM } from '../../geo/distance.ts';
import { center, decode } from '../../geo/geohash.ts';
import { outerRadiusM } from '../../geo/outer-radius.ts';
import { plusMs } from '../../lib/brand.ts';
import type { CellReply } from '../../messages/calls.ts';
import type { MapRow } from '../../messages/map-row.ts';
import type { MapReply } from '../../messages/resharding.ts';
import type { CellId } from '../../protocol/ids.ts';
import { CELL_LENGTH_MAX, MARGIN_M } from '../../protocol/limits.ts';
import { problem } from '../../protocol/problems.ts';
import { carried } from '../backpressure/load-report.ts';
import { policyOf } from '../questions/need.ts';
import type { CellState } from '../state.ts';
import type { RolePhase } from '../tables/role.ts';
import type { Step } from '../workspace.ts';
import { startHandOff } from './handover.ts';
import { isWhole, nextOp, opText } from './phases.ts';
import { amendRole, enterPhase, isFree, run } from './tasks.ts';

/** After a split that was lost to another change of the map: not again before. */
const REST_MS = 30_000;

type Splitting = Extract<RolePhase, { readonly t: 'splitting' }>;

/** LOAD1: at twice a target of the city, and not before. */
export function splitWhenHot(step: Step): void {
  const { state, now } = step;
  const { limits } = policyOf(state);
  if (!isWhole(state.role) || !limits.autoSplit || state.change.restUntil > now) return;
  // What goes is not split any more.
  if (state.mapRow.draining === true || !mayDivide(state) || !isHot(carried(state, now), limits)) return;
  begin(step);
}

/** Splits by hand. Asked again while it goes on, it says so. */
export function splitByHand(step: Step): CellReply<'split'> {
  const { phase } = step.state.role;
  if (phase.t === 'handing') return { t: 'moved', to: phase.to };
  if (phase.t === 'splitting') return { t: 'changing', life: 'splitting' };
  if (phase.t !== 'leaf') return problem('cell_changing', `it is ${phase.t}`);
  if (!isWhole(step.state.role)) {
    const { behind } = step.state.role;
    const by = behind.length === 1 ? behind[0] : `${behind.length} cells`;
    return problem('cell_changing', `people are still being handed over to it by ${by}`);
  }
  if (!mayDivide(step.state)) {
    const { cell, policy } = step.state.mapRow;
    return problem('cell_smallest', `${cell} has ${cell.length} letters, the privacy grid ${policy.gridLength}`);
  }
  if (step.state.mapRow.draining === true) return problem('city_draining');
  begin(step);
  return { t: 'changing', life: 'splitting' };
}

/** Goes on with it, as far as it can. */
export function prepareSplit(step: Step, { op, version }: Splitting): void {
  const { cell, city } = step.state.mapRow;
  const waiting = childrenOf(cell).filter((child) => !step.state.change.ready.has(child));
  for (const child of waiting) {
    if (!isFree(step, child)) continue;
    const mapRow = mapRowOf(step.state, child);
    run(
      step,
      child,
      { op, what: 'init', cell: child },
      { to: 'cell', cell: child },
      { t: 'init', op, from: cell, mapRow },
    );
  }
  if (waiting.length > 0) return;
  if (version === undefined) {
    run(step, 'map', { op, what: 'rows', cell: undefined }, { to: 'map' }, { t: 'rows', cells: [cell] });
    return;
  }
  const swap = { op: opText(op), city, from: [{ cell, version }], to: childrenOf(cell), near: nearOf(step.state) };
  run(step, 'map', { op, what: 'swap', cell: undefined }, { to: 'map' }, { t: 'swap', ...swap });
}

/** What the primary of the map says of this cell, before the swap or after it. */
export function mapSaidOfSplit(step: Step, phase: Splitting, { rows }: MapReply): 'again' | 'done' {
  const { cell } = step.state.mapRow;
  const row = rows.find((one) => one.cell === cell);
  if (row?.state !== 'leaf' && row?.op === opText(phase.op)) {
    startHandOff(step, phase.op, childrenOf(cell));
    return 'done';
  }
  if (row?.state === 'leaf' && phase.version === undefined) {
    // Durable before it is named: whatever becomes of the swap, it can be told from others.
    amendRole(step, { phase: { ...phase, version: row.version } });
    return 'done';
  }
  if (row?.state === 'leaf' && row.version === phase.version) return 'again';
  // Somebody else changed the map here: a leaf as before, or retired by whoever did.
  enterPhase(step, { phase: { t: 'leaf' } });
  step.state.change.restUntil = plusMs(step.now, REST_MS);
  return 'done';
}

/** Cells around, those that this one was filled from left out: they are no leaves. */
export const nearOf = (state: CellState): readonly CellId[] => state.mapRow.near;

function begin(step: Step): void {
  const { state } = step;
  const { cell } = state.mapRow;
  const n = nextOp(state);
  enterPhase(step, { phase: { t: 'splitting', op: { by: cell, n }, version: undefined }, led: n });
}

function mayDivide(state: CellState): boolean {
  const { cell, policy } = state.mapRow;
  return cell.length < Math.min(CELL_LENGTH_MAX, policy.gridLength);
}

/** The row by which a child is initialised: its neighbourhood is what this cell knows of its own, and the siblings. */
function mapRowOf(state: CellState, child: CellId): MapRow {
  const { cell, city, version, policy, op, draining } = state.mapRow;
  const middle = center(child);
  const reachM = outerRadiusM(child) + (policy.radiusStepsM.at(-1) ?? 0) + MARGIN_M;
  const siblings = childrenOf(cell).filter((other) => other !== child);
  const near = [...nearOf(state), ...siblings].filter((other) => minDistanceToBoundsM(middle, decode(other)) <= reachM);
  return { cell: child, city, version, op, policy, near, ...(draining === true ? { draining } : {}) };
}
