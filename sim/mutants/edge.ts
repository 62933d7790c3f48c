// Faults in what the edge does before a call reaches its object.
import { type Mutant, one } from './mutant.ts';

export const EDGE_MUTANTS: readonly Mutant[] = [
  one(
    'gate-one-too-many',
    'a call more than may wait for one cell is let through',
    'src/engine/gate.ts',
    'if (before >= max)',
    'if (before > max)',
  ),
  one(
    'gate-leaks',
    'a call that was answered goes on counting as one that waits: in the end everything to the cell is shed',
    'src/engine/gate.ts',
    'const left = (this.#inFlight.get(cell) ?? 1) - 1;',
    'const left = this.#inFlight.get(cell) ?? 1;',
  ),
  one(
    'open-one-too-many',
    'one question more than the policy says is let through',
    'src/record/admission.ts',
    'if (open >= openMax)',
    'if (open > openMax)',
  ),
];
