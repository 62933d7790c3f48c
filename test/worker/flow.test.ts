// A question from the ask to its answers through the real worker, and again with every object thrown out of memory between
// every two calls: nobody can tell the difference.
import { beforeAll, describe, expect, it } from 'vitest';
import { api, BOX, EAST, eventually, evictAll, inboxOf, type Json, near, rollOut, stream, WEST } from './world.ts';

type Log = { readonly step: string; readonly saw: unknown }[];

beforeAll(async () => {
  const { status, body } = await rollOut('flow', BOX, { cooldownMs: 0, offers: { ttlMs: 60_000, spare: 1 } });
  expect({ status, cells: body['cells'] }).toEqual({ status: 200, cells: expect.any(Number) });
});

/** Two people on streams (one of whom never sent a point over it), one over HTTP, one who asks, one who comes late. */
async function scenario(tag: string, between: () => Promise<void>): Promise<Log> {
  const log: Log = [];
  const name = (who: string): string => `${who}-${tag}`;
  const note = async <T>(step: string, saw: Promise<T> | T): Promise<T> => {
    const seen = await saw;
    log.push({ step, saw: seen });
    await between();
    return seen;
  };

  await note('anna is present', api(name('anna'), 'PUT', '/v1/presence', { ...near(0), topics: ['coffee'] }));
  const ben = await stream(name('ben'), WEST);
  await between();
  await note('ben says more', ben.ask('presence', { ...near(150), topics: ['coffee'], ttlS: 300 }));
  await note('cara is present', api(name('cara'), 'PUT', '/v1/presence', { ...near(150), topics: ['coffee'] }));
  const cara = await stream(name('cara'));
  await between();

  const ask = { ...near(0), text: 'Is it open?', topic: 'coffee', answersWanted: 2, expiresInS: 600 };
  const key = { 'idempotency-key': `key-${tag}` };
  const asked = await note('dan asks', api(name('dan'), 'POST', '/v1/questions', ask, key));
  // How far the tries have come by then is a matter of time, the id is not.
  const again = await api(name('dan'), 'POST', '/v1/questions', ask, key);
  await note('dan asks again', { status: again.status, id: again.body['id'] });
  const offered = async (who: string): Promise<string> => {
    const offers = await eventually(`an offer for ${who}`, async () => {
      const { body } = await api<{ readonly items: readonly Json[] }>(name(who), 'GET', '/v1/offers');
      return body.items.length > 0 ? body.items : undefined;
    });
    await note(`offers of ${who}`, offers);
    return String(offers[0]?.['id']);
  };
  const [annas, bens, caras] = [await offered('anna'), await offered('ben'), await offered('cara')];
  await note(
    'ben hears it',
    eventually('ben', () => ben.events()[0]),
  );
  await note(
    'cara hears it',
    eventually('cara', () => cara.events()[0]),
  );

  await note('ben moves', ben.ask('presence', near(-150)));
  await note('anna declines', api(name('anna'), 'POST', `/v1/offers/${annas}/decline`));
  await note('ben accepts', ben.ask('accept', { id: bens }));
  await note('ben accepts again', ben.ask('accept', { id: bens }));
  await note('ben answers', ben.ask('answer', { id: bens, text: 'It is.' }));
  await note('cara answers too soon', api(name('cara'), 'POST', `/v1/offers/${caras}/answer`, { text: 'No' }));
  await note('cara accepts', api(name('cara'), 'POST', `/v1/offers/${caras}/accept`));
  await note('cara answers', api(name('cara'), 'POST', `/v1/offers/${caras}/answer`, { text: 'Until six.' }));
  await note('dan looks', api(name('dan'), 'GET', `/v1/questions/${asked.body['id']}`));
  await note('dan heard', inboxOf(name('dan'), 4));

  const odd = { lat: EAST.lat, lng: EAST.lng, text: 'Who tunes pianos?', topic: 'pianos', expiresInS: 600 };
  const second = await note('dan asks what nobody knows', api(name('dan'), 'POST', '/v1/questions', odd));
  const id = String(second.body['id']);
  const dormant = await eventually('dormant', async () => {
    const seen = await api(name('dan'), 'GET', `/v1/questions/${id}`);
    return seen.body['state'] === 'dormant' ? seen : undefined;
  });
  await note('it sleeps', dormant.body['state']);
  await note('eva arrives', api(name('eva'), 'PUT', '/v1/presence', { ...EAST, topics: ['pianos'] }));
  await offered('eva');
  await note('dan cancels', api(name('dan'), 'DELETE', `/v1/questions/${id}`));
  await note('eva heard', inboxOf(name('eva'), 2));
  await note('dan acknowledges', api(name('dan'), 'POST', '/v1/events/ack', { seq: 3 }));
  await note('dan has left', inboxOf(name('dan'), 3));
  await note('the questions of dan', api(name('dan'), 'GET', '/v1/questions'));

  const pushed = { ben: ben.events(), cara: cara.events() };
  await note('pushed is what the inboxes say', [pushed, await inboxOf(name('ben')), await inboxOf(name('cara'))]);
  for (const who of ['anna', 'ben', 'cara', 'eva'])
    await note(`${who} leaves`, api(name(who), 'DELETE', '/v1/presence'));
  ben.close();
  cara.close();
  return log;
}

/** Ids by order of appearance, times and what depends on them as placeholders. */
function likeness(log: Log, tag: string): unknown {
  const ids = new Map<string, string>();
  const plain = JSON.stringify(log)
    .replaceAll(`-${tag}"`, '"')
    .replace(/q-([0-9a-z]+)-[0-9a-z]+/g, (id, home: string) => {
      if (!ids.has(id)) ids.set(id, `q-${home}-#${ids.size + 1}`);
      return ids.get(id) as string;
    })
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/"traceId":"[0-9a-f]+"/g, '"traceId":"<trace>"');
  return JSON.parse(plain);
}

describe('the whole way', () => {
  it('KEEP1, KEEP2, ONE1, ONCE1, WAKE2: eviction between every two calls changes nothing that users see', async () => {
    const steady = await scenario('steady', async () => {});
    const evicted = await scenario('evicted', evictAll);

    const saw = (step: string): unknown => steady.find((one) => one.step === step)?.saw;
    expect(saw('dan asks')).toMatchObject({ status: 201, body: { state: 'open', answersWanted: 2 } });
    expect(saw('ben accepts')).toMatchObject({ t: 'ok', result: { state: 'accepted' } });
    expect(saw('cara answers too soon')).toMatchObject({ status: 409, body: { code: 'offer_not_accepted' } });
    expect(saw('dan looks')).toMatchObject({ status: 200, body: { state: 'answered', offersAccepted: 2 } });
    const heard = saw('dan heard') as readonly Json[];
    expect(heard.map(({ type }) => type)).toEqual([
      'question.matched',
      'question.answered',
      'question.matched',
      'question.answered',
    ]);
    expect(heard.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(saw('eva heard')).toMatchObject([{ type: 'offer.made' }, { type: 'offer.withdrawn' }]);
    const [pushed, bens, caras] = saw('pushed is what the inboxes say') as readonly [Json, unknown, unknown];
    expect(pushed).toEqual({ ben: bens, cara: caras });

    expect(likeness(evicted, 'evicted')).toEqual(likeness(steady, 'steady'));
  }, 60_000);
});
