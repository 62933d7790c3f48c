// The house style that no linter holds: sizes, exports, and words that have no business here.
import { describe, expect, it } from 'vitest';
import { codeOnly, projectFiles, read, sourceFiles } from './tree.ts';

/** Of what ships, and of the rest. Without exception: split the file instead. */
const LINES_MAX = { src: 300, rest: 400 };
/** A record that is longer is read by nobody. */
const DECISION_LINES_MAX = 40;

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
  it('have at most 300 lines in src/, 400 elsewhere, 40 in a decision', () => {
    const lines = (path: string): number => read(path).trimEnd().split('\n').length;
    const most = (path: string): number => (path.startsWith('src/') ? LINES_MAX.src : LINES_MAX.rest);
    expect(code().filter((path) => lines(path) > most(path))).toEqual([]);
    const decisions = projectFiles().filter((path) => path.startsWith('docs/decisions/'));
    expect(decisions.length).toBeGreaterThan(40);
    expect(decisions.filter((path) => lines(path) > DECISION_LINES_MAX)).toEqual([]);
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
