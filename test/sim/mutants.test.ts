// The checkers can fail: each mutant still fits the source, and some that are caught soon are caught here. All: npm run sim -- --mutants.
import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { describe, expect, it } from 'vitest';
import { runSeeds } from '../../sim/command/pool.ts';
import { MUTANTS, mutate } from '../../sim/mutants/all.ts';
import { BY_TESTS } from '../../sim/mutants/by-tests.ts';
import type { SimReport } from '../../sim/run.ts';

const ROOT = new URL('../../', import.meta.url);
/** Caught within the first seeds. */
const SOON = [
  'no-recall',
  'capacity-ignored',
  'accept-twice',
  'owed-forgotten',
  'wake-forgotten',
  'answers-lost-at-expiry',
];

describe('mutants of the program', () => {
  it('that unit tests alone notice are mutants, and name tests that there are', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(Object.keys(BY_TESTS).filter((name) => !names.includes(name))).toEqual([]);
    expect(Object.values(BY_TESTS).filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
  });

  it('edit what ships alone: a fault of the simulator shows nothing', () => {
    expect(MUTANTS.flatMap(({ edits }) => edits).filter(({ file }) => !file.startsWith('src/'))).toEqual([]);
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    '%s fits the source in exactly one place for each edit, and what it makes is a program',
    (_name, mutant) => {
      for (const file of new Set(mutant.edits.map((edit) => edit.file))) {
        const source = readFileSync(new URL(file, ROOT), 'utf8');
        const mutated = mutate(mutant, file, source);
        expect(mutated).not.toBe(source);
        // Throws for what does not parse.
        stripTypeScriptTypes(mutated);
      }
    },
  );

  it.each(SOON)('%s is caught', { timeout: 120_000 }, async (name) => {
    const caught: SimReport[] = [];
    const seeds = Array.from({ length: 60 }, (_, i) => i + 1);
    await runSeeds({ seeds, size: {}, mutant: name, first: true, check: true }, (report) => {
      if (report.violations.length > 0) caught.push(report);
    });
    expect(caught.length).toBeGreaterThan(0);
  });
});
