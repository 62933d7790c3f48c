// Tests, and commands that were told nothing, never touch a service that happens to run beside them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { decoyCalls } from '../support/alone.ts';
import { openDecoy } from '../support/decoy.ts';
import { runToEnd } from './support/command.ts';

const empty = mkdtempSync(join(tmpdir(), 'vicinal-alone-'));
afterAll(() => rmSync(empty, { recursive: true, force: true }));

const COMMANDS = ['city.ts list', 'city.ts add docs/examples/harbour.geojson', 'status.ts'];
const run = (command: string, ...more: readonly string[]) =>
  runToEnd('node', [...`tools/${command}`.split(' '), ...more]);

describe('a command that was not told where the service is', () => {
  it.each(COMMANDS)('%s calls nobody on the default port, and says what to do', async (command) => {
    const { code, stderr } = await run(command, '--data', empty);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^no service runs on \/.*: start one with npm start, /)]);
    expect(decoyCalls()).toBe('');
  });

  it.each(COMMANDS)('%s goes to the service of its data directory, where the trap sees it', async (command) => {
    const decoy = await openDecoy([], () => {});
    vi.stubEnv('VICINAL_DATA', decoy.dataDir);
    try {
      await run(command);
      expect(readFileSync(decoy.callsFile, 'utf8')).toMatch(/^GET \/health on port \d+\n/);
    } finally {
      vi.unstubAllEnvs();
      await decoy.close();
    }
  });
});
