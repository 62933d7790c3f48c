// The house style that no linter holds: sizes, exports, and words that have no business here.
import { describe, expect, it } from 'vitest';
import { codeOnly, projectFiles, read, sourceFiles } from './tree.ts';

const LINES_MAX = 400;
/** Files that may be longer. It is empty, and stays so: split the file instead. */
const LONG_FILES: readonly string[] = [];

/** The platform asks for these default exports. */
const DEFAULT_EXPORTS = new Set(['src/worker.ts', 'vitest.config.ts', 'vitest.core.config.ts']);

const isText = (path: string): boolean =>
  !/\.(png|jpe?g|gif|ico|woff2?|gz|wasm|pbf)$/.test(path) && path !== 'package-lock.json';

const code = (): readonly string[] => projectFiles().filter((path) => /\.(ts|js|mjs)$/.test(path));

// Spelled in pieces, so that this file passes its own test.
const MACHINE_PATHS = new RegExp(
  [
    ['work', 'main'],
    ['work', 'shared'],
    ['tmp', 'brief'],
    ['home', '\\w+'],
    ['Users', '\\w+'],
    ['root', ''],
  ]
    .map((parts) => `(?<![\\w.:@-])/${parts.join('/')}`)
    .join('|'),
);

describe('files', () => {
  it(`have at most ${LINES_MAX} lines, without exception`, () => {
    const long = code().filter((path) => read(path).split('\n').length > LINES_MAX + 1);
    expect(long).toEqual(LONG_FILES);
    expect(LONG_FILES).toEqual([]);
  });

  it('in src/ open with a comment that says what they are for', () => {
    expect(sourceFiles().filter((path) => !/^(#!.*\n)?\/[/*]/.test(read(path)))).toEqual([]);
  });

  it('have kebab-case names', () => {
    const odd = code().filter((path) => !/^(?:[.a-z0-9-]+\/)*[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(path));
    expect(odd).toEqual([]);
  });

  it('name no path of the machine they were written on', () => {
    const hits = projectFiles()
      .filter(isText)
      .flatMap((path) =>
        read(path)
          .split('\n')
          .flatMap((line, at) => (MACHINE_PATHS.test(line) ? [`${path}:${at + 1} ${line.trim()}`] : [])),
      );
    expect(hits).toEqual([]);
  });

  it('are TypeScript in src/, but for what the browser loads as it is', () => {
    expect(sourceFiles().filter((path) => !path.endsWith('.ts') && !path.startsWith('src/web/'))).toEqual([]);
  });
});

describe('exports', () => {
  it('are named', () => {
    const hits = code().filter((path) => !DEFAULT_EXPORTS.has(path) && /^export default\b/m.test(codeOnly(read(path))));
    expect(hits).toEqual([]);
  });

  it('come from where they are made: no barrels', () => {
    const barrels = sourceFiles().filter(
      (path) => path !== 'src/worker.ts' && (/\/index\.ts$/.test(path) || /^export \*/m.test(codeOnly(read(path)))),
    );
    expect(barrels).toEqual([]);
  });
});
