// Simulates samples on some threads. The order of the results is that of the samples, whichever thread was first.
import { Worker } from 'node:worker_threads';
import type { SampleResult, SampleSpec } from '../sample.ts';
import type { SampleJob } from './worker.ts';

export type SamplePool = {
  /** @throws when a thread dies. */
  readonly run: (specs: readonly SampleSpec[], onDone: (spec: SampleSpec) => void) => Promise<readonly SampleResult[]>;
  readonly close: () => Promise<void>;
};

export function samplePool(threads: number): SamplePool {
  const workers = Array.from({ length: threads }, () => new Worker(new URL('./worker.ts', import.meta.url)));
  const run: SamplePool['run'] = async (specs, onDone) => {
    const results: SampleResult[] = new Array(specs.length);
    // The long ones first, lest one of them be left for the end.
    const queue = specs.map((_spec, n) => n).sort((a, b) => weightOf(specs[b]) - weightOf(specs[a]) || a - b);
    await Promise.all(
      workers.map(async (worker) => {
        for (let n = queue.shift(); n !== undefined; n = queue.shift()) {
          const spec = specs[n] as SampleSpec;
          results[n] = await one(worker, { n, spec });
          onDone(spec);
        }
      }),
    );
    return results;
  };
  return { run, close: async () => void (await Promise.all(workers.map((worker) => worker.terminate()))) };
}

function one(worker: Worker, job: SampleJob): Promise<SampleResult> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      worker.off('message', heard);
      worker.off('error', failed);
    };
    const heard = ({ result }: { readonly result: SampleResult }): void => {
      finish();
      resolve(result);
    };
    const failed = (error: Error): void => {
      finish();
      reject(error);
    };
    worker.on('message', heard);
    worker.on('error', failed);
    worker.postMessage(job);
  });
}

/** Roughly the steps that a sample takes. */
export function weightOf(spec: SampleSpec | undefined): number {
  if (spec === undefined) return 0;
  const { people, habits, endMs } = spec;
  if (people.t === 'day') return (people.users * habits.hours * 3600) / habits.pingS;
  const crowd = people.loads.reduce((sum, load) => sum + load, 0);
  return (crowd * endMs) / 1000 / habits.pingS + crowd * 15;
}
