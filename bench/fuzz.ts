// Fuzzed requests and frames against the real service, while its cells split: `node bench/fuzz.ts [seed]`. Prints which statuses came,
// every fault, and how long the answers took.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assault } from '../test/support/assault.ts';
import { startService } from '../tools/support/service.ts';
import { seedOfRun } from './support/measure.ts';

const COUNT = 20_000;
const ERRORS_MAX = 10;

const dataDir = mkdtempSync(join(tmpdir(), 'vicinal-fuzz-'));
const errors: string[] = [];
const service = await startService({
  dataDir,
  port: 0,
  onLog: (line) => {
    if (line.includes('"level":"error"') || !line.startsWith('{')) errors.push(line);
  },
});
try {
  const { requests, frames, statuses, faults, latenciesMs, leaves, broken } = await assault(
    service,
    COUNT,
    seedOfRun(),
  );
  const at = (share: number): string => (latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0).toFixed(0);
  console.log(
    `\n${requests} requests and ${frames} frames, seed ${seedOfRun()}; the city had ${leaves} cells in the end`,
  );
  for (const [status, n] of [...statuses].sort(([a], [b]) => a - b))
    console.log(`${String(status).padStart(6)}${String(n).padStart(9)}`);
  console.log(
    `answers after ${at(0.5)} ms (median), ${at(0.99)} ms (p99), ${at(0.9999)} ms at most; sockets that broke: ${broken}`,
  );
  for (const fault of faults) console.log(fault);
  for (const line of errors.slice(0, ERRORS_MAX)) console.log(`log: ${line.slice(0, 400)}`);
  if (faults.length > 0) process.exitCode = 1;
} finally {
  await service.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
