// Bindings that only the tests have; vitest.config.ts fills them.
declare namespace Cloudflare {
  interface Env {
    readonly TEST_MIGRATIONS: import('cloudflare:test').D1Migration[];
  }
}
