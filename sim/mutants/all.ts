// Faults of the program itself, to see the checkers fail: each is a change of a few characters to one source file, made while the
// file is loaded, for a run of the simulator alone. The shipping code carries no switch.
import { CLAIMS_MUTANTS } from './claims.ts';
import { EDGE_MUTANTS } from './edge.ts';
import { INBOX_MUTANTS } from './inboxes.ts';
import type { Mutant } from './mutant.ts';
import { OUTSIDE_KINDS } from './outside-kinds.ts';
import { OUTSIDE_QUESTIONS } from './outside-questions.ts';
import { OUTSIDE_USERS } from './outside-users.ts';
import { PLATFORM_MUTANTS } from './platform.ts';
import { QUESTIONS_MUTANTS } from './questions.ts';
import { RECORD_MUTANTS } from './records.ts';
import { RESHARDING_MUTANTS } from './resharding.ts';
import { SOCKET_MUTANTS } from './sockets.ts';
import { USER_MUTANTS } from './users.ts';

export const MUTANTS: readonly Mutant[] = [
  ...CLAIMS_MUTANTS,
  ...QUESTIONS_MUTANTS,
  ...RESHARDING_MUTANTS,
  ...USER_MUTANTS,
  ...RECORD_MUTANTS,
  ...INBOX_MUTANTS,
  ...EDGE_MUTANTS,
  ...SOCKET_MUTANTS,
  ...OUTSIDE_QUESTIONS,
  ...OUTSIDE_USERS,
  ...OUTSIDE_KINDS,
  ...PLATFORM_MUTANTS,
];

/** @throws Error for a name that is none. */
export function mutantOf(name: string): Mutant {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant ${name}`);
  return mutant;
}

/** @throws Error when an edit does not fit exactly one place: the source has changed, the mutant must follow. */
export function mutate(mutant: Mutant, file: string, source: string): string {
  let text = source;
  for (const edit of mutant.edits) {
    if (edit.file !== file) continue;
    const parts = text.split(edit.find);
    if (parts.length !== 2) throw new Error(`mutant ${mutant.name} fits ${parts.length - 1} places of ${file}`);
    text = parts.join(edit.replace);
  }
  return text;
}
