// A fault of the program: what it is, and the few characters that make it.

export type Edit = { readonly file: string; readonly find: string; readonly replace: string };
export type Mutant = { readonly name: string; readonly what: string; readonly edits: readonly Edit[] };

export const one = (name: string, what: string, file: string, find: string, replace: string): Mutant => ({
  name,
  what,
  edits: [{ file, find, replace }],
});
