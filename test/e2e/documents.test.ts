// Every command of every document, in order, in a fresh copy of the project with a data directory and a port of its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DOCUMENTS, type Step, stepsIn, stepsOf } from './documents/commands.ts';
import { bare, RULES, ruleOf } from './documents/rules.ts';
import { copyProject } from './support/copy.ts';

const folder = mkdtempSync(join(tmpdir(), 'vicinal-documents-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

const LONGEST_MS = 240_000;

/** What a document takes for granted, as its first lines say. */
const BEFORE: Readonly<Record<string, string>> = {
  'docs/RUNBOOK.md': `begin
npm run --silent city -- add docs/examples/harbour.geojson --id sf
ID=$(curl -s $BASE/v1/questions -H "authorization: Bearer $(npm run --silent token -- --sub alice)" -H 'content-type: application/json' \\
  -d '{"lat":37.7749,"lng":-122.4194,"text":"Is the tram running?"}' | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')`,
  'CONTRIBUTING.md': 'begin',
  'docs/API.md': 'begin',
};

/** In the shell of a document: HTTP errors fail, finding nothing does not, and a service runs until the end. */
const PRELUDE = `
set -E
curl() { case " $* " in *" -sf "*) command curl "$@" ;; *) command curl --fail-with-body "$@" ;; esac; }
grep() { command grep "$@" || [ $? -eq 1 ]; }
begin() {
  [ -n "$SERVICE" ] && return
  npm start --silent -- --port $PORT 2>> vicinal.log > ready & SERVICE=$!
  for _ in $(seq 600); do [ -s ready ] && return; kill -0 $SERVICE || return; sleep 0.1; done
  return 1
}
trap '[ -z "$SERVICE" ] || { kill $SERVICE; wait $SERVICE; }' EXIT
trap 'echo "failed $STEP: $BASH_COMMAND" >&9' ERR
`;

type Plan = {
  readonly step: Step;
  readonly script: string;
  readonly skipped: readonly string[];
  readonly unknown: string[];
};

function planOf(step: Step): Plan {
  const skipped: string[] = [];
  const unknown: string[] = [];
  const lines = step.text.split('\n').map((line) => {
    const rule = ruleOf(bare(line));
    if (rule === undefined) {
      if (!step.fenced) unknown.push(step.text);
      return line;
    }
    if (rule.skip === undefined) return typeof rule.as === 'string' ? rule.as : rule.as(bare(line));
    skipped.push(`${bare(line)}: ${rule.skip}`);
    return ':';
  });
  return { step, script: lines.join('\n'), skipped, unknown };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { readonly port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** The failures, each with what was printed before it. */
async function runAll(document: string, plans: readonly Plan[]): Promise<readonly string[]> {
  const cwd = join(folder, document.replace(/\W/g, '-'));
  copyProject(cwd);
  const [port, other] = [await freePort(), await freePort()];
  const before = { line: 0, text: BEFORE[document] ?? ':' };
  const steps = [before, ...plans.map(({ step: { line }, script }) => ({ line, text: script }))];
  const script = [
    PRELUDE,
    ...steps.map(({ line, text }) => `STEP=${line}; echo "@@ line ${line}"\n{\n${text}\n}`),
  ].join('\n');
  // Addresses in documents are those of the default port, where another service may run.
  const here = script.replaceAll('127.0.0.1:8787', `127.0.0.1:${port}`).replaceAll('8791', String(other));
  writeFileSync(join(cwd, 'document.sh'), here);
  writeFileSync(join(cwd, 'failures'), '');
  const { VICINAL_DATA: _, ...env } = process.env;
  const child = spawn('bash', ['-c', 'exec 9>>failures; . ./document.sh'], {
    cwd,
    env: { ...env, PORT: String(port), BASE: `http://127.0.0.1:${port}`, SERVICE: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
  }
  const timer = setTimeout(() => child.kill(), LONGEST_MS);
  await new Promise((done) => child.once('exit', done));
  clearTimeout(timer);
  const failures = readFileSync(join(cwd, 'failures'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  if (!printed.includes(`@@ line ${steps.at(-1)?.line}`)) failures.push('the shell ended early');
  return failures.length === 0 ? [] : [...failures, printed.slice(-6000)];
}

describe('the documents', () => {
  it('are read: blocks that begin with a command, and code that is one', () => {
    const steps = stepsIn('Do `npm test`, not `npm`.\n```\nf() {\n  x\n}\n```\n```\nan output\n```\n`f 1` and `g 1`\n');
    expect(steps.map(({ line, text, fenced }) => [line, text, fenced])).toEqual([
      [1, 'npm test', false],
      [2, 'f() {\n  x\n}', true],
      [10, 'f 1', false],
    ]);
  });

  it('have no command in a line of which it is not known here how it is run', () => {
    const unknown = DOCUMENTS.flatMap((name) => stepsOf(name).flatMap((step) => planOf(step).unknown));
    expect(unknown, 'test/e2e/documents/rules.ts needs a rule, or its test file is not there').toEqual([]);
  });

  it('have a command for each rule', () => {
    const lines = DOCUMENTS.flatMap((name) => stepsOf(name).flatMap(({ text }) => text.split('\n').map(bare)));
    expect(RULES.filter(({ of }) => !lines.some((line) => of.test(line))).map(({ of }) => of.source)).toEqual([]);
  });
});

describe.each(DOCUMENTS)('%s', (document) => {
  // Once each: a document may name a command again and again.
  const seen = new Set<string>();
  const plans = stepsOf(document)
    .map(planOf)
    .filter(({ step, script }) => step.fenced || (!seen.has(script) && seen.add(script)));
  const skipped = [...new Set(plans.flatMap((plan) => plan.skipped))];
  const running = plans.filter(({ script }) => script !== ':');

  it.runIf(running.length > 0)(
    `has ${running.length} commands and blocks that run, in order`,
    async () => expect(await runAll(document, running)).toEqual([]),
    LONGEST_MS + 30_000,
  );
  for (const words of skipped) it.skip(words, () => {});
});
