// `npm run sim`: the simulator. A range of seeds, one seed told at length, the mutants that the checkers must catch, or growth.

import { growth } from '../../studies/growth/command/main.ts';
import { runCommand, UsageError } from '../../tools/support/args.ts';
import { startProgress } from '../../tools/support/progress.ts';
import { MUTANTS } from '../mutants/all.ts';
import { optionsOf, type SimSize } from '../options.ts';
import type { SimReport } from '../run.ts';
import { shrink } from '../shrink.ts';
import { addUp, type Situations, tooRare } from '../situations.ts';
import { transitionLines } from '../transitions.ts';
import { huntMutants } from './hunt.ts';
import { runSeeds } from './pool.ts';
import { keepRegression } from './regressions.ts';

if (process.argv[2] === 'growth') await growth(process.argv.slice(3));
else if (process.argv[2] === 'transitions') for (const line of transitionLines()) console.log(line);
else
  await runCommand(
    {
      name: 'npm run sim --',
      summary: [
        'Runs the shipping protocols in a simulated cluster under faults drawn from seeds, and checks every rule.',
        '  growth                                    growth on paper, from 10 users to 10 million; see growth --help',
        '  transitions                               what each transition writes, in rows',
      ].join('\n'),
      options: {
        seed: { type: 'integer', value: 'N', help: 'one seed, told at length', min: 0 },
        seeds: { type: 'text', value: 'A..B', help: 'a range of seeds (default 1..200)' },
        cells: { type: 'integer', value: 'N', help: 'cells (default: drawn from the seed)', min: 1, max: 2000 },
        users: { type: 'integer', value: 'N', help: 'users (default: drawn)', min: 1, max: 100_000 },
        questions: { type: 'integer', value: 'N', help: 'questions (default: drawn)', min: 0, max: 100_000 },
        minutes: {
          type: 'integer',
          value: 'N',
          help: 'simulated minutes under faults (default: drawn)',
          min: 1,
          max: 600,
        },
        mutants: { type: 'flag', help: 'shows for each mutant the seed, or the unit test, that caught it' },
        mutant: {
          type: 'text',
          value: 'NAME',
          help: 'the same for one mutant',
          oneOf: MUTANTS.map(({ name }) => name),
        },
        'no-checks': { type: 'flag', help: 'runs without checkers, to measure the bare machine' },
        json: { type: 'flag', help: 'the last line is one JSON object' },
      },
    },
    async (options) => {
      const { cells, users, questions, minutes } = options;
      const size: SimSize = {
        ...(cells === undefined ? {} : { cells }),
        ...(users === undefined ? {} : { users }),
        ...(questions === undefined ? {} : { questions }),
        ...(minutes === undefined ? {} : { minutes }),
      };
      if (options.mutants || options.mutant !== undefined) return huntMutants(options.mutant, options.json);
      if (options.seed !== undefined && options.seeds !== undefined) throw new UsageError('give --seed or --seeds');
      const seeds = options.seed === undefined ? rangeOf(options.seeds ?? '1..200') : [options.seed];
      return search(seeds, size, !options['no-checks'], options.json);
    },
  );

async function search(seeds: readonly number[], size: SimSize, check: boolean, json: boolean): Promise<number> {
  const total = {
    seeds: 0,
    events: 0,
    faults: 0,
    questions: 0,
    matches: 0,
    swaps: 0,
    rejoined: 0,
    removals: 0,
    kept: 0,
    violations: 0,
  };
  const occurred: Situations = {};
  const failed: SimReport[] = [];
  const startedAt = performance.now();
  const progress = startProgress({ label: 'seeds', total: seeds.length, output: process.stderr });
  await runSeeds({ seeds, size, first: false, check }, (report) => {
    total.seeds++;
    total.events += report.stats.events;
    total.faults += report.stats.faults;
    total.questions += report.questions;
    total.matches += report.matches;
    total.swaps += report.swaps;
    total.rejoined += report.rejoined;
    if (report.removed) total.removals++;
    if (report.kept) total.kept++;
    total.violations += report.violations.length;
    addUp(occurred, report.situations);
    if (report.violations.length > 0) failed.push(report);
    progress.add(1);
  });
  progress.finish();
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(
    `${total.seeds} seeds, ${total.events} events, ${total.faults} faults, ${total.questions} questions, ${total.matches} matches, ${total.swaps} splits and merges, ${total.rejoined} merges by themselves, ${total.removals} cities removed, ${total.kept} kept in ${seconds.toFixed(1)} s`,
  );
  for (const report of failed.sort((a, b) => a.seed - b.seed).slice(0, 10)) tell(report, size);
  const first = failed[0];
  if (first !== undefined) keep(first, size);
  console.log(failed.length === 0 ? 'no violation' : `${failed.length} seeds with violations`);
  const rare = tooRare(occurred, total.seeds);
  for (const line of rare) console.log(`too rare to have been tested: ${line}`);
  if (json) console.log(JSON.stringify({ ...total, seconds: Number(seconds.toFixed(1)), situations: occurred, rare }));
  return failed.length === 0 && rare.length === 0 ? 0 : 1;
}

function tell(report: SimReport, size: SimSize): void {
  const flags = Object.entries(size).map(([name, value]) => ` --${name} ${value}`);
  console.log(`\nseed ${report.seed}: repeat it with  npm run sim -- --seed ${report.seed}${flags.join('')}`);
  for (const { rule, what } of report.violations.slice(0, 5)) console.log(`  ${rule}  ${what}`);
}

/** Shrinks the first failure to a file that is replayed first from then on. */
function keep(report: SimReport, size: SimSize): void {
  const rule = report.violations[0]?.rule ?? '';
  if (rule === 'CRASH') return;
  console.log(`\nshrinking seed ${report.seed} …`);
  const { options, report: small, tries } = shrink(optionsOf(report.seed, size), rule);
  if (small.violations.length === 0) {
    console.log('it does not fail in this thread');
    return;
  }
  const path = keepRegression(rule, options, small.violations[0]?.what ?? '');
  console.log(
    `after ${tries} runs: ${options.cells} cells, ${options.users} users, ${options.questions} questions; kept as ${path}`,
  );
}

function rangeOf(text: string): readonly number[] {
  const match = /^(\d+)\.\.(\d+)$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2]);
  if (match === null || to < from) throw new UsageError('--seeds takes a range such as 1..300');
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
