// Removing a city: it drains while questions are open, then goes as a whole; people are told; what ended stays readable.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { removeOn } from '../../src/cron/removal.ts';
import { servicesOf } from '../../src/edge/services.ts';
import { epochMs } from '../../src/lib/brand.ts';
import type { CityId } from '../../src/protocol/ids.ts';
import { api, BOX, EAST, eventually, rollOut, stream, WEST } from './world.ts';

type Question = { readonly id: string; readonly state: string };
const CITY = '/v1/ops/cities/sf';
const remove = () => api('ops', 'DELETE', CITY);
const state = async () => (await api('ops', 'GET', CITY)).body['state'];

const cron = async (): Promise<number> => {
  const { store, router } = servicesOf(env);
  const errors: unknown[] = [];
  const cities = await removeOn({ store, router, now: () => epochMs(Date.now()) }, (_, error) => errors.push(error));
  expect(errors).toEqual([]);
  return cities;
};

describe('removing a city', () => {
  beforeEach(async () => {
    // Over what the test before left: versions only rise, so nothing is deleted between them.
    expect((await rollOut('sf', BOX)).status).toBe(200);
  });

  it('GONE1 takes an idle one away at once, all its cells together, and says so when it is asked again', async () => {
    expect(await state()).toBe('live');
    expect(await remove()).toEqual({ status: 200, body: { id: 'sf', state: 'removed' } });
    expect(await state()).toBe('removed');
    const { results } = await env.DB.prepare('SELECT DISTINCT state FROM cells').all();
    expect(results).toEqual([{ state: 'retired' }]);
    const again = await remove();
    expect(again).toMatchObject({ status: 404, body: { code: 'unknown_city' } });
    expect(again.body['detail']).toMatch(/^the city was removed at 2\d{3}-/);
    expect((await api('ops', 'GET', '/v1/ops/cities')).body['items']).toEqual([]);
    expect(await api('ops', 'DELETE', '/v1/ops/cities/nowhere')).toMatchObject({ status: 404 });
  });

  it('GONE1 drains one with an open question: nothing new, and the old one is answered', async () => {
    const asked = await api<Question>('ana', 'POST', '/v1/questions', { ...WEST, text: 'where?' });
    expect(asked.status).toBe(201);
    const first = await remove();
    expect(first).toMatchObject({ status: 202, body: { id: 'sf', state: 'draining', open: 1 } });
    expect(Date.parse(first.body['endsAt'] as string)).toBeGreaterThan(Date.now() + 600_000);
    expect(first.body['drained']).toBe((first.body['cells'] as number) - 1);
    expect(await state()).toBe('draining');
    const more = await api('cem', 'POST', '/v1/questions', { ...WEST, text: 'and now?' });
    expect(more).toMatchObject({ status: 404, body: { code: 'out_of_coverage' } });
    const elsewhere = await api('cem', 'POST', '/v1/questions', { ...EAST, text: 'and here?' });
    expect(elsewhere).toMatchObject({ status: 404, body: { code: 'out_of_coverage' } });
    expect(await rollOut('sf', BOX)).toMatchObject({ status: 409, body: { code: 'city_draining' } });

    expect((await api('bob', 'PUT', '/v1/presence', WEST)).status).toBe(200);
    const offer = await eventually('an offer', async () => {
      const { body } = await api<{ readonly items: readonly Question[] }>('bob', 'GET', '/v1/offers');
      return body.items[0];
    });
    expect((await api('bob', 'POST', `/v1/offers/${offer.id}/accept`)).status).toBe(200);
    expect(await remove()).toMatchObject({ status: 202, body: { open: 1 } });
    expect((await api('bob', 'POST', `/v1/offers/${offer.id}/answer`, { text: 'there' })).status).toBe(201);

    expect(await remove()).toMatchObject({ status: 200, body: { state: 'removed' } });
    const question = await api('ana', 'GET', `/v1/questions/${asked.body.id}`);
    expect(question).toMatchObject({ status: 200, body: { state: 'answered', answers: [{ text: 'there' }] } });
    const { body } = await api<{ readonly items: readonly unknown[] }>('ana', 'GET', '/v1/events');
    expect(body.items.length).toBeGreaterThan(0);
    const { results } = await env.DB.prepare('SELECT * FROM drained').all();
    expect(results).toEqual([]);
  });

  it('GONE1 tells everybody who is connected, and has no place for them then', async () => {
    const bob = await stream('bob', WEST);
    await bob.ask('presence', WEST);
    expect((await remove()).status).toBe(200);
    await bob.closed;
    expect(bob.heard).toContainEqual(expect.objectContaining({ t: 'moved', reason: 'removed' }));
    const ping = await api('bob', 'PUT', '/v1/presence', WEST);
    expect(ping).toMatchObject({ status: 404, body: { code: 'out_of_coverage' } });
  });

  it('GONE2 can be kept until it is gone: it is asked again, and what was found empty before is not later', async () => {
    const asked = await api<Question>('ana', 'POST', '/v1/questions', { ...WEST, text: 'where?' });
    expect((await remove()).status).toBe(202);
    const { store } = servicesOf(env);
    const old = (await store.city('sf' as CityId, { primary: true }))?.version ?? 0;
    const kept = await api('ops', 'POST', `${CITY}/keep`);
    expect(kept).toMatchObject({ status: 200, body: { state: 'live' } });
    expect(await api('ops', 'POST', `${CITY}/keep`)).toEqual(kept);
    expect(await api('ops', 'GET', '/v1/ops/status')).toMatchObject({ body: { cities: [{ state: 'live' }] } });
    const more = await api<Question>('cem', 'POST', '/v1/questions', { ...EAST, text: 'and here?' });
    expect(more.status).toBe(201);
    const cells = await store.leavesOf('sf' as CityId, { primary: true });

    // A slice of the first removal ticks off what it saw, now that there is a second one.
    expect((await remove()).status).toBe(202);
    await env.DB.prepare('DELETE FROM drained').run();
    await store.setDrained('sf' as CityId, cells, old);
    expect((await env.DB.prepare('SELECT * FROM drained').all()).results).toEqual([]);
    expect(await remove()).toMatchObject({ status: 202, body: { open: 2 } });
    expect(await api('ops', 'GET', '/v1/ops/status')).toMatchObject({ body: { cities: [{ state: 'draining' }] } });
    for (const [user, id] of [
      ['ana', asked.body.id],
      ['cem', more.body.id],
    ] as const)
      expect((await api(user, 'DELETE', `/v1/questions/${id}`)).status).toBe(200);
    expect(await remove()).toMatchObject({ status: 200, body: { state: 'removed' } });
    const late = await api('ops', 'POST', `${CITY}/keep`);
    expect(late).toMatchObject({ status: 404, body: { code: 'unknown_city' } });
    expect(late.body['detail']).toMatch(/^the city was removed at 2/);
    expect(await api('ops', 'POST', '/v1/ops/cities/nowhere/keep')).toMatchObject({ status: 404 });
  });

  it('GONE1 goes on by the cron when nobody asks again', async () => {
    const asked = await api<Question>('ana', 'POST', '/v1/questions', { ...WEST, text: 'where?' });
    expect(asked.status).toBe(201);
    expect((await remove()).status).toBe(202);
    expect(await cron()).toBe(1);
    expect(await state()).toBe('draining');
    await api('ana', 'DELETE', `/v1/questions/${asked.body.id}`);
    expect(await cron()).toBe(1);
    expect(await state()).toBe('removed');
    expect(await cron()).toBe(0);
  });

  it('GONE1 may be asked for twice at once', async () => {
    const answers = await Promise.all([remove(), remove(), remove()]);
    expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 404)).toEqual([]);
    const { body } = await api<{ readonly audit: readonly { readonly action: string }[] }>('ops', 'GET', CITY);
    expect(body.audit.slice(0, 3).map(({ action }) => action)).toEqual(['city.remove', 'city.drain', 'city.create']);
  });

  it('GONE1 lets a city come back, for the same people at the same places', async () => {
    expect((await api('bob', 'PUT', '/v1/presence', WEST)).status).toBe(200);
    expect((await remove()).status).toBe(200);
    const back = await rollOut('sf', BOX);
    expect(back).toMatchObject({ status: 200, body: { changed: true, state: 'live' } });
    expect(back.body['added']).toBe(back.body['cells']);
    expect((await api('bob', 'PUT', '/v1/presence', WEST)).status).toBe(200);
    const asked = await api<Question>('ana', 'POST', '/v1/questions', { ...WEST, text: 'where?' });
    expect(asked.status).toBe(201);
    await api('ana', 'DELETE', `/v1/questions/${asked.body.id}`);
    const { body } = await api<{ readonly audit: readonly { readonly action: string }[] }>('ops', 'GET', CITY);
    expect(body.audit.slice(0, 3).map(({ action }) => action)).toEqual(['city.create', 'city.remove', 'city.drain']);
  });

  it('GONE1 waits for a cell that is being divided, and takes its parts away with the others', async () => {
    const asked = await api<Question>('ana', 'POST', '/v1/questions', { ...WEST, text: 'where?' });
    const cell = (await api('ana', 'GET', `/v1/questions/${asked.body.id}`)).body['cell'];
    expect((await api('ops', 'POST', `/v1/ops/cells/${cell}/split`)).status).toBeLessThan(300);
    expect((await remove()).status).toBe(202);
    const again = await api('ops', 'POST', `/v1/ops/cells/${cell}/split`);
    expect([200, 202, 404, 409]).toContain(again.status);
    await api('ana', 'DELETE', `/v1/questions/${asked.body.id}`);
    const answer = await eventually('it is gone', async () => {
      const said = await remove();
      return said.status === 202 ? undefined : said;
    });
    expect(answer).toEqual({ status: 200, body: { id: 'sf', state: 'removed' } });
    const { results } = await env.DB.prepare("SELECT cell FROM cells WHERE city = 'sf' AND state = 'leaf'").all();
    expect(results).toEqual([]);
    const ended = await api('ana', 'GET', `/v1/questions/${asked.body.id}`);
    expect(ended).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    // It comes back split, as its objects are.
    expect((await rollOut('sf', BOX)).status).toBe(200);
    const here = await api('bob', 'PUT', '/v1/presence', WEST);
    expect(here.status).toBe(200);
    expect(here.body['cell']).toMatch(new RegExp(`^${cell}.$`));
  });

  it('GONE1 SPLIT1 lets a cell be divided that lived before its city went and came back', async () => {
    const { body } = await api('bob', 'PUT', '/v1/presence', EAST);
    expect((await remove()).status).toBe(200);
    expect((await rollOut('sf', BOX)).status).toBe(200);
    const split = await api('ops', 'POST', `/v1/ops/cells/${body['cell']}/split`);
    expect(split).toMatchObject({ status: 202, body: { city: 'sf' } });
    await eventually('it is divided and gone', async () => ((await remove()).status === 200 ? true : undefined));
  });

  it('GONE1 gives up the ground to a city that was waiting for it', async () => {
    expect(await rollOut('bay', BOX)).toMatchObject({ status: 409, body: { code: 'no_cell_left' } });
    expect((await remove()).status).toBe(200);
    const bay = await rollOut('bay', BOX);
    expect(bay.body['added']).toBe(bay.body['cells']);
    expect((await api('bob', 'PUT', '/v1/presence', WEST)).body).toMatchObject({ city: 'bay' });
  });
});
