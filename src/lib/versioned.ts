// Reading a stored row of JSON: what another version of the code wrote is refused by name, never guessed at.

/** The row's fields. @throws Error naming the table and the row's version when it is not the one that the caller knows. */
export function versioned<T>(version: number, table: string, text: string): T {
  const { v, ...rest } = JSON.parse(text) as { v: unknown };
  if (v !== version)
    throw new Error(`row of table ${table} has version ${String(v)}; this code reads version ${version}`);
  return rest as T;
}
