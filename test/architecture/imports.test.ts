// Imports go one way, and the core reaches for nothing of the platform.
import { describe, expect, it } from 'vitest';
import { codeOnly, type Import, importsOf, lineAt, read, sourceFiles } from './tree.ts';

/**
 * What each folder of src/ may import besides itself, and each of the folders beside it. One that is not listed is an error. `command` are
 * those of sim/ and studies/ that run in Node.
 */
const SEES: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  geo: ['lib'],
  protocol: ['lib', 'geo'],
  messages: ['lib', 'geo', 'protocol'],
  engine: ['lib', 'protocol', 'messages'],
  matching: ['lib', 'geo', 'protocol', 'messages'],
  record: ['lib', 'protocol', 'messages'],
  cell: ['lib', 'geo', 'protocol', 'messages', 'engine', 'matching', 'record', 'city'],
  user: ['lib', 'geo', 'protocol', 'messages', 'engine', 'record'],
  city: ['lib', 'geo', 'protocol', 'messages', 'matching'],
  store: ['lib', 'geo', 'protocol', 'messages', 'engine', 'matching', 'city'],
  ops: ['lib', 'protocol'],
  env: ['lib', 'object'],
  edge: ['lib', 'geo', 'protocol', 'messages', 'engine', 'matching', 'city', 'store', 'ops', 'env'],
  object: ['lib', 'geo', 'protocol', 'messages', 'engine', 'cell', 'user', 'store', 'ops', 'env', 'edge'],
  cron: ['lib', 'geo', 'protocol', 'messages', 'city', 'store', 'ops', 'env', 'edge'],
  api: ['lib', 'geo', 'protocol', 'messages', 'matching', 'city', 'store', 'ops', 'env', 'edge', 'cron'],
  worker: ['lib', 'protocol', 'city', 'store', 'ops', 'env', 'edge', 'object', 'cron', 'api'],
  client: ['lib', 'protocol'],
  web: ['lib', 'protocol', 'geo', 'client'],
  sim: ['lib', 'geo', 'protocol', 'messages', 'engine', 'matching', 'record', 'cell', 'user', 'city', 'store'],
  studies: ['lib', 'geo', 'protocol', 'messages', 'engine', 'matching', 'cell', 'user', 'city', 'store', 'sim'],
  tools: ['lib', 'geo', 'protocol', 'engine', 'matching', 'cell', 'user', 'city', 'store', 'client'],
  command: ['lib', 'protocol', 'engine', 'matching', 'sim', 'studies', 'tools'],
};

const PURE = new Set([
  'lib',
  'geo',
  'protocol',
  'engine',
  'matching',
  'record',
  'cell',
  'user',
  'city',
  'insight',
  'sim',
  'studies',
]);
/** Libraries that compute and do nothing else. */
const PURE_PACKAGES = new Set(['valibot']);

