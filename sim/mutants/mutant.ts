// A fault of the program: what it is, and the few characters that make it.

export type Edit = { readonly file: string; readonly find: string; readonly replace: string };
export type Mutant = { readonly name: string; readonly what: string; readonly edits: readonly Edit[] };

export const several = (name: string, what: string, edits: readonly Edit[]): Mutant => ({ name, what, edits });

export const one = (name: string, what: string, file: string, find: string, replace: string): Mutant =>
  several(name, what, [{ file, find, replace }]);
