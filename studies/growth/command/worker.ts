// A thread that simulates samples: told one, it posts what came of it, and waits for the next.
import { parentPort } from 'node:worker_threads';
import { runSample, type SampleSpec } from '../sample.ts';

export type SampleJob = { readonly n: number; readonly spec: SampleSpec };

parentPort?.on('message', ({ n, spec }: SampleJob) => {
  parentPort?.postMessage({ n, result: runSample(spec) });
});
