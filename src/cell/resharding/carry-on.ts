// Carries on whatever change of the map this cell is in, at the end of every step: what can be sent is sent, its alarm does the rest.
import { unreachable } from '../../lib/assert.ts';
import type { CellReply, UserReply } from '../../messages/calls.ts';
import type { MapReply } from '../../messages/resharding.ts';
import type { Errand } from '../state.ts';
import type { Tx } from '../tx.ts';
import { amend, back, rest } from './errands.ts';
import { adopted, farewellHeard, filledThere, handOver } from './handover.ts';
import { isSameOp } from './life.ts';
import { giveUp, mapSaidOfMerge, prepareMerge, retireChildren } from './merge.ts';
import { mapSaidOfSplit, prepareSplit } from './split.ts';

type Answer = CellReply | UserReply | MapReply | { readonly t: 'failed' };

export function carryOn(tx: Tx): void {
  const { phase } = tx.state.life;
  switch (phase.t) {
    case 'leaf':
      return;
    case 'splitting':
      prepareSplit(tx, phase);
      return;
    case 'merging':
      prepareMerge(tx, phase);
      return;
    case 'filling':
      if (phase.untold) retireChildren(tx, phase);
      return;
    case 'handing':
      if (!phase.filled || !phase.handed) handOver(tx, phase);
      return;
    default:
      unreachable(phase, 'phase of life');
  }
}

/** What came of a message; an answer to an earlier stage, or to another operation, is nothing. */
export function errandDone(tx: Tx, callId: number, lane: string, errand: Errand, answer: Answer): void {
  const { phase } = tx.state.life;
  const heard = answer.t === 'done' || answer.t === 'rows' || answer.t === 'ready';
  if (!back(tx, lane, callId, heard) || !heard) return;
  if (phase.t === 'leaf' || !isSameOp(phase.op, errand.op)) return;
  const { what, cell } = errand;
  if (phase.t === 'splitting') {
    if (what === 'init' && cell !== undefined) tx.state.change.ready.add(cell);
    else if (answer.t === 'rows' && mapSaidOfSplit(tx, phase, answer) === 'again') rest(tx, lane);
  } else if (phase.t === 'merging') {
    if (answer.t === 'rows') {
      if (mapSaidOfMerge(tx, phase, answer) === 'again') rest(tx, lane);
    } else if (answer.t === 'ready' && cell !== undefined) {
      if (answer.ready) tx.state.change.ready.add(cell);
      else giveUp(tx, phase);
    }
  } else if (phase.t === 'filling') {
    if (what === 'retire' && cell !== undefined) tx.state.change.ready.add(cell);
    if (phase.from.every((one) => tx.state.change.ready.has(one))) amend(tx, { phase: { ...phase, untold: false } });
  } else if (cell !== undefined) {
    if (what === 'adopt') adopted(tx, cell, errand.questions ?? []);
    else if (what === 'filled') filledThere(tx, phase, cell);
    else if (what === 'handed') farewellHeard(tx, phase, cell);
  }
}
