// How every bench measures and prints: medians of rounds after some to warm up, with the least and the most beside them.
// Times are of the processor, not of the wall: what else runs on the machine takes cores away, not time from the program.

export type Sample = { readonly median: number; readonly min: number; readonly max: number };

const WARM_UP = 2;
const ROUNDS = 7;

// What the loops compute ends here, so that none of it can be left out.
let sink = 0;

/** Nanoseconds of processor time for one call, over rounds of `calls`. `run` returns a number that depends on its work. */
export function timeNs(calls: number, run: (i: number) => number, rounds: number = ROUNDS): Sample {
  const took: number[] = [];
  for (let round = 0; round < WARM_UP + rounds; round++) {
    const started = process.cpuUsage();
    let sum = 0;
    for (let i = 0; i < calls; i++) sum += run(i);
    const { user, system } = process.cpuUsage(started);
    if (round >= WARM_UP) took.push(((user + system) * 1000) / calls);
    sink += sum;
  }
  if (!Number.isFinite(sink)) throw new Error('the loops computed nothing');
  return sampleOf(took);
}

export function sampleOf(values: readonly number[]): Sample {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: sorted[sorted.length >> 1] as number,
    min: sorted[0] as number,
    max: sorted[sorted.length - 1] as number,
  };
}

/** Turns times for one call into calls in a second: the least time is the most calls. */
export function perSecond({ median, min, max }: Sample): Sample {
  return { median: 1e9 / median, min: 1e9 / max, max: 1e9 / min };
}

export function scaled({ median, min, max }: Sample, factor: number): Sample {
  return { median: median * factor, min: min * factor, max: max * factor };
}

export function heading(title: string): void {
  console.log(`\n${title}`);
  console.log(`${''.padEnd(52)}${'median'.padStart(12)}${'min'.padStart(12)}${'max'.padStart(12)}`);
}

export function row(name: string, sample: Sample, unit: string): void {
  const cells = [sample.median, sample.min, sample.max].map((value) => short(value).padStart(12));
  console.log(`${name.padEnd(52)}${cells.join('')} ${unit}`);
}

/** One thing held against another, both in the same unit. */
export function ratio(name: string, of: Sample, to: Sample): void {
  console.log(`${name.padEnd(52)}${(of.median / to.median).toFixed(2).padStart(12)} ×`);
}

/** The seed of this run: the first argument, 1 if there is none. */
export const seedOfRun = (): number => Number(process.argv[2] ?? 1);

/** The last line of a bench that was asked for one. */
export function jsonLine(values: Readonly<Record<string, number>>): void {
  if (process.argv.includes('--json')) console.log(JSON.stringify(values));
}

function short(value: number): string {
  if (value >= 1e4) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
