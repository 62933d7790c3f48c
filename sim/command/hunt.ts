// The hunt for mutants: each is looked for by the simulator's checkers, and those that they are known not to see by the unit tests that do.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTANTS } from '../mutants/all.ts';
import { BY_TESTS } from '../mutants/by-tests.ts';
import { runSeeds } from './pool.ts';

const SEEDS = 200;
const LONGEST_MS = 60_000;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');

type Catch = { readonly by: 'simulator' | 'unit tests'; readonly where: string };

/** Prints a line for each; exit code 1 when one survived. */
export async function huntMutants(only: string | undefined, json: boolean): Promise<number> {
  const hunted = MUTANTS.filter(({ name }) => only === undefined || name === only);
  const caught: Record<string, Catch> = {};
  const survivors: string[] = [];
  for (const { name, what } of hunted) {
    const tests = BY_TESTS[name];
    const hit = tests === undefined ? await bySimulator(name) : await byUnitTests(name, tests);
    if (hit === undefined) survivors.push(name);
    else caught[name] = hit;
    console.log(
      `${(hit?.by ?? 'SURVIVED').padEnd(11)} ${name.padEnd(28)} ${what}\n${' '.repeat(12)}${hit?.where ?? ''}`,
    );
  }
  const simulated = Object.values(caught).filter(({ by }) => by === 'simulator').length;
  console.log(
    `${hunted.length - survivors.length} of ${hunted.length} mutants caught, ${simulated} of them by the simulator within ${SEEDS} seeds`,
  );
  if (json) console.log(JSON.stringify({ mutants: hunted.length, simulated, caught, survivors }));
  return survivors.length === 0 ? 0 : 1;
}

async function bySimulator(mutant: string): Promise<Catch | undefined> {
  const seeds = Array.from({ length: SEEDS }, (_, i) => i + 1);
  let first: { readonly seed: number; readonly rule: string } | undefined;
  await runSeeds({ seeds, size: {}, mutant, first: true, check: true }, ({ seed, violations: [violation] }) => {
    if (violation !== undefined && seed < (first?.seed ?? Number.POSITIVE_INFINITY))
      first = { seed, rule: violation.rule };
  });
  return first && { by: 'simulator', where: `${first.rule} at seed ${first.seed}` };
}

/** The first test that fails. */
async function byUnitTests(mutant: string, tests: string): Promise<Catch | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'vicinal-hunt-'));
  const outputFile = join(folder, 'report.json');
  try {
    const args = [VITEST, 'run', tests, '--config', 'vitest.core.config.ts', '--bail', '1', '--reporter', 'json'];
    const child = spawn(process.execPath, [...args, '--outputFile', outputFile], {
      cwd: ROOT,
      env: { ...process.env, MUTANT: mutant },
      stdio: 'ignore',
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
    await new Promise((resolve) => child.once('exit', resolve));
    clearTimeout(timer);
    // What runs for ever is noticed too.
    if (!existsSync(outputFile)) return { by: 'unit tests', where: `${tests} do not end` };
    return firstFailure(readFileSync(outputFile, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Report = {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
};

function firstFailure(text: string): Catch | undefined {
  const { success, testResults } = JSON.parse(text) as Report;
  // No file of that name is among the tests of the core: nothing was caught.
  if (success || testResults.length === 0) return undefined;
  const [failure] = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => `${name.slice(ROOT.length)}: ${fullName}`),
  );
  return { by: 'unit tests', where: failure ?? 'a test file that could not be loaded' };
}
