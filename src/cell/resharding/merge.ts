// Merging 32 leaves to their parent again, by hand: the parent asks whether they are ready, the map swaps it in, and it tells them
// to hand over.

import { childrenOf } from '../../city/family.ts';
import type { CellReply } from '../../messages/calls.ts';
import type { MapReply } from '../../messages/resharding.ts';
import type { CellId } from '../../protocol/ids.ts';
import { problem } from '../../protocol/problems.ts';
import type { CellState } from '../state.ts';
import type { RolePhase } from '../tables/role.ts';
import type { Step } from '../workspace.ts';
import { isAtRest, isWhole, nextOp, opText } from './phases.ts';
import { nearOf } from './split.ts';
import { amendRole, enterPhase, run } from './tasks.ts';

type Merging = Extract<RolePhase, { readonly t: 'merging' }>;
type Filling = Extract<RolePhase, { readonly t: 'filling' }>;

/** The parent's part. It has been split and has handed everything over, or it has never lived. */
export function mergeByHand(step: Step): CellReply<'merge'> {
  const { role } = step.state;
  const { phase } = role;
  if (phase.t === 'merging' || phase.t === 'filling') return { t: 'changing', life: phase.t };
  if (phase.t === 'leaf' && !step.fresh) return problem('not_mergeable', 'it is a leaf itself');
  if (phase.t === 'handing' && !isAtRest(role)) {
    const { users, questions } = step.state;
    return problem('cell_changing', `it still has to hand over: users ${users.size}, questions ${questions.size}`);
  }
  if (phase.t === 'splitting') return problem('cell_changing', 'it is splitting');
  if (step.state.mapRow.draining === true) return problem('city_draining');
  if (phase.t === 'handing' && phase.to.length === 1)
    return problem('not_mergeable', 'it was itself merged with others');
  const n = nextOp(step.state);
  const { cell } = step.state.mapRow;
  enterPhase(step, { phase: { t: 'merging', op: { by: cell, n }, versions: undefined }, led: n });
  return { t: 'changing', life: 'merging' };
}

/** A leaf's part: one to which others still hand over may not be merged. */
export function isReady({ role }: CellState): boolean {
  return isWhole(role) || role.phase.t === 'splitting';
}

/** Goes on with it, as far as it can. */
export function prepareMerge(step: Step, { op, versions }: Merging): void {
  const { cell, city } = step.state.mapRow;
  const from = childrenOf(cell);
  if (versions === undefined) {
    run(step, 'map', { op, what: 'rows', cell: undefined }, { to: 'map' }, { t: 'rows', cells: from });
    return;
  }
  const waiting = from.filter((child) => !step.state.change.ready.has(child));
  for (const child of waiting) {
    run(step, child, { op, what: 'ready', cell: child }, { to: 'cell', cell: child }, { t: 'ready', op });
  }
  if (waiting.length > 0) return;
  const named = from.map((child, at) => ({ cell: child, version: versions[at] as number }));
  const swap = { op: opText(op), city, from: named, to: [cell], near: nearOf(step.state) };
  run(step, 'map', { op, what: 'swap', cell: undefined }, { to: 'map' }, { t: 'swap', ...swap });
}

/** What the primary of the map says of the children, before the swap or after it. */
export function mapSaidOfMerge(step: Step, phase: Merging, { rows }: MapReply): 'again' | 'done' {
  const { cell } = step.state.mapRow;
  const from = childrenOf(cell);
  const found = from.flatMap((child) => rows.find((row) => row.cell === child) ?? []);
  if (found.length === from.length && found.every(({ state, op }) => state !== 'leaf' && op === opText(phase.op))) {
    enterPhase(step, { phase: { t: 'filling', op: phase.op, from, untold: true }, origin: phase.op, behind: from });
    return 'done';
  }
  const areLeaves = found.length === from.length && found.every(({ state }) => state === 'leaf');
  if (areLeaves && phase.versions === undefined) {
    amendRole(step, { phase: { ...phase, versions: found.map(({ version }) => version) } });
    return 'done';
  }
  if (areLeaves && found.every(({ version }, at) => version === phase.versions?.[at])) return 'again';
  giveUp(step, phase);
  return 'done';
}

/** The children stay what they are. */
export function giveUp(step: Step, { op }: Merging): void {
  const to = childrenOf(step.state.mapRow.cell);
  enterPhase(step, { phase: { t: 'handing', op, to, filled: true, handed: true } });
}

/** Tells the children that they are leaves no more. */
export function retireChildren(step: Step, { op, from }: Filling): void {
  const { cell } = step.state.mapRow;
  const waiting = from.filter((child: CellId) => !step.state.change.ready.has(child));
  for (const child of waiting) {
    run(step, child, { op, what: 'retire', cell: child }, { to: 'cell', cell: child }, { t: 'retire', op, to: [cell] });
  }
}
