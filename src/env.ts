// The bindings of wrangler.toml and the secrets, by hand so that a fresh clone type-checks offline.

export interface Env {
  readonly CELLS: DurableObjectNamespace;
  readonly USERS: DurableObjectNamespace;
  readonly DB: D1Database;
  readonly LOG_LEVEL: string;
  /** HS256 secret, 32 bytes or more. A secret, never in wrangler.toml. */
  readonly JWT_SECRET: string;
}

declare global {
  // Gives `env` of cloudflare:workers its type.
  namespace Cloudflare {
    interface Env extends VicinalEnv {}
  }
}

type VicinalEnv = Env;
