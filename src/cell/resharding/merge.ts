// Merging 32 leaves to their parent again, by hand: the parent asks whether they are ready, the map swaps it in, and it tells them
// to hand over.

import { childrenOf } from '../../city/family.ts';
import { present } from '../../lib/assert.ts';
import type { CellReply } from '../../messages/calls.ts';
import type { MapReply } from '../../messages/resharding.ts';
import type { CellId } from '../../protocol/ids.ts';
import { problem } from '../../protocol/problems.ts';
import type { CellState } from '../state.ts';
import type { LifePhase } from '../tables/role.ts';
import type { Tx } from '../tx.ts';
import { amend, become, run } from './errands.ts';
import { isAtRest, isWhole, nextOp, opText } from './life.ts';
import { nearOf } from './split.ts';

type Merging = Extract<LifePhase, { readonly t: 'merging' }>;
type Filling = Extract<LifePhase, { readonly t: 'filling' }>;

/** The parent's part. It has been split and has handed everything over, or it has never lived. */
export function mergeByHand(tx: Tx): CellReply<'merge'> {
  const { life } = tx.state;
  const { phase } = life;
  if (phase.t === 'merging' || phase.t === 'filling') return { t: 'changing', life: phase.t };
  if (phase.t === 'leaf' && !tx.fresh) return problem('not_mergeable', 'it is a leaf itself');
  if (phase.t === 'handing' && !isAtRest(life)) {
    const { users, questions } = tx.state;
    return problem('cell_changing', `it still has to hand over: users ${users.size}, questions ${questions.size}`);
  }
  if (phase.t === 'splitting') return problem('cell_changing', 'it is splitting');
  if (tx.state.birth?.draining === true) return problem('city_draining');
  if (phase.t === 'handing' && phase.to.length === 1)
    return problem('not_mergeable', 'it was itself merged with others');
  const n = nextOp(tx.state);
  const { cell } = present(tx.state.birth, 'birth');
  become(tx, { phase: { t: 'merging', op: { by: cell, n }, versions: undefined }, led: n });
  return { t: 'changing', life: 'merging' };
}

/** A leaf's part: one to which others still hand over may not be merged. */
export function isReady({ life }: CellState): boolean {
  return isWhole(life) || life.phase.t === 'splitting';
}

/** Goes on with it, as far as it can. */
export function prepareMerge(tx: Tx, { op, versions }: Merging): void {
  const { cell, city } = present(tx.state.birth, 'birth');
  const from = childrenOf(cell);
  if (versions === undefined) {
    run(tx, 'map', { op, what: 'rows', cell: undefined }, { to: 'map' }, { t: 'rows', cells: from });
    return;
  }
  const waiting = from.filter((child) => !tx.state.change.ready.has(child));
  for (const child of waiting) {
    run(tx, child, { op, what: 'ready', cell: child }, { to: 'cell', cell: child }, { t: 'ready', op });
  }
  if (waiting.length > 0) return;
  const named = from.map((child, at) => ({ cell: child, version: versions[at] as number }));
  const swap = { op: opText(op), city, from: named, to: [cell], near: nearOf(tx.state) };
  run(tx, 'map', { op, what: 'swap', cell: undefined }, { to: 'map' }, { t: 'swap', ...swap });
}

/** What the primary of the map says of the children, before the swap or after it. */
export function mapSaidOfMerge(tx: Tx, phase: Merging, { rows }: MapReply): 'again' | 'done' {
  const { cell } = present(tx.state.birth, 'birth');
  const from = childrenOf(cell);
  const found = from.flatMap((child) => rows.find((row) => row.cell === child) ?? []);
  if (found.length === from.length && found.every(({ state, op }) => state !== 'leaf' && op === opText(phase.op))) {
    become(tx, { phase: { t: 'filling', op: phase.op, from, untold: true }, origin: phase.op, behind: from });
    return 'done';
  }
  const areLeaves = found.length === from.length && found.every(({ state }) => state === 'leaf');
  if (areLeaves && phase.versions === undefined) {
    amend(tx, { phase: { ...phase, versions: found.map(({ version }) => version) } });
    return 'done';
  }
  if (areLeaves && found.every(({ version }, at) => version === phase.versions?.[at])) return 'again';
  giveUp(tx, phase);
  return 'done';
}

/** The children stay what they are. */
export function giveUp(tx: Tx, { op }: Merging): void {
  const to = childrenOf(present(tx.state.birth, 'birth').cell);
  become(tx, { phase: { t: 'handing', op, to, filled: true, handed: true } });
}

/** Tells the children that they are leaves no more. */
export function retireChildren(tx: Tx, { op, from }: Filling): void {
  const { cell } = present(tx.state.birth, 'birth');
  const waiting = from.filter((child: CellId) => !tx.state.change.ready.has(child));
  for (const child of waiting) {
    run(tx, child, { op, what: 'retire', cell: child }, { to: 'cell', cell: child }, { t: 'retire', op, to: [cell] });
  }
}
