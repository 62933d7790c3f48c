// The unit tests of the core alone, for `npm run mutate` and for `npm run sim -- --mutants`: what is run again and again must be fast and
// need no process. With MUTANT in the environment the sources carry that mutant, with ROOM only the tests of one folder of src run.
import { relative } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';
import { mutantOf, mutate } from './sim/mutants/all.ts';

function mutated(name: string): Plugin {
  const mutant = mutantOf(name);
  return {
    name: 'mutant',
    enforce: 'pre',
    transform: (code, id) => {
      const file = relative(import.meta.dirname, id.split('?')[0] ?? id);
      return mutant.edits.some((edit) => edit.file === file) ? mutate(mutant, file, code) : null;
    },
  };
}

const { MUTANT: name, ROOM: room = '{geo,engine,matching,city,cell,user,record,messages,protocol,edge,cron}' } =
  process.env;

export default defineConfig({
  plugins: name === undefined ? [] : [mutated(name)],
  test: {
    include: [`test/unit/${room}/**/*.test.ts`],
    // They take seconds each, and what they see others see sooner.
    exclude: room === 'cell' ? ['test/unit/cell/{crowd,walker-trace}.test.ts'] : [],
    testTimeout: 20_000,
    // What one mutant has made of a source is not for the next.
    ...(name === undefined ? {} : { fsModuleCache: false }),
  },
});
