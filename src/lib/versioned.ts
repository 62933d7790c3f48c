// Reading a stored row of JSON: what another version of the code wrote is refused by name, never guessed at.

/** The row's fields. @throws Error naming the table and the row's version when it is not the one that the caller knows. */
export function versioned<T>(version: number, table: string, text: string): T {
  const { v: _, ...rest } = versionedOf<T>([version], table, text);
  return rest as T;
}

/** The row's fields, and which of the versions that the caller knows it has. @throws Error as above for any other. */
export function versionedOf<T>(versions: readonly number[], table: string, text: string): T & { readonly v: number } {
  const row = JSON.parse(text) as T & { readonly v: number };
  if (versions.includes(row.v)) return row;
  const known = versions.length === 1 ? `version ${versions[0]}` : `versions ${versions.join(' and ')}`;
  throw new Error(`row of table ${table} has version ${String(row.v)}; this code reads ${known}`);
}
