// What only the tests in workerd have: a binding that vitest.config.ts fills, and the worker's own exports.
declare namespace Cloudflare {
  interface Env {
    readonly TEST_MIGRATIONS: import('cloudflare:test').D1Migration[];
  }
  interface GlobalProps {
    mainModule: typeof import('../../src/worker.ts');
    durableNamespaces: 'CellObject' | 'UserObject';
  }
}
