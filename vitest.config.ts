// Three worlds of tests: Node (fast), end to end (one at a time, slow), and inside workerd.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

// Tests are the same in every shell: what names a service, a data directory or an account is not for them.
for (const name of Object.keys(process.env))
  if (
    /^(VICINAL|CLOUDFLARE|WRANGLER)_|^(LOG_LEVEL|CORS_ORIGINS|AUTO_SPLIT|TOKENS_WITHOUT_EXP|ID_SECRET|ID_SECRET_PREVIOUS)$/.test(
      name,
    )
  )
    delete process.env[name];

/** Aside, because wrangler reads `.dev.vars` and `.env` from beside its configuration: a developer's own are not for tests. */
function testConfig(): string {
  const folder = fileURLToPath(new URL('./node_modules/.cache/vicinal-test', import.meta.url));
  const main = fileURLToPath(new URL('./src/worker.ts', import.meta.url));
  const toml = readFileSync(new URL('./wrangler.toml', import.meta.url), 'utf8');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'wrangler.toml'), toml.replace(/^main = .*$/m, `main = ${JSON.stringify(main)}`));
  return join(folder, 'wrangler.toml');
}

const migrationsDir = fileURLToPath(new URL('./migrations', import.meta.url));

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/{unit,contract,sim,architecture}/**/*.test.ts'],
          globalSetup: ['./test/support/decoy.ts'],
          setupFiles: ['./test/support/alone.ts'],
          testTimeout: 20_000,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: testConfig() },
            miniflare: {
              bindings: {
                // A fixed secret, for tests alone: it opens nothing anywhere else.
                // Requests are told by the tests; what goes wrong on purpose is still printed.
                LOG_LEVEL: 'error',
                JWT_SECRET: 'test-secret-of-at-least-thirty-two-characters',
                TEST_MIGRATIONS: existsSync(migrationsDir) ? await readD1Migrations(migrationsDir) : [],
              },
            },
          })),
        ],
        test: {
          name: 'worker',
          include: ['test/worker/**/*.test.ts'],
          setupFiles: ['./test/worker/setup.ts'],
          // Longer than a busy machine takes: nothing here is about speed.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Real processes and a real browser on the real ports: alone, after everything else.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['./test/support/decoy.ts'],
          setupFiles: ['./test/support/alone.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
