// Sockets and their tokens, and many sockets of one user, in the objects that really hold them.
import { evictAllDurableObjects } from 'cloudflare:test';
import { beforeAll, describe, expect, it } from 'vitest';
import { api, BOX, eventually, near, rollOut, stream, tokenOf } from './world.ts';

const SOCKETS = 40;
const MOST = 5;

describe('a socket', () => {
  beforeAll(async () => {
    await rollOut('sockets', BOX, { cooldownMs: 0, limits: { eventsPerS: 100_000 } });
  });

  it('SOCK1 is warned, and ends with its token by the alarm, though its object was thrown out of memory meanwhile', async () => {
    const socket = await stream('ends', near(0), '&capacity=1', tokenOf('ends', 'user', 6));
    expect(await socket.ask('presence', near(1))).toMatchObject({ t: 'ok' });
    await evictAllDurableObjects();
    const { code, reason } = await socket.closed;
    expect([code, reason]).toEqual([4401, 'token_expired']);
    expect(socket.heard.map(({ t, code: said }) => [t, said])).toEqual(
      expect.arrayContaining([
        ['expiring', undefined],
        ['error', 'token_expired'],
      ]),
    );
  });

  it('SOCK1 goes on with another token of the same person, and takes none of others', async () => {
    const socket = await stream('goes-on', near(0), '&capacity=1', tokenOf('goes-on', 'user', 6));
    const other = await socket.ask('token', { token: await tokenOf('somebody-else') });
    expect(other).toMatchObject({ t: 'error', status: 403, code: 'token_other' });
    const asOps = await socket.ask('token', { token: await tokenOf('goes-on', 'service') });
    expect(asOps).toMatchObject({ t: 'error', code: 'token_other' });
    expect(await socket.ask('token', { token: 'no token' })).toMatchObject({ t: 'error', code: 'token_malformed' });
    const ended = await socket.ask('token', { token: await tokenOf('goes-on', 'user', -1) });
    expect(ended).toMatchObject({ t: 'error', code: 'token_expired' });
    const renewed = await socket.ask('token', { token: await tokenOf('goes-on', 'user', 3600) });
    expect(renewed).toMatchObject({ t: 'ok', result: { expiresAt: expect.any(String) } });
    await evictAllDurableObjects();
    await new Promise((resolve) => setTimeout(resolve, 7000));
    expect(await socket.ask('presence', near(2)), 'beyond the end of the first token').toMatchObject({ t: 'ok' });
    socket.close();
  });

  it('SOCK1 is not opened with a token that has ended, for which a call would still have its leeway', async () => {
    await expect(stream('late', near(0), '', tokenOf('late', 'user', -5))).rejects.toThrow('401');
  });

  it('SOCK2 is the newest of five: of forty that one user opens the others are closed, and a question comes to five', async () => {
    const all = [];
    for (let n = 0; n < SOCKETS; n++) all.push(await stream('many', near(0), '&capacity=1'));
    const open = all.slice(-MOST);
    for (const socket of all.slice(0, -MOST))
      expect(await socket.closed).toEqual({ code: 4409, reason: 'too_many_sockets' });
    expect((await api('asker', 'POST', '/v1/questions', { ...near(1), text: '?', radiusM: 500 })).status).toBe(201);
    for (const socket of open)
      await eventually('an offer', () => socket.events().some(({ type }) => type === 'offer.made') || undefined);
    const heard = all.flatMap((socket) => socket.events());
    expect(heard.filter(({ type }) => type === 'offer.made')).toHaveLength(MOST);
    for (const socket of open) socket.close();
  });
});
