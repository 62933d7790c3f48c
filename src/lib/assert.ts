// Assertions for what the code believes, never for what a caller may send.

/** @throws Error when `condition` is false: a bug here, not bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** Makes a switch exhaustive: an unhandled member of a union does not type-check. */
export function unreachable(value: never, what: string): never {
  throw new Error(`unreachable ${what}: ${JSON.stringify(value)}`);
}

/** @throws Error when the value is absent although the code has just made sure that it is there. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`assertion failed: no ${what}`);
  return value;
}
