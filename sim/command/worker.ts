// A thread that runs seeds: told a range and a size, it posts a report for each.
import { parentPort, workerData } from 'node:worker_threads';
import type { SimSize } from '../options.ts';
import { loadMutant } from './mutate-hook.ts';

export type Job = {
  readonly seeds: readonly number[];
  readonly size: SimSize;
  readonly mutant?: string;
  /** Stops at the first violation. */
  readonly first: boolean;
  readonly check: boolean;
};

const job = workerData as Job;
if (job.mutant !== undefined) loadMutant(job.mutant);
const { runSeed } = await import('../run.ts');
const { optionsOf } = await import('../options.ts');

for (const seed of job.seeds) {
  const report = runOne(seed);
  parentPort?.postMessage(report);
  if (job.first && report.violations.length > 0) break;
}

function runOne(seed: number) {
  try {
    return runSeed({ ...optionsOf(seed, job.size), check: job.check });
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const stats = { events: 0, faults: 0, rows: 0, cellCalls: 0, userCalls: 0 };
    return {
      seed,
      stats,
      questions: 0,
      matches: 0,
      swaps: 0,
      rejoined: 0,
      removed: false,
      kept: false,
      situations: {},
      violations: [{ rule: 'CRASH', what, atMs: 0 }],
    };
  }
}
