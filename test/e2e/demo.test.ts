// `npm run demo` as a process: it shows matches, ends by itself or when asked, and leaves nothing behind.
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, runToEnd } from './support/command.ts';
import { useTemporaryFolder } from './support/folder.ts';
import { eventually } from './support/service.ts';

const DEMO = 'tools/demo.ts';
const RECORD = join(tmpdir(), `vicinal-record-${process.pid}.svg`);

const left = useTemporaryFolder();

describe('the demo', () => {
  it('matches people within seconds, without an error, and sums it up as JSON', async () => {
    const { code, stdout, stderr } = await runToEnd('node', [
      ...[DEMO, '--seconds', '8', '--json', '--users', '60'],
      ...['--record', RECORD],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readFileSync(RECORD, 'utf8')).toMatch(/^<svg .*<animate .*<\/svg>\n$/s);
    rmSync(RECORD);
    const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Readonly<Record<string, unknown>>;
    expect(summary).toMatchObject({ errors: 0, errorCodes: {}, users: 60 });
    expect(summary['asked']).toBeGreaterThan(3);
    expect(summary['matched']).toBeGreaterThan(0);
    expect(summary['answered']).toBeGreaterThan(0);
    expect(summary['p50MatchMs']).toBeGreaterThan(0);
    expect(summary['p95MatchMs']).toBeLessThan(8000);
    expect(summary['meanDistanceM']).toBeLessThan(8000);
    for (const field of ['dormant', 'expired']) expect(summary[field]).toBeTypeOf('number');
    // A plain line every two seconds.
    expect(stdout.match(/ s {2}asked /g)?.length).toBeGreaterThanOrEqual(4);
    expect(left()).toEqual([]);
  });

  it('without an end tells how to try it, and ends cleanly at Ctrl-C', async () => {
    const demo = run('node', [DEMO, '--users', '12']);
    await eventually('the first question', () => /asked [1-9]/.test(demo.stdout()), 30_000);
    demo.child.kill('SIGINT');
    const { code } = await demo.ended;
    const stdout = demo.stdout();
    expect(code).toBe(0);
    expect(stdout).toMatch(/curl -s http:\/\/127\.0\.0\.1:\d+\/v1\/questions/);
    expect(stdout).toMatch(/time to match/);
    expect(left()).toEqual([]);
  });

  it('says at once that a recording cannot be kept where it is to be', async () => {
    const { code, stdout, stderr } = await runToEnd('node', [DEMO, '--record', join(RECORD, 'no', 'film.svg')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/cannot write .*film\.svg: there is no directory/);
    expect(left()).toEqual([]);
  });

  it('refuses what it cannot do', async () => {
    const { code, stderr } = await runToEnd('node', [DEMO, '--users', 'many']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--users must be a whole number/);
  });
});
