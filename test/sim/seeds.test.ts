// The protocols under faults: small runs that once failed first, then a range of seeds. Everything of the run comes from its seed.
import { describe, expect, it } from 'vitest';
import { runSeeds } from '../../sim/command/pool.ts';
import { regressions } from '../../sim/command/regressions.ts';
import { optionsOf } from '../../sim/options.ts';
import { runSeed, type SimReport } from '../../sim/run.ts';

const SEEDS = 320;
const RULES =
  'OWN1 OWN2 KEEP1 KEEP2 ONE1 ONE2 RULE1 WAKE1 WAKE2 ONCE1 LIVE1 PRIV1 VOID1 SLEEP2 JRN1 ALARM1 TIME1 SPLIT2 OPEN1 SOCK1 SOCK2 LOAD7 AGE1 CLAIM6';

describe('runs that once broke a rule', () => {
  const known = regressions();
  it.skipIf(known.length === 0)('are repaired (none is known when this is skipped)', () => {
    for (const { name, options } of known)
      expect({ name, violations: runSeed(options).violations }).toEqual({ name, violations: [] });
  });
});

describe('the simulated cluster', () => {
  it('repeats a run from its seed to the last event', () => {
    expect(runSeed(optionsOf(4711))).toEqual(runSeed(optionsOf(4711)));
  });

  it(`${RULES}: hold under every fault, in ${SEEDS} seeds`, { timeout: 600_000 }, async () => {
    const reports: SimReport[] = [];
    const seeds = Array.from({ length: SEEDS }, (_, i) => i + 1);
    await runSeeds({ seeds, size: {}, first: false, check: true }, (report) => reports.push(report));
    const failed = reports.filter(({ violations }) => violations.length > 0);
    expect(
      failed.map(
        ({ seed, violations }) => `npm run sim -- --seed ${seed}: ${violations[0]?.rule} ${violations[0]?.what}`,
      ),
    ).toEqual([]);
    expect(reports).toHaveLength(SEEDS);
    // The runs are worth something: faults struck, people were matched, cells were split.
    expect(reports.reduce((sum, { stats }) => sum + stats.faults, 0)).toBeGreaterThan(100_000);
    expect(reports.reduce((sum, { matches }) => sum + matches, 0)).toBeGreaterThan(5000);
    expect(reports.reduce((sum, { swaps }) => sum + swaps, 0)).toBeGreaterThan(500);
    expect(reports.reduce((sum, { rejoined }) => sum + rejoined, 0)).toBeGreaterThan(50);
  });
});
