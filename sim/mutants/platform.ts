// Faults that show only where the platform itself fails: lists that lag, disks that are lost, objects that run twice, days that pass.
import { type Mutant, one } from './mutant.ts';

export const PLATFORM_MUTANTS: readonly Mutant[] = [
  one(
    'open-not-listed',
    'an open question is not put on the list of the sweep: a lost alarm is made up for by nobody',
    'src/cell/workspace.ts',
    'if (!hasEnded(question.phase)) until = epochMs(Math.max(until, question.expiresAt));',
    'if (!hasEnded(question.phase)) continue;',
  ),
  one(
    'change-not-listed',
    'a change of the map is not put on the list of the sweep',
    'src/cell/workspace.ts',
    'if (!isAtRest(state.role)) until',
    'if (!isAtRest(state.role) && state.busyUntil < 0) until',
  ),
  one(
    'lost-part-awaited',
    'a parent that merges waits for a part that has lost its storage since the map was swapped',
    'src/cell/resharding/carry-on.ts',
    "(task.what === 'ready' || task.what === 'retire') &&",
    'task.cell === undefined &&',
  ),
  one(
    'no-row-unfenced',
    'that nobody is held here is said without a write: an older instance says it too, and somebody else is granted the user',
    'src/cell/users/recall.ts',
    '    fence(step);\n',
    '',
  ),
  one(
    'no-offer-unfenced',
    'that there is no such offer is said without a write: an older instance frees the slot of one that is live',
    'src/cell/questions/offers.ts',
    '  if (offer === undefined) fence(step);\n',
    '',
  ),
];