const FORBIDDEN_GLOBALS =
  /(?<![\w$.#])(?:Date\.now|Math\.random|new Date\(\s*\)|Date\(\s*\)|performance\.|fetch\(|crypto\.|console\.|setTimeout\(|setInterval\(|queueMicrotask\(|process\.|globalThis\b|caches\.|WebSocket\b)/g;

const folderOf = (path: string): string => {
  const [top = '', folder = ''] = path.split('/');
  if (path.includes('/command/')) return 'command';
  return top === 'src' ? folder.replace(/\.ts$/, '') : top;
};
const NODE = new Set(['tools', 'command']);

/** Why this import may not be, or undefined. */
function offence(found: Import): string | undefined {
  const at = `${found.file}:${found.line} imports ${found.specifier}`;
  const from = folderOf(found.file);
  if (found.target === undefined) {
    if (PURE.has(from) && !PURE_PACKAGES.has(found.specifier)) return `${at}: ${from}/ is pure`;
    if (found.specifier.startsWith('node:') && !NODE.has(from)) return `${at}: only tools/ and command/ run in Node`;
    return undefined;
  }
  if (!/^(src|sim|studies|tools)\//.test(found.target)) return `${at}: outside the sources`;
  const to = folderOf(found.target);
  const allowed = SEES[from];
  if (allowed === undefined) return `${at}: folder ${from}/ has no row in SEES`;
  if (to === 'env' && found.typeOnly && from !== 'sim' && !PURE.has(from)) return undefined;
  // Of the objects the command line knows how they are named, to find their files.
  if (from === 'tools' && found.target.startsWith('src/edge/digest')) return undefined;
  if (
    (from === 'sim' || from === 'studies') &&
    to === 'store' &&
    !found.target.startsWith('src/store/memory') &&
    !found.typeOnly
  )
    return `${at}: ${from}/ sees store/memory alone (types excepted)`;
  return to === from || allowed.includes(to) ? undefined : `${at}: ${from}/ may not see ${to}/`;
}

const forbiddenGlobals = (file: string, text: string): readonly string[] => {
  const code = codeOnly(text);
  return [...code.matchAll(FORBIDDEN_GLOBALS)].map((hit) => `${file}:${lineAt(code, hit.index)} uses ${hit[0]}`);
};

const imports = sourceFiles().flatMap((file) => importsOf(file, read(file)));

describe('imports', () => {
  it('go one way by folder', () => {
    expect(imports.map(offence).filter((line) => line !== undefined)).toEqual([]);
  });

  it('make no circle among modules', () => {
    expect(circle(imports)).toEqual([]);
  });

  it('carry the .ts extension', () => {
    const bare = imports.filter((i) => i.target !== undefined && !/\.(ts|json|js|css)$/.test(i.specifier));
    expect(bare.map((i) => `${i.file}:${i.line} ${i.specifier}`)).toEqual([]);
  });

  it.each([
    ["import { a } from '../cell/cell.ts';", 'src/geo/x.ts'],
    ["import { \n  a, \n  b, \n } from '../object/cell-object.ts';", 'src/cell/x.ts'],
    ["import '../worker.ts';", 'src/api/x.ts'],
    ["export { a } from '../store/ports.ts';", 'src/cell/x.ts'],
    ["const a = await import('../api/app.ts');", 'src/object/x.ts'],
    ["import { readFileSync } from 'node:fs';", 'src/store/x.ts'],
    ["import { DurableObject } from 'cloudflare:workers';", 'src/cell/x.ts'],
    ["import type { T } from 'hono';", 'src/matching/x.ts'],
    ["import { a } from '../store/sql/cell-store.ts';", 'sim/x.ts'],
    ["import type { Env } from '../env.ts';", 'src/user/x.ts'],
    ["import { a } from '../cell/cell.ts';", 'src/client/x.ts'],
    ["import { a } from '../lib/result.ts';", 'src/stray/x.ts'],
  ])('refuse %j in %s', (text, file) => {
    expect(importsOf(file, text).map(offence)).toEqual([expect.stringContaining(file)]);
  });
});

describe('the core', () => {
  it('reads no clock, no randomness, no network and no platform', () => {
    const pure = sourceFiles().filter((file) => PURE.has(folderOf(file)));
    expect(pure.flatMap((file) => forbiddenGlobals(file, read(file)))).toEqual([]);
  });

  it.each(['Date.now()', 'Math.random()', 'new Date()', 'fetch(x)', 'crypto.randomUUID()', 'console.log(1)'])(
    'may not use %s',
    (call) => {
      expect(forbiddenGlobals('src/cell/x.ts', `const a = ${call};`)).toHaveLength(1);
      expect(forbiddenGlobals('src/cell/x.ts', `const a = \`\${${call}}\`;`)).toHaveLength(1);
      expect(forbiddenGlobals('src/cell/x.ts', `// ${call}\nconst a = '${call}';`)).toEqual([]);
    },
  );

  it('may turn a given time into a date', () => {
    expect(forbiddenGlobals('src/cell/x.ts', 'new Date(now).toISOString()')).toEqual([]);
  });
});

/** The first circle of value imports found, as a path, or nothing. */
function circle(all: readonly Import[]): readonly string[] {
  const edges = new Map<string, string[]>();
  for (const { file, target, typeOnly } of all) {
    if (target === undefined || typeOnly) continue;
    edges.set(file, [...(edges.get(file) ?? []), target]);
  }
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of edges.get(file) ?? []) {
      const found = visit(next, [...path, file]);
      if (found.length > 0) return found;
    }
    done.add(file);
    return [];
  };
  for (const file of edges.keys()) {
    const found = visit(file, []);
    if (found.length > 0) return found;
  }
  return [];
}
