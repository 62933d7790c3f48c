// Splitting a cell: its 32 children are made ready while it goes on as a leaf, then the map swaps them in at one stroke.

import { childrenOf } from '../../city/family.ts';
import { isHot } from '../../city/heat.ts';
import { minDistanceToBoundsM } from '../../geo/distance.ts';
import { center, decode } from '../../geo/geohash.ts';
import { outerRadiusM } from '../../geo/outer-radius.ts';
import { present } from '../../lib/assert.ts';
import { plusMs } from '../../lib/brand.ts';
import type { Birth } from '../../messages/birth.ts';
import type { CellReply } from '../../messages/calls.ts';
import type { MapReply } from '../../messages/resharding.ts';
import type { CellId } from '../../protocol/ids.ts';
import { CELL_LENGTH_MAX, MARGIN_M } from '../../protocol/limits.ts';
import { problem } from '../../protocol/problems.ts';
import { carried } from '../backpressure/load-report.ts';
import { policyOf } from '../questions/need.ts';
import type { CellState } from '../state.ts';
import type { LifePhase } from '../tables/role.ts';
import type { Tx } from '../tx.ts';
import { amend, become, isFree, run } from './errands.ts';
import { hand } from './handover.ts';
import { isWhole, nextOp, opText } from './life.ts';

/** After a split that enough people have already accepted than: not again before. */
const REST_MS = 30_000;

type Splitting = Extract<LifePhase, { readonly t: 'splitting' }>;

/** LOAD1: at twice a target of the city, and not before. */
export function splitWhenHot(tx: Tx): void {
  const { state, now } = tx;
  const { limits } = policyOf(state);
  if (!isWhole(state.life) || !limits.autoSplit || state.change.restUntil > now) return;
  // What goes is not split any more.
  if (state.birth?.draining === true || !mayDivide(state) || !isHot(carried(state, now), limits)) return;
  begin(tx);
}

/** Splits by hand. Asked again while it goes on, it says so. */
export function splitByHand(tx: Tx): CellReply<'split'> {
  const { phase } = tx.state.life;
  if (phase.t === 'handing') return { t: 'moved', to: phase.to };
  if (phase.t === 'splitting') return { t: 'changing', life: 'splitting' };
  if (phase.t !== 'leaf') return problem('cell_changing', `it is ${phase.t}`);
  if (!isWhole(tx.state.life)) {
    const { behind } = tx.state.life;
    const by = behind.length === 1 ? behind[0] : `${behind.length} cells`;
    return problem('cell_changing', `people are still being handed over to it by ${by}`);
  }
  if (!mayDivide(tx.state)) {
    const { cell, policy } = present(tx.state.birth, 'birth');
    return problem('cell_smallest', `${cell} has ${cell.length} letters, the privacy grid ${policy.gridLength}`);
  }
  if (tx.state.birth?.draining === true) return problem('city_draining');
  begin(tx);
  return { t: 'changing', life: 'splitting' };
}

/** Goes on with it, as far as it can. */
export function prepareSplit(tx: Tx, { op, version }: Splitting): void {
  const { cell, city } = present(tx.state.birth, 'birth');
  const waiting = childrenOf(cell).filter((child) => !tx.state.change.ready.has(child));
  for (const child of waiting) {
    if (!isFree(tx, child)) continue;
    const birth = birthOf(tx.state, child);
    run(
      tx,
      child,
      { op, what: 'init', cell: child },
      { to: 'cell', cell: child },
      { t: 'init', op, from: cell, birth },
    );
  }
  if (waiting.length > 0) return;
  if (version === undefined) {
    run(tx, 'map', { op, what: 'rows', cell: undefined }, { to: 'map' }, { t: 'rows', cells: [cell] });
    return;
  }
  const swap = { op: opText(op), city, from: [{ cell, version }], to: childrenOf(cell), near: nearOf(tx.state) };
  run(tx, 'map', { op, what: 'swap', cell: undefined }, { to: 'map' }, { t: 'swap', ...swap });
}

/** What the primary of the map says of this cell, before the swap or after it. */
export function mapSaidOfSplit(tx: Tx, phase: Splitting, { rows }: MapReply): 'again' | 'done' {
  const { cell } = present(tx.state.birth, 'birth');
  const row = rows.find((one) => one.cell === cell);
  if (row?.state !== 'leaf' && row?.op === opText(phase.op)) {
    hand(tx, phase.op, childrenOf(cell));
    return 'done';
  }
  if (row?.state === 'leaf' && phase.version === undefined) {
    // Durable before it is named: whatever becomes of the swap, it can be told from others.
    amend(tx, { phase: { ...phase, version: row.version } });
    return 'done';
  }
  if (row?.state === 'leaf' && row.version === phase.version) return 'again';
  // Somebody else changed the map here: a leaf as before, or retired by whoever did.
  become(tx, { phase: { t: 'leaf' } });
  tx.state.change.restUntil = plusMs(tx.now, REST_MS);
  return 'done';
}

/** Cells around, those that this one was filled from left out: they are no leaves. */
export const nearOf = (state: CellState): readonly CellId[] => present(state.birth, 'birth').near;

function begin(tx: Tx): void {
  const { state } = tx;
  const { cell } = present(state.birth, 'birth');
  const n = nextOp(state);
  become(tx, { phase: { t: 'splitting', op: { by: cell, n }, version: undefined }, led: n });
}

function mayDivide(state: CellState): boolean {
  const { cell, policy } = present(state.birth, 'birth');
  return cell.length < Math.min(CELL_LENGTH_MAX, policy.gridLength);
}

/** The row by which a child is born: its neighbourhood is what this cell knows of its own, and the siblings. */
function birthOf(state: CellState, child: CellId): Birth {
  const { cell, city, version, policy, op, draining } = present(state.birth, 'birth');
  const middle = center(child);
  const reachM = outerRadiusM(child) + (policy.radiusStepsM.at(-1) ?? 0) + MARGIN_M;
  const siblings = childrenOf(cell).filter((other) => other !== child);
  const near = [...nearOf(state), ...siblings].filter((other) => minDistanceToBoundsM(middle, decode(other)) <= reachM);
  return { cell: child, city, version, op, policy, near, ...(draining === true ? { draining } : {}) };
}
