// The local service's signing secret: made once, kept in the data directory, read by `start` and `token` alike.
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { DataDir } from './data-dir.ts';

const SECRET_BYTES = 32;

/** The secret as text (64 hex digits when made here). Throws when the file holds fewer than 32 characters. */
export function readOrMakeSecret(dataDir: DataDir): string {
  const secret = readSecret(dataDir.secret) ?? makeSecret(dataDir.secret);
  if (secret.length < 32) throw new Error(`${dataDir.secret} holds no usable secret; remove it to have a new one made`);
  return secret;
}

function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Written aside and linked into place: of two commands that start at once one wins, and both read a whole file. */
function makeSecret(path: string): string {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(SECRET_BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path, 'utf8').trim();
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
