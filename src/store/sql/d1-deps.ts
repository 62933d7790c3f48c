// What the stores in D1 need of the platform beside the database.
import type { EpochMs } from '../../lib/brand.ts';

export type D1Deps = {
  readonly now: () => EpochMs;
  /** A new name for an operation. */
  readonly op: () => string;
};
