// Carries on whatever change of the map this cell is in, at the end of every step: what can be sent is sent, its alarm does the rest.
import { unreachable } from '../../lib/assert.ts';
import type { CellReply, UserReply } from '../../messages/calls.ts';
import type { MapReply } from '../../messages/resharding.ts';
import type { Task } from '../state.ts';
import type { Step } from '../workspace.ts';
import { adopted, farewellHeard, filledThere, handOver } from './handover.ts';
import { giveUp, mapSaidOfMerge, prepareMerge, retireChildren } from './merge.ts';
import { isSameOp } from './phases.ts';
import { mapSaidOfSplit, prepareSplit } from './split.ts';
import { nothingLeft } from './takeover.ts';
import { amendRole, back, rest } from './tasks.ts';

type Answer = CellReply | UserReply | MapReply | { readonly t: 'failed' };

export function carryOn(step: Step): void {
  const { phase } = step.state.role;
  switch (phase.t) {
    case 'leaf':
      return;
    case 'splitting':
      prepareSplit(step, phase);
      return;
    case 'merging':
      prepareMerge(step, phase);
      return;
    case 'filling':
      if (phase.untold) retireChildren(step, phase);
      return;
    case 'handing':
      if (!phase.filled || !phase.handed) handOver(step, phase);
      return;
    default:
      unreachable(phase, 'phase of life');
  }
}

/** What came of a message; an answer to an earlier stage, or to another operation, is nothing. */
export function errandDone(step: Step, callId: number, lane: string, task: Task, answer: Answer): void {
  const { phase } = step.state.role;
  // No leaf of the map, and it has never lived as far as it knows: it has lost its storage since the map was swapped.
  const isGone =
    (task.what === 'ready' || task.what === 'retire') && answer.t === 'problem' && answer.code === 'unknown_cell';
  const heard = answer.t === 'done' || answer.t === 'rows' || answer.t === 'ready' || isGone;
  if (!back(step, lane, callId, heard) || !heard) return;
  if (phase.t === 'leaf' || !isSameOp(phase.op, task.op)) return;
  const { what, cell } = task;
  if (phase.t === 'splitting') {
    if (what === 'init' && cell !== undefined) step.state.change.ready.add(cell);
    else if (answer.t === 'rows' && mapSaidOfSplit(step, phase, answer) === 'again') rest(step, lane);
  } else if (phase.t === 'merging') {
    if (answer.t === 'rows') {
      if (mapSaidOfMerge(step, phase, answer) === 'again') rest(step, lane);
    } else if (isGone && cell !== undefined) {
      // Whether it was by this operation the map alone can say.
      step.state.change.ready.add(cell);
    } else if (answer.t === 'ready' && cell !== undefined) {
      if (answer.ready) step.state.change.ready.add(cell);
      else giveUp(step, phase);
    }
  } else if (phase.t === 'filling') {
    if (what === 'retire' && cell !== undefined) step.state.change.ready.add(cell);
    if (phase.from.every((one) => step.state.change.ready.has(one)))
      amendRole(step, { phase: { ...phase, untold: false } });
    if (isGone && cell !== undefined) nothingLeft(step, cell);
  } else if (cell !== undefined) {
    if (what === 'adopt') adopted(step, cell, task.questions ?? []);
    else if (what === 'filled') filledThere(step, phase, cell);
    else if (what === 'handed') farewellHeard(step, phase, cell);
  }
}
