// Whose record a call is about, and where the client believes that it lies.
import type { Caller } from '../edge/verbs.ts';
import type { CellId } from '../protocol/ids.ts';

/** With the cell that the client has named, if any: a wrong one costs a call, and nothing else. */
export const heldBy = (caller: Caller, { cell }: { readonly cell?: CellId | undefined }): Caller =>
  cell === undefined ? caller : { ...caller, cell };
