// An attack on ids: somebody who knows a name and guesses keys looks for the square where that user asked.
import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomToken, tokensOfKey } from '../../src/edge/digest.ts';
import { servicesOf } from '../../src/edge/services.ts';
import { Verbs } from '../../src/edge/verbs.ts';
import { encode } from '../../src/geo/geohash.ts';
import { snap } from '../../src/geo/snap.ts';
import type { QuestionId, UserId } from '../../src/protocol/ids.ts';
import { api, BOX, near, rollOut, tokenOf } from './world.ts';

const AT = near(40);
const ASK = { ...AT, text: 'Is the bakery open?', topic: 'none', expiresInS: 600 };
const KEYS = ['1', 'key', 'ask-1', '00000000-0000-0000-0000-000000000000'];
const SECRETS = ['a secret of yesterday, thirty-two characters', 'a secret of today, of thirty-two characters'];
const alice = 'auth0|alice';
/** As the user is known inside: what a test may look up, a stranger could compute. */
const askedBy = (verbs: Verbs, user: string, key: string) =>
  verbs.ask({ user: user as UserId, anybody: false }, { ...ASK, key });
const idOf = (answer: object): unknown => ('view' in answer ? (answer.view as { id: QuestionId }).id : answer);

/** All that an answer says, but for the trace, which is new each time. */
async function seen(user: string, method: string, path: string, body?: unknown) {
  const response = await exports.default.fetch(`https://edge${path}`, {
    method,
    headers: { authorization: `Bearer ${await tokenOf(user)}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { traceId: _, ...said } = (await response.json()) as { readonly traceId: string };
  const names = [...response.headers.keys()].sort();
  return { status: response.status, said, names };
}

beforeAll(async () => {
  expect((await rollOut('sf', BOX)).status).toBe(200);
});

describe('PRIV2: a stranger who knows a name and a key', () => {
  it('finds no id, whatever they hash', async () => {
    const asked: string[] = [];
    for (const key of KEYS) {
      const { status, body } = await api<{ readonly id: string }>(alice, 'POST', '/v1/questions', ASK, {
        'idempotency-key': key,
      });
      expect(status).toBe(201);
      asked.push(body.id);
    }
    const home = encode(snap(AT, 7), 7);
    const names = [alice, 'alice', '~'];
    // Without a secret, and with those that somebody may take for one.
    const guesses = await Promise.all(
      names.flatMap((name) => KEYS.map((key) => tokensOfKey(name, key, ['', name, key, 'secret', 'vicinal']))),
    );
    const ids = guesses.flat().map((token) => `q-${home}-${token}`);
    expect(ids.filter((id) => asked.includes(id))).toEqual([]);
  });

  it.each([
    ['reading', 'GET', '', undefined],
    ['cancelling', 'DELETE', '', undefined],
    ['moving', 'PATCH', '', AT],
  ])(
    'learns nothing by %s what somebody asked: it is answered as what does not exist',
    async (_how, method, more, body) => {
      const { body: mine } = await api<{ readonly id: string }>(alice, 'POST', '/v1/questions', ASK);
      const home = encode(snap(AT, 7), 7);
      const there = await seen('mallory', method, `/v1/questions/${mine.id}${more}`, body);
      expect(there).toMatchObject({ status: 404, said: { code: 'unknown_question' } });
      expect(there).toEqual(await seen('mallory', method, `/v1/questions/q-${home}-${randomToken()}`, body));
      // Nor from a square where no cell is.
      expect(there).toEqual(await seen('mallory', method, `/v1/questions/q-u4xsu77-${randomToken()}`, body));
      const offer = await seen('mallory', 'POST', `/v1/offers/${mine.id}.1/accept`);
      expect(offer).toMatchObject({ status: 404, said: { code: 'unknown_offer' } });
      expect(offer).toEqual(await seen('mallory', 'POST', `/v1/offers/q-${home}-${randomToken()}.1/accept`));
    },
  );
});

describe('ONCE1: a retry', () => {
  const { router } = servicesOf(env);
  const [before, today] = SECRETS as [string, string];

  it('meets its first try when the secret was changed meanwhile', async () => {
    const first = idOf(await askedBy(new Verbs(router, [before]), 'bob', 'rotated'));
    expect(first).toMatch(/^q-/);
    expect(idOf(await askedBy(new Verbs(router, [today, before]), 'bob', 'rotated'))).toBe(first);
    expect(idOf(await askedBy(new Verbs(router, [before, today]), 'bob', 'rotated'))).toBe(first);
  });

  it('of somebody else with the same key is another question', async () => {
    const verbs = new Verbs(router, [today, before]);
    const [one, other] = [await askedBy(verbs, 'cem', 'same'), await askedBy(verbs, 'dee', 'same')];
    expect(idOf(one)).not.toBe(idOf(other));
  });

  it('meets what was asked when ids were made without a secret', async () => {
    const tokens = await tokensOfKey('eva', 'old', []);
    const id = `q-${encode(snap(AT, 7), 7)}-${tokens[0]}` as QuestionId;
    const sent = { ...ASK, topic: 'legacy' };
    const { text, topic } = sent;
    const question = { id, asker: 'eva' as UserId, key: 'old', point: snap(AT, 7), text, topic, languages: [] };
    const cell = encode(AT, 6);
    const stored = await router.callCell(
      { cell: cell as never },
      {
        t: 'ask',
        question: { ...question, answersWanted: 1, bodyHash: 'of before' },
      },
    );
    expect(stored).toMatchObject({ view: { id } });
    // The same id, so the same question: its body was another.
    expect(await askedBy(new Verbs(router, [today]), 'eva', 'old')).toMatchObject({ code: 'key_reused' });
  });
});
