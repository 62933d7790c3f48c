// The longest answers that anybody may give, as many as anybody may want, all at once: everybody is answered and bystanders notice nothing.
import { beforeAll, describe, expect, it } from 'vitest';
import { ANSWERS_WANTED_MAX, TEXT_LENGTH_MAX } from '../../src/protocol/limits.ts';
import { api, BOX, eventually, type Json, near, rollOut, stream } from './world.ts';

const N = ANSWERS_WANTED_MAX;
/** Three bytes each, and some that JSON doubles. */
const TEXTS = ['€'.repeat(TEXT_LENGTH_MAX), '"\\'.repeat(TEXT_LENGTH_MAX / 2)];
const longest = (n: number): string => TEXTS[n % TEXTS.length] ?? '';
/** Far below the platform's 2 MB a row: an event is one. */
const EVENT_BYTES_MAX = 16 * 1024;
const person = (n: number): string => `person${n}`;

type Page = { readonly items: readonly Json[]; readonly next?: number };

describe('BOUND1 a question with the longest answers', () => {
  beforeAll(async () => {
    await rollOut('poison', BOX, {
      cooldownMs: 0,
      offers: { spare: 0, max: N, ttlMs: 600_000 },
      limits: { eventsPerS: 100_000 },
    });
    for (let n = 0; n < N; n++) await api(person(n), 'PUT', '/v1/presence', { ...near(n), ttlS: 3600 });
  });

  it('takes them all at once; bystanders stay connected, and every event is small', async () => {
    const bystanders = await Promise.all([0, 1, 2].map((n) => stream(`bystander${n}`, near(100 + n), '&capacity=0')));
    const question = { ...near(0), text: longest(0), radiusM: 500, answersWanted: N, expiresInS: 3600 };
    const asked = await api('asker', 'POST', '/v1/questions', question);
    expect(asked.status).toBe(201);
    const id = String(asked.body['id']);
    const offers = await Promise.all(
      Array.from({ length: N }, (_, n) =>
        eventually(`an offer for ${person(n)}`, async () => {
          const { body } = await api<Page>(person(n), 'GET', '/v1/offers');
          return body.items[0] === undefined ? undefined : String(body.items[0]['id']);
        }),
      ),
    );
    const accepted = await Promise.all(offers.map((offer, n) => api(person(n), 'POST', `/v1/offers/${offer}/accept`)));
    expect(accepted.map(({ status }) => status)).toEqual(offers.map(() => 200));
    const answered = await Promise.all(
      offers.map((offer, n) => api(person(n), 'POST', `/v1/offers/${offer}/answer`, { text: longest(n) })),
    );
    expect(answered.map(({ status }) => status)).toEqual(offers.map(() => 201));
    for (const bystander of bystanders) expect(await bystander.ask('presence', near(101))).toMatchObject({ t: 'ok' });
    const { body } = await api<{ readonly state: string; readonly answers: readonly Json[] }>(
      'asker',
      'GET',
      `/v1/questions/${id}`,
    );
    expect(body).toMatchObject({ state: 'answered' });
    expect(body.answers).toHaveLength(N);
    const events: Json[] = [];
    await eventually('the asker has heard of every answer', async () => {
      const after = Number(events.at(-1)?.['seq'] ?? 0);
      const page = (await api<Page>('asker', 'GET', `/v1/events?after=${after}`)).body;
      events.push(...page.items);
      return events.filter(({ type }) => type === 'question.answered').length === N ? true : undefined;
    });
    for (const event of events)
      expect(new TextEncoder().encode(JSON.stringify(event)).length).toBeLessThan(EVENT_BYTES_MAX);
    const last = events.at(-1)?.['data'] as { readonly question: Json; readonly answer: Json };
    expect(last).toMatchObject({
      question: { id, state: 'answered', offersAnswered: N },
      answer: { text: expect.any(String) },
    });
    expect(Object.keys(last.question)).not.toContain('answers');
    for (const bystander of bystanders) bystander.close();
  });
});
