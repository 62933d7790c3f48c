// What comes from outside as others make it: names of any identity provider, keys, topics, half-sent bodies.
import { beforeAll, describe, expect, it } from 'vitest';
import { type Act, codeIn, exchange, statusIn } from './support/raw.ts';
import { eventually, showLogsOnFailure, useService } from './support/service.ts';
import { socketOf } from './support/socket.ts';
import { AT, type Offer, openTown, type Question, type Town } from './support/town.ts';

const box = useService();
const { api, tokenFor } = box;

let town: Town;
beforeAll(async () => {
  town = await openTown(box, { offers: { ttlMs: 60_000 }, cooldownMs: 0 });
});

const asked = (topic: string, text = 'Anybody?') => ({ ...AT, text, topic, expiresInS: 600 });

describe('EDGE4: somebody with a name of', () => {
  it.each([
    ['Auth0', 'auth0|5f7c8ec7c33c6c004bbafe82'],
    ['Google', 'google-oauth2|103547991597142817347'],
    ['a DID', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK#a/b?c=d'],
    ['blanks', ' a  b '],
    ['letters beyond ASCII', 'Zoë Müller 张伟'],
    ['255 characters of four bytes', '\u{1f600}'.repeat(255)],
    ['the grammar of before', 'x'.repeat(128)],
  ])('%s is asked, answers, asks and hears of it', async (_of, sub) => {
    showLogsOnFailure(box);
    const [me, other] = await Promise.all([tokenFor(sub), tokenFor(`${[...sub].slice(0, 200).join('')}!`)]);
    const topic = `t${Math.random().toString(36).slice(2, 10)}`;
    const socket = await socketOf(`${box.url()}/v1/stream?lat=${AT.lat}&lng=${AT.lng}`, me);
    socket.send(JSON.stringify({ t: 'presence', ref: 'p', ...AT, topics: [topic], capacity: 2 }));
    expect(await socket.next((frame) => frame['ref'] === 'p')).toMatchObject({ t: 'ok' });

    const question = await town.ask(other, asked(topic));
    const made = await socket.next(({ data }) => (data as Offer | undefined)?.questionId === question.id);
    const { id } = made['data'] as Offer;
    expect((await api('POST', `/v1/offers/${id}/accept`, undefined, me)).status).toBe(200);
    expect((await api('POST', `/v1/offers/${id}/answer`, { text: 'Here.' }, me)).status).toBe(201);
    const events = await api<{ items: readonly { type: string }[] }>(
      'GET',
      '/v1/events?waitS=5&_=1700000000',
      undefined,
      other,
    );
    expect(events.body.items.map(({ type }) => type)).toContain('question.matched');
    expect((await api<Question>('GET', `/v1/questions/${question.id}`, undefined, other)).body.state).toBe('answered');
    socket.close();

    const headers = { 'idempotency-key': 'a key with blanks' };
    const [first, again] = [
      await api<Question>('POST', '/v1/questions', asked(topic), me, headers),
      await api<Question>('POST', '/v1/questions', asked(topic), me, { 'idempotency-key': '"a key with blanks"' }),
    ];
    expect([first.status, again.status, again.body.id]).toEqual([201, 201, first.body.id]);
    // Ids say nothing of whoever asked, and have one length.
    expect(first.body.id).toMatch(/^q-[0-9a-z]{7}-[a-z2-7]{26}$/);
    expect((await api('DELETE', '/v1/presence', undefined, me)).status).toBe(204);
  });

  it('a service acts for them by the header of RFC 8187', async () => {
    const service = await tokenFor('back office', 'service');
    const zoe = await tokenFor('zoë|1');
    const mine = await town.ask(zoe, asked('none'));
    const list = await api<{ items: readonly Question[] }>('GET', '/v1/questions', undefined, service, {
      'x-vicinal-act-for': "UTF-8''zo%C3%AB%7C1",
    });
    expect(list.body.items.map(({ id }) => id)).toEqual([mine.id]);
  });
});

describe('EDGE4: keys', () => {
  it.each([['k'.repeat(255)], ['!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ 0aA'], ['"'], ['"\\"quoted\\" \\\\ once"']])(
    'of the form %s are one question each',
    async (key) => {
      const headers = { 'idempotency-key': key };
      const ask = () => api<Question>('POST', '/v1/questions', asked('none', `Key ${key}?`), town.carol, headers);
      const [first, again] = [await ask(), await ask()];
      expect([first.status, again.body.id]).toEqual([201, first.body.id]);
    },
  );

  it('of a frame and of a header are the same', async () => {
    await town.present(town.carol, []);
    const socket = await socketOf(`${box.url()}/v1/stream`, town.carol);
    socket.send(JSON.stringify({ t: 'ask', ref: null, key: 'both ways', ...asked('none') }));
    const said = await socket.next((frame) => frame['t'] === 'ok');
    const headers = { 'idempotency-key': '"both ways"' };
    const over = await api<Question>('POST', '/v1/questions', asked('none'), town.carol, headers);
    expect(over.body.id).toBe((said['result'] as Question).id);
    socket.close();
  });
});

it('EDGE5: topics meet however they are written, and are shown as they were', async () => {
  const [dora, emil] = await Promise.all([tokenFor('dora'), tokenFor('emil')]);
  await town.present(dora, ['CAFE\u0301 ', 'boats']);
  const question = await town.ask(emil, asked(' Caf\u00e9'));
  expect(question).toMatchObject({ topic: ' Caf\u00e9' });
  const offer = await town.offerFor(dora, question.id);
  expect(offer).toMatchObject({ topic: ' Caf\u00e9' });
  // Whoever comes later is held against those who sleep.
  const sleeper = await town.ask(emil, asked('Segeln'));
  await town.present(dora, ['segeln ']);
  expect(await town.offerFor(dora, sleeper.id)).toMatchObject({ state: 'pending' });
  await api('DELETE', '/v1/presence', undefined, dora);
});

it.each(['/v1/events?_=1', '/v1/offers?utm_source=x', '/health?a', '/v1/ops/cities?_=1', '/v1/ops/cells?city=sf&_=1'])(
  'EDGE6: a parameter that means nothing does no harm: %s',
  async (path) => {
    const token = path.startsWith('/v1/ops') ? town.ops : town.alice;
    expect((await api('GET', path, undefined, token)).status).toBe(200);
  },
);

it('an unknown path says which there are', async () => {
  const { body } = await api<{ readonly detail?: string }>('GET', '/v1/question', undefined, town.alice);
  const named = body.detail?.split(/,? /).filter((word) => word.startsWith('/')) ?? [];
  expect(named).toContain('/v1/questions/{id}');
  for (const path of named.filter((each) => !each.includes('{'))) {
    expect([path, (await api('PATCH', path, {}, town.alice)).status]).toEqual([path, 405]);
  }
});

describe('EDGE1: a body that is not whole', () => {
  const head = (more: string, path = '/v1/questions'): string =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${town.alice}\r\nContent-Type: application/json\r\n${more}\r\n\r\n`;
  const chunked = 'Transfer-Encoding: chunked';

  it.each<readonly [string, () => readonly Act[]]>([
    ['ends too early', () => [head('Content-Length: 100'), '{"lat"', 50, { close: 'end' }]],
    ['ends between chunks', () => [head(chunked), '6\r\n{"lat"\r\n', 50, { close: 'end' }]],
    ['ends in a chunk', () => [head(chunked), '60\r\n{"lat"', 50, { close: 'end' }]],
    ['has a chunk without a size', () => [head(chunked), 'zz\r\n{"a":1}\r\n0\r\n\r\n']],
    ['has a chunk that is longer than it says', () => [head(chunked), '5\r\n{"a":1}\r\n0\r\n\r\n']],
    ['has a chunk of a size beyond all numbers', () => [head(chunked), `${'f'.repeat(40)}\r\n{"a":1}\r\n0\r\n\r\n`]],
    ['belongs to nothing that takes one', () => [head(chunked, '/v1/offers/q-9q8yyk8-abcdefghij.1/accept'), 'zz\r\n']],
  ])('that %s is the 400 of whoever sent it', async (_what, acts) => {
    const said = await exchange(box.url(), acts());
    expect([statusIn(said), codeIn(said)]).toEqual([400, 'body_broken']);
  });

  it('leaves no fault in the log, also where nobody waits for the answer', async () => {
    const from = box.logs().length;
    for (const acts of [
      [head('Content-Length: 100'), '{"lat"', 50, { close: 'reset' } as const],
      [head(chunked), '6\r\n{"lat"\r\n', 50, { close: 'reset' } as const],
      [head('Content-Length: 100'), { close: 'reset' } as const],
      ['CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ])
      await exchange(box.url(), acts, 300);
    await api('GET', '/health');
    await eventually('the log', () =>
      box
        .logs()
        .slice(from)
        .some((line) => line.includes('"route":"/health"')),
    );
    const wrong = box.logs().filter((line) => /"level":"(error|warn)"|"status":5\d\d|[Uu]ncaught|rror:/.test(line));
    expect(wrong).toEqual([]);
  });
});

describe('EDGE9: what is done otherwise than asked is said', () => {
  type Said = { readonly adjusted?: readonly unknown[]; readonly radiusM: number };
  const ask = (more: object) =>
    api<Said>('POST', '/v1/questions', { ...AT, text: 'Anybody?', topic: 'none', ...more }, town.alice);

  it.each([
    [{ radiusM: 1 }, [{ field: 'radiusM', asked: 1, used: 500 }]],
    [{ radiusM: 100_000 }, [{ field: 'radiusM', asked: 100_000, used: 8000 }]],
    [{ radiusM: 1200 }, [{ field: 'radiusM', asked: 1200, used: 1500 }]],
    [{ expiresInS: 604_800 }, [{ field: 'expiresInS', asked: 604_800, used: 86_400 }]],
    [{ radiusM: 500, expiresInS: 600 }, undefined],
    [{}, undefined],
  ])('of a question with %j', async (more, adjusted) => {
    const { status, body } = await ask(more);
    expect([status, body.adjusted]).toEqual([201, adjusted]);
  });

  it('over a socket too, of a lease too', async () => {
    const query = `lat=${AT.lat}&lng=${AT.lng}`;
    const socket = await socketOf(`${box.url()}/v1/stream?${query}`, await tokenFor('fay'));
    const resultOf = async (frame: object): Promise<Said> => {
      socket.send(JSON.stringify({ ref: 'r', ...frame }));
      return (await socket.next(({ ref }) => ref === 'r'))['result'] as Said;
    };
    expect((await resultOf({ t: 'ask', text: 'Anybody?', topic: 'none', radiusM: 1 })).adjusted).toHaveLength(1);
    const lease = [{ field: 'ttlS', asked: 86_400, used: 3600 }];
    expect((await resultOf({ t: 'presence', ...AT, ttlS: 86_400 })).adjusted).toEqual(lease);
    expect(await resultOf({ t: 'presence', ...AT })).not.toHaveProperty('adjusted');
    socket.close();
    const over = await api<Said>('PUT', '/v1/presence', { ...AT, ttlS: 86_400 }, await tokenFor('gil'));
    expect(over.body.adjusted).toEqual(lease);
  });
});
