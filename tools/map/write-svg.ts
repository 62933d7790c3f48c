// Keeps a drawing in a file, or says why it cannot be there.
import { writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** @throws Error that says why the file cannot be there. */
export function writeSvg(path: string, svg: string): void {
  try {
    writeFileSync(path, svg);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = {
      ENOENT: `there is no directory ${resolve(dirname(path))}`,
      ENOTDIR: `${resolve(dirname(path))} is no directory`,
      EISDIR: 'it is a directory: name a file in it',
      EACCES: 'it may not be written',
    }[code ?? ''];
    throw new Error(`cannot write ${path}: ${why ?? (error instanceof Error ? error.message : error)}`);
  }
}
