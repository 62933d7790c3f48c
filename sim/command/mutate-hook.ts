// Loads the sources of this project with one mutant's edits in them, in this thread alone.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { mutantOf, mutate } from '../mutants/all.ts';

const ROOT = new URL('../../', import.meta.url).href;

/** From now on, files that are loaded carry the mutant. @throws Error for a name that is none. */
export function loadMutant(name: string): void {
  const mutant = mutantOf(name);
  const files = new Set(mutant.edits.map(({ file }) => file));
  registerHooks({
    load: (url, context, next) => {
      const file = url.startsWith(ROOT) ? url.slice(ROOT.length) : '';
      if (!files.has(file)) return next(url, context);
      const source = mutate(mutant, file, readFileSync(fileURLToPath(url), 'utf8'));
      return { format: 'module-typescript', source, shortCircuit: true };
    },
  });
}
