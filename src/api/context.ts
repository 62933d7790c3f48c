// What travels with a request through the middleware.
import type { Env } from '../env.ts';
import type { ProblemCode } from '../protocol/problems.ts';

export type AppEnv = {
  readonly Bindings: Env;
  readonly Variables: {
    /** 32 hex digits. */
    trace: string;
    /** The pattern of the path. */
    route?: string;
    /** Who called, once that is known. */
    user?: string;
    /** Why it was refused. */
    code?: ProblemCode;
  };
};
