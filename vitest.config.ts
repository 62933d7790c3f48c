// Three worlds of tests: Node (fast), end to end (one at a time, slow), and inside workerd.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

const migrationsDir = fileURLToPath(new URL('./migrations', import.meta.url));

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/{unit,contract,sim,architecture}/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
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
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
