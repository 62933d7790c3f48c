// Objects that nobody ever stored anything in: workerd makes the first page of a database for each that is merely asked.
import { closeSync, existsSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const OBJECT = /^[0-9a-f]{64}\.sqlite$/;
const PAGE_BYTES = 4096;
/** Where the header of the schema's page lies in the first page, which begins with the file's own. */
const SCHEMA_AT = 100;
const LEAF_OF_TABLE = 0x0d;

/**
 * Removes the databases of objects without a table, and nothing else. Only while no workerd runs on the directory.
 * @returns how many.
 */
export function removeEmptyObjects(stateDir: string): number {
  if (!existsSync(stateDir)) return 0;
  let removed = 0;
  for (const namespace of readdirSync(stateDir, { withFileTypes: true })) {
    if (!namespace.isDirectory()) continue;
    const folder = join(stateDir, namespace.name);
    for (const name of readdirSync(folder)) {
      const file = join(folder, name);
      if (!OBJECT.test(name) || !isEmpty(file)) continue;
      for (const end of ['-wal', '-shm', '']) rmSync(`${file}${end}`, { force: true });
      removed++;
    }
  }
  return removed;
}

/** One page, a schema without an entry, and nothing in the log beside it. */
function isEmpty(file: string): boolean {
  if (statSync(file).size !== PAGE_BYTES) return false;
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false });
  if (log !== undefined && log.size > 0) return false;
  const head = Buffer.alloc(SCHEMA_AT + 8);
  const opened = openSync(file, 'r');
  try {
    if (readSync(opened, head) < head.length) return false;
  } finally {
    closeSync(opened);
  }
  return head.readUInt8(SCHEMA_AT) === LEAF_OF_TABLE && head.readUInt16BE(SCHEMA_AT + 3) === 0;
}
