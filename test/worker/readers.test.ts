// Users whom nobody has heard of, seen from inside their objects: no table, no row, no alarm.
import { beforeAll, describe, expect, it } from 'vitest';
import { alarmOf, api, BOX, evictAll, inside, rollOut, rowsOf, rowsWritten, userStub, WEST } from './world.ts';

beforeAll(async () => {
  await rollOut('quiet', BOX);
});

const tablesOf = (user: string): Promise<readonly string[]> =>
  inside(userStub(user), ({ storage }) =>
    [...storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")].map(
      ({ name }) => name,
    ),
  );

describe('STORE1: nothing is stored', () => {
  it.each([
    ['events', 'GET', '/v1/events', undefined, 200],
    ['events that never come', 'GET', '/v1/events?waitS=0.2', undefined, 200],
    ['offers', 'GET', '/v1/offers', undefined, 200],
    ['questions', 'GET', '/v1/questions', undefined, 200],
    ['an acknowledgement of nothing', 'POST', '/v1/events/ack', { seq: 7 }, 200],
    ['leaving from nowhere', 'DELETE', '/v1/presence', undefined, 204],
    ["somebody else's question", 'GET', '/v1/questions/q-9q8yyk8-abcdefghij', undefined, 404],
  ] as const)('of who asks for %s', async (what, method, path, body, status) => {
    const user = `nobody-${what.replaceAll(/\W/g, '-')}`;
    expect((await api(user, method, path, body)).status).toBe(status);
    expect(await tablesOf(user)).toEqual([]);
    expect(await rowsWritten(userStub(user))).toBe(0);
    expect(await alarmOf(userStub(user))).toBeNull();
  });

  it('until there is something to keep, and that outlives the object', async () => {
    expect((await api('newcomer', 'GET', '/v1/events')).status).toBe(200);
    expect((await api('newcomer', 'PUT', '/v1/presence', WEST)).status).toBe(200);
    await evictAll();
    expect((await rowsOf(userStub('newcomer'), 'meta')).get('meta')).toMatchObject({ user: 'newcomer' });
  });
});
