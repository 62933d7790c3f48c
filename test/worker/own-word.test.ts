// A user's own word through the real worker: what they said is kept, and who has left is left alone.
import { beforeAll, describe, expect, it } from 'vitest';
import { api, BOX, EAST, evictAll, type Json, rollOut, stream, WEST } from './world.ts';

beforeAll(async () => {
  const { status } = await rollOut('own', BOX, { cooldownMs: 0, offers: { ttlMs: 60_000, spare: 5, max: 20 } });
  expect(status).toBe(200);
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether the user is offered a question that is asked beside `at`. */
async function isOffered(user: string, at: typeof WEST, topic: string, language: string): Promise<boolean> {
  const ask = { ...at, text: 'Who?', topic, languages: [language], radiusM: 2000, answersWanted: 5 };
  const { body } = await api('asker', 'POST', '/v1/questions', ask);
  await pause(500);
  const { items } = (await api<{ items: readonly Json[] }>(user, 'GET', '/v1/offers')).body;
  await api('asker', 'DELETE', `/v1/questions/${String(body['id'])}`);
  return items.some((offer) => offer['questionId'] === body['id']);
}

describe('PROF1 what users say of themselves', () => {
  it('is kept when they leave, in the same cell and elsewhere, whatever is thrown out of memory', async () => {
    const said = { topics: ['food'], languages: ['en'], capacity: 2 };
    expect((await api('kept', 'PUT', '/v1/presence', { ...WEST, ...said })).status).toBe(200);
    for (const where of [WEST, EAST]) {
      expect((await api('kept', 'DELETE', '/v1/presence')).status).toBe(204);
      await evictAll();
      expect((await api('kept', 'PUT', '/v1/presence', where)).status).toBe(200);
      expect(await isOffered('kept', where, 'aid', 'fr')).toBe(false);
      expect(await isOffered('kept', where, 'food', 'en')).toBe(true);
    }
  });

  it('is kept when their lease ends', async () => {
    await api('lapsed', 'PUT', '/v1/presence', { ...WEST, topics: ['food'], languages: ['en'], ttlS: 1 });
    await pause(1500);
    await api('lapsed', 'PUT', '/v1/presence', WEST);
    expect(await isOffered('lapsed', WEST, 'aid', 'fr')).toBe(false);
    expect(await isOffered('lapsed', WEST, 'food', 'en')).toBe(true);
  });

  it('CLAIM7 counts at once, in a cell that they came to within the dwell', async () => {
    await api('changer', 'PUT', '/v1/presence', { ...WEST, topics: ['food'] });
    expect((await api('changer', 'PUT', '/v1/presence', { ...EAST, topics: ['aid'] })).status).toBe(200);
    expect(await isOffered('changer', EAST, 'food', 'en')).toBe(false);
    expect(await isOffered('changer', EAST, 'aid', 'en')).toBe(true);
  });
});

describe('LEAVE1 who has left', () => {
  it.each(['', '?session=http&seq=9'])(
    'is offered nothing, though a claim waited for the dwell (%s)',
    async (query) => {
      const user = `leaver${query.length}`;
      const numbered = query === '' ? {} : { seq: 1 };
      await api(user, 'PUT', '/v1/presence', { ...WEST, ...numbered });
      await api(user, 'PUT', '/v1/presence', { ...EAST, ...numbered });
      expect((await api(user, 'DELETE', `/v1/presence${query}`)).status).toBe(204);
      await pause(2500);
      expect(await isOffered(user, EAST, 'aid', 'en')).toBe(false);
      expect(await isOffered(user, WEST, 'aid', 'en')).toBe(false);
      expect((await api(user, 'DELETE', `/v1/presence${query}`)).status).toBe(204);
      const back = query === '' ? {} : { seq: 10 };
      expect((await api(user, 'PUT', '/v1/presence', { ...EAST, ...back })).status).toBe(200);
      expect(await isOffered(user, EAST, 'aid', 'en')).toBe(true);
    },
  );

  it('stays connected where they were, and hears of their own questions', async () => {
    const socket = await stream('talker', WEST);
    const asked = await socket.ask('ask', { text: 'Anybody?', topic: 'nobody-knows' });
    expect((await api('talker', 'DELETE', '/v1/presence')).status).toBe(204);
    expect(await isOffered('talker', WEST, 'aid', 'en')).toBe(false);
    const id = (asked['result'] as Json)['id'];
    await api('talker', 'DELETE', `/v1/questions/${String(id)}`);
    await pause(500);
    expect(socket.events().map((event) => event['type'])).toContain('question.cancelled');
    expect(await socket.ask('presence', WEST)).toMatchObject({ t: 'ok' });
    expect(await isOffered('talker', WEST, 'aid', 'en')).toBe(true);
    socket.close();
  });

  it('CLAIM1 an old ping is told so where its user is held, and elsewhere; the same again is a retry', async () => {
    const at = (point: typeof WEST, seq: number) =>
      api('old', 'PUT', '/v1/presence', { ...point, session: 's', seq }).then(({ status, body }) => [
        status,
        body['code'],
      ]);
    expect(await at(WEST, 5)).toEqual([200, undefined]);
    expect(await at(WEST, 5)).toEqual([200, undefined]);
    expect(await at(WEST, 4)).toEqual([409, 'stale_ping']);
    expect(await at(EAST, 4)).toEqual([409, 'stale_ping']);
  });

  it('EDGE1 a leave with numbers that are none is refused', async () => {
    expect(await api('odd', 'DELETE', '/v1/presence?seq=many')).toMatchObject({
      status: 422,
      body: { code: 'bad_query' },
    });
  });
});
