// The unit tests of the core alone, for `npm run mutate`: what Stryker runs again and again must be fast and need no process.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/{geo,engine,matching,city,cell,user,messages,protocol}/**/*.test.ts'],
    testTimeout: 20_000,
  },
});
