// Which file of a data directory is which object. workerd names it by the id that it makes of the object's name.
import { createHash, createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { userIdOf } from '../../src/edge/digest.ts';
import { homeOf, isCellId, isOfferId, isQuestionId } from '../../src/protocol/ids.ts';
import { CELL_LENGTH_MAX } from '../../src/protocol/limits.ts';

export type ObjectKind = 'cell' | 'user';
export type ObjectFile = { readonly kind: ObjectKind; readonly name: string; readonly path: string };

const CLASSES = { cell: 'CellObject', user: 'UserObject' } as const;
const ID_PART_BYTES = 16;

/** `stateDir` as `openDataDir` names it. */
export function fileOf(stateDir: string, kind: ObjectKind, name: string): ObjectFile {
  const namespace = `vicinal-${CLASSES[kind]}`;
  return { kind, name, path: join(stateDir, namespace, `${idFromName(namespace, name)}.sqlite`) };
}

/** The files of what an id names: a cell, the cells where a question or an offer may lie, a user. Those that there are. */
export async function filesOf(stateDir: string, id: string, isUser: boolean): Promise<readonly ObjectFile[]> {
  const files: ObjectFile[] = [];
  if (!isUser && isCellId(id)) files.push(fileOf(stateDir, 'cell', id));
  else if (!isUser && (isQuestionId(id) || isOfferId(id))) {
    const home = homeOf(id);
    for (let length = 1; length <= CELL_LENGTH_MAX; length++) {
      files.push(fileOf(stateDir, 'cell', home.slice(0, length)));
    }
  } else files.push(fileOf(stateDir, 'user', await userIdOf(id)));
  return files.filter(({ path }) => existsSync(path));
}

/** As workerd's `idFromName`: half a digest of the name, and half a digest of that, both under the namespace's key. */
function idFromName(namespace: string, name: string): string {
  const key = createHash('sha256').update(namespace).digest();
  const half = (input: string | Buffer): Buffer =>
    createHmac('sha256', key).update(input).digest().subarray(0, ID_PART_BYTES);
  const base = half(name);
  return Buffer.concat([base, half(base)]).toString('hex');
}
