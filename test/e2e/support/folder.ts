// For commands that make a temporary directory of their own: it is made in a folder of the test, so that what they leave is seen.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';

/** To be called once at the top of a test file: it registers the hooks. Answers what lies in the folder of the running test. */
export function useTemporaryFolder(): () => readonly string[] {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vicinal-test-'));
    vi.stubEnv('TMPDIR', folder);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  return () => readdirSync(folder).filter((name) => name.startsWith('vicinal-'));
}
