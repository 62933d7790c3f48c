// Users whom nobody has heard of: what they read leaves nothing on the disk.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useService } from './support/service.ts';
import { AT, openTown } from './support/town.ts';

const box = useService();
const { api, tokenFor } = box;
const USERS = 30;
/** What workerd itself makes of an object that it opens: the first page of an empty database. */
const EMPTY_BYTES = 4096;

/** Of the objects of users; the index beside an open database holds nothing, and goes when it is closed. */
function filesOfUsers(folder: string): readonly { readonly name: string; readonly bytes: number }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.endsWith('UserObject') && /^[0-9a-f]{64}/.test(entry.name))
    .filter(({ name }) => !name.endsWith('-shm'))
    .map(({ parentPath, name }) => ({ name, bytes: statSync(join(parentPath, name)).size }));
}

it('STORE1: whoever only reads has nothing stored', async () => {
  await openTown(box, {});
  const folder = box.service().dataDir;
  const service = await tokenFor('support', 'service');
  const before = filesOfUsers(folder);
  for (let i = 0; i < USERS; i++) {
    const headers = { 'x-vicinal-act-for': `nobody-${i}` };
    for (const path of ['/v1/events', '/v1/offers', '/v1/questions']) {
      expect((await api('GET', path, undefined, service, headers)).status).toBe(200);
    }
    expect((await api('POST', '/v1/events/ack', { seq: 9 }, service, headers)).status).toBe(200);
    expect((await api('DELETE', '/v1/presence', undefined, service, headers)).status).toBe(204);
  }
  const after = filesOfUsers(folder);
  const grown = after.reduce((sum, { bytes }) => sum + bytes, 0) - before.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(grown).toBeLessThanOrEqual(USERS * EMPTY_BYTES);
  expect(after.filter(({ name, bytes }) => name.endsWith('-wal') && bytes > 0)).toEqual([]);
  // The pages that workerd made go at the next start; who has something is still there.
  const alice = await tokenFor('alice');
  expect((await api('PUT', '/v1/presence', AT, alice)).status).toBe(200);
  await box.crash(0);
  expect(filesOfUsers(folder).filter(({ name }) => name.endsWith('.sqlite'))).toHaveLength(1);
  expect((await api('GET', '/v1/offers', undefined, alice)).status).toBe(200);
});
