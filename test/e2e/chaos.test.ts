// `npm run chaos` as a process: a short run over real kills keeps every promise, sums up as JSON and leaves nothing behind.
import { describe, expect, it } from 'vitest';
import { runToEnd } from './support/command.ts';
import { useTemporaryFolder } from './support/folder.ts';

const CHAOS = 'test/chaos/main.ts';
const TIMEOUT_MS = 400_000;

const left = useTemporaryFolder();

describe('the chaos run', () => {
  it(
    'KEEP1, KEEP2, ONE1, ONE2, ONCE1, LIVE1: nothing is lost, won twice or told twice over kills, network drops and splits',
    async () => {
      const args = ['--kills', '3', '--seconds', '20', '--users', '20', '--seed', '7', '--json'];
      const { code, stdout } = await runToEnd('node', [CHAOS, ...args]);
      const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Readonly<Record<string, unknown>>;
      // The whole text, so that a failure shows the violations.
      expect({ code, violations: summary['violations'], stdout: code === 0 ? '' : stdout }).toEqual({
        code: 0,
        violations: 0,
        stdout: '',
      });
      expect(summary).toMatchObject({ kills: 3, lost: 0, doubleAccepts: 0, duplicateEvents: 0, seed: 7 });
      // Two are wanted; a machine that is slow to start the service may have no time for the second.
      expect(summary['splits']).toBeGreaterThan(0);
      expect(summary['asked']).toBeGreaterThan(5);
      expect(summary['acknowledged']).toBe(summary['asked']);
      expect(left()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('refuses what it cannot do', async () => {
    const { code, stderr } = await runToEnd('node', [CHAOS, '--kills', 'some']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--kills must be a whole number/);
  });
});
