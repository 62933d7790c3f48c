// Runs seeds on all cores, in threads, and hands over each report as it comes.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { SimReport } from '../run.ts';
import type { Job } from './worker.ts';

const THREADS_MAX = 8;

/** @throws when a thread dies. */
export async function runSeeds(job: Job, onReport: (report: SimReport) => void): Promise<void> {
  const threads = Math.max(1, Math.min(THREADS_MAX, availableParallelism(), job.seeds.length));
  const shares = Array.from({ length: threads }, (_, i) => job.seeds.filter((_seed, at) => at % threads === i));
  const workers: Worker[] = [];
  const run = (seeds: readonly number[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { ...job, seeds } });
      workers.push(worker);
      worker.on('message', (report: SimReport) => {
        onReport(report);
        // One catch is enough: the others may stop.
        if (job.first && report.violations.length > 0) for (const other of workers) void other.terminate();
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
    });
  await Promise.all(shares.map(run));
}
