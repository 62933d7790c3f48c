// A socket's opening and the profile: whoever connects can be asked only what they said that they can be asked.
import { beforeAll, describe, expect, it } from 'vitest';
import { api, BOX, evictAll, type Json, rollOut, stream, WEST } from './world.ts';

beforeAll(async () => {
  const { status } = await rollOut('opening', BOX, { cooldownMs: 0, offers: { ttlMs: 60_000, spare: 10, max: 20 } });
  expect(status).toBe(200);
});

/** Who has offers once somebody has asked about a topic. */
async function offeredOf(topic: string, users: readonly string[]): Promise<readonly string[]> {
  const ask = { ...WEST, text: 'Who?', topic, languages: ['fr'], answersWanted: 1 };
  const asked = await api('asker', 'POST', '/v1/questions', ask);
  expect(asked.status).toBe(201);
  // The news of an offer is on its way to the inbox.
  await new Promise((resolve) => setTimeout(resolve, 400));
  const offered: string[] = [];
  for (const user of users) {
    const { items } = (await api<{ items: readonly Json[] }>(user, 'GET', '/v1/offers')).body;
    if (items.some((offer) => offer['topic'] === topic)) offered.push(user);
  }
  await api('asker', 'DELETE', `/v1/questions/${String(asked.body['id'])}`);
  return offered;
}

describe('PROF2 who opens a socket', () => {
  it('and has never said a word of a profile is connected, and can be asked nothing before their first frame', async () => {
    const eve = await stream('eve', WEST, '');
    expect(await offeredOf('aid1', ['eve'])).toEqual([]);
    await evictAll();
    expect(await offeredOf('aid2', ['eve'])).toEqual([]);
    expect(await eve.ask('presence', { ...WEST, topics: ['aid3'] })).toMatchObject({ t: 'ok' });
    expect(await offeredOf('aid4', ['eve'])).toEqual([]);
    expect(await offeredOf('aid3', ['eve'])).toEqual(['eve']);
    eve.close();
  });

  it('can be asked by the profile of the address from the upgrade on, letters of any script in it', async () => {
    const open = [
      await stream('cap0', WEST, '&capacity=0'),
      await stream('talks', WEST, '&topics=caf%25C3%25A9,b&languages=fr&ttlS=60&session=s1&seq=1'),
      await stream('speaks', WEST, `&topics=${encodeURIComponent('café')}&languages=en`),
    ];
    expect(await offeredOf('café', ['cap0', 'talks', 'speaks'])).toEqual(['talks']);
    for (const one of open) one.close();
  });

  it('can be asked by the profile that they gave before, wherever that was', async () => {
    await api('olga', 'PUT', '/v1/presence', { ...WEST, topics: ['food'], languages: ['fr'], capacity: 2 });
    const olga = await stream('olga', WEST, '');
    expect(await offeredOf('aid', ['olga'])).toEqual([]);
    expect(await offeredOf('food', ['olga'])).toEqual(['olga']);
    olga.close();
  });

  it('EDGE1 is told what is wrong with the address', async () => {
    await expect(stream('wrong', WEST, '&capacity=many')).rejects.toThrow(/422.*bad_query/s);
    await expect(stream('wrong', undefined, '')).rejects.toThrow(/409.*no_presence/s);
    const query = await api('wrong', 'GET', '/v1/stream?topics=food', undefined, { upgrade: 'websocket' });
    expect(query).toMatchObject({ status: 422, body: { detail: 'lat is required with topics' } });
  });
});
