// The bindings of wrangler.toml and the secrets, by hand so that a fresh clone type-checks offline.

export interface Env {
  readonly CELLS: DurableObjectNamespace;
  readonly USERS: DurableObjectNamespace;
  readonly DB: D1Database;
  readonly LOG_LEVEL: string;
  /** Origins whose pages may call and connect, with commas between; `*` or absent: all. */
  readonly CORS_ORIGINS?: string;
  /** `no` where one process carries every cell: cities split by hand alone, unless they ask for it. */
  readonly AUTO_SPLIT?: string;
  /** `yes`: tokens without `exp` are taken, and their sockets have no end. */
  readonly TOKENS_WITHOUT_EXP?: string;
  /** `yes` where whoever started the service watches its disk. */
  readonly DISK_WATCHED?: string;
  /** HS256 secret, 32 bytes or more. A secret, never in wrangler.toml. */
  readonly JWT_SECRET: string;
  /** Makes the ids of keyed questions; absent: JWT_SECRET does. A secret too. */
  readonly ID_SECRET?: string;
  /** The one before, for a day after a change: retries of what was asked under it find their question. */
  readonly ID_SECRET_PREVIOUS?: string;
}

declare global {
  // Gives `env` of cloudflare:workers its type.
  namespace Cloudflare {
    interface Env extends VicinalEnv {}
  }
}

type VicinalEnv = Env;
