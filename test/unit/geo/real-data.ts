// Real files beside this checkout, for tests that compare with the world. They are not part of the project: where they are
// absent, the tests that need them are skipped, and say so.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const root = new URL('../../../../shared/data/', import.meta.url);

export function hasRealData(path: string): boolean {
  return existsSync(fileURLToPath(new URL(path, root)));
}

/** The text of a gzipped file. */
export function readRealData(path: string): string {
  return gunzipSync(readFileSync(fileURLToPath(new URL(path, root)))).toString('utf8');
}

/** The rows of a gzipped CSV file without quotes, header left out. */
export function readRealRows(path: string): readonly (readonly string[])[] {
  const lines = readRealData(path).trim().split(/\r?\n/);
  return lines.slice(1).map((line) => line.split(','));
}
