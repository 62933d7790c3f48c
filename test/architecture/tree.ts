// What the architecture tests look at: the tracked files, and which file imports which.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export type Import = {
  readonly file: string;
  readonly line: number;
  /** As written: `./cell.ts`, `node:fs`, `hono`. */
  readonly specifier: string;
  /** Path from the root when it names a file of the project. */
  readonly target: string | undefined;
  readonly typeOnly: boolean;
};

/** Paths from the root, of everything tracked or about to be, sorted. */
export function projectFiles(): readonly string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(ROOT, path)))
    .sort();
}

/** What ships (`src/`), what proves it, what operates it, and what argues for it. */
export const sourceFiles = (): readonly string[] =>
  projectFiles().filter((path) => /^(src|sim|studies|tools)\/.*\.(ts|js|mjs)$/.test(path));

export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const IMPORT =
  /(?:^|[\n;])\s*(?:import|export)\s+(type\s+)?(?:[\w$*{][^'"`;]*?\sfrom\s*)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g;

/** Every static and dynamic import of a file; `typeOnly` only for `import type`. */
export function importsOf(file: string, text: string): readonly Import[] {
  const imports: Import[] = [];
  for (const match of text.matchAll(IMPORT)) {
    const specifier = match[2] ?? match[3];
    if (specifier === undefined) continue;
    imports.push({
      file,
      line: lineAt(text, match.index + match[0].length),
      specifier,
      target: specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : undefined,
      typeOnly: match[1] !== undefined,
    });
  }
  return imports;
}

export const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;

/** Blanks comments, strings and templates (their `${…}` too), keeping every line where it is. */
export function codeOnly(text: string): string {
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|\$\{[^}]*\}|[^`\\])*`/g,
    (found) => (found.startsWith('`') ? templateCode(found) : found.replace(/[^\n]/g, ' ')),
  );
}

const templateCode = (template: string): string =>
  template.replace(/\$\{([^}]*)\}|[^\n]/g, (_piece, code: string | undefined) =>
    code === undefined ? ' ' : `  ${code} `,
  );
