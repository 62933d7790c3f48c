// Reading a stored row of JSON: what another version of the code wrote is refused by name, never guessed at.

/** The row's fields. @throws UnknownVersion naming the table and the row's version when it is not the one that the caller knows. */
export function versioned<T>(version: number, table: string, text: string): T {
  const { v: _, ...rest } = versionedOf<T>([version], table, text);
  return rest as T;
}

/** Written by other code, newer as a rule: all is well with the row, and this code must not touch it. */
export class UnknownVersion extends Error {
  override readonly name = 'UnknownVersion';
}

/** The row's fields, and which of the versions that the caller knows it has. @throws as above for any other. */
export function versionedOf<T>(versions: readonly number[], table: string, text: string): T & { readonly v: number } {
  const row = JSON.parse(text) as T & { readonly v: number };
  if (versions.includes(row.v)) return row;
  const known = versions.length === 1 ? `version ${versions[0]}` : `versions ${versions.join(' and ')}`;
  throw new UnknownVersion(`row of table ${table} has version ${String(row.v)}; this code reads ${known}`);
}

export type StoredRow = { readonly table: string; readonly key: string; readonly value: string };
/** Told of each row that its loader could not read, and why. */
export type Unread = (row: StoredRow, error: unknown) => void;

/** Reads a row; what cannot be read is told, and ends the reading where there is nobody to tell, or where other code can read it. */
export function readRow(row: StoredRow, read: () => void, unread: Unread | undefined): void {
  try {
    read();
  } catch (error) {
    if (unread === undefined || error instanceof UnknownVersion) throw error;
    unread(row, error);
  }
}
