// The commands of the documents, in their order: fenced blocks that begin with one, and code in a line that is one.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_DIR } from '../support/command.ts';

export type Step = {
  readonly line: number;
  /** A block may have several lines. */
  readonly text: string;
  readonly fenced: boolean;
};

const PROGRAMS = [
  'npm',
  'npx',
  'node',
  'node_modules/.bin/node',
  '.ci/run',
  'curl',
  'git',
  'kill',
  'grep',
  'export',
  'for',
  'until',
  'sh',
  'bash',
];

export const DOCUMENTS: readonly string[] = [
  ...['README.md', 'CONTRIBUTING.md'],
  ...readdirSync(join(PROJECT_DIR, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
];

export function stepsOf(document: string): readonly Step[] {
  return stepsIn(readFileSync(join(PROJECT_DIR, document), 'utf8'));
}

export function stepsIn(markdown: string): readonly Step[] {
  // What a document defines (`cells() {`) is a command from there on.
  const programs = [...PROGRAMS, ...[...markdown.matchAll(/^(\w+)\(\) \{/gm)].map(([, name = '']) => name)];
  const isCommand = (text: string): boolean => {
    const [word = '', ...rest] = text.trim().split(/\s+/);
    return programs.includes(word) && (rest.length > 0 || word === '.ci/run');
  };
  const begins = (text: string): boolean => isCommand(text) || /^[A-Z]+=|^\w+\(\) \{/.test(text);
  const steps: Step[] = [];
  let block: { readonly line: number; readonly language: string; readonly lines: string[] } | undefined;
  for (const [at, text] of markdown.split('\n').entries()) {
    const fence = /^\s*```(\w*)/.exec(text);
    if (fence !== null && block === undefined) block = { line: at + 1, language: fence[1] ?? '', lines: [] };
    else if (fence !== null && block !== undefined) {
      const { line, language, lines } = block;
      // Anywhere in it: a command must not pass for what another one prints.
      if (language === 'sh' || lines.some(begins)) steps.push({ line, text: lines.join('\n'), fenced: true });
      block = undefined;
    } else if (block !== undefined) block.lines.push(text);
    else {
      for (const [, code = ''] of text.matchAll(/`([^`]+)`/g)) {
        if (isCommand(code)) steps.push({ line: at + 1, text: code, fenced: false });
      }
    }
  }
  return steps;
}
