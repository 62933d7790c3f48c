// The longest answers that anybody may give, as many as anybody may want, all at once: everybody is answered and bystanders notice nothing.
import { beforeAll, describe, expect, it } from 'vitest';
import { ROW_BYTES_MAX } from '../../src/engine/rows.ts';
import type { Box } from '../../src/geo/box-polygon.ts';
import { ANSWERS_WANTED_MAX, TEXT_LENGTH_MAX } from '../../src/protocol/limits.ts';
import {
  alarmOf,
  api,
  BOX,
  cellStub,
  eventually,
  evictAll,
  inboxOf,
  inside,
  type Json,
  near,
  rollOut,
  stream,
} from './world.ts';

const N = ANSWERS_WANTED_MAX;
/** Three bytes each, and some that JSON doubles. */
const TEXTS = ['€'.repeat(TEXT_LENGTH_MAX), '"\\'.repeat(TEXT_LENGTH_MAX / 2)];
const longest = (n: number): string => TEXTS[n % TEXTS.length] ?? '';
/** Far below the platform's 2 MB a row: an event is one. */
const EVENT_BYTES_MAX = 16 * 1024;
const person = (n: number): string => `person${n}`;

/** Another city, whose cells nobody else has touched. */
const THERE = { lat: 40.7128, lng: -74.006 };
const FULL: Box = [-74.01, 40.71, -74.0, 40.716];

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

/** A question that all of `people` have accepted, at rest on its disk. */
async function accepted(asker: string, people: readonly string[]) {
  for (const user of people) await api(user, 'PUT', '/v1/presence', { ...THERE, ttlS: 3600 });
  const ask = { ...THERE, text: 'How full?', answersWanted: people.length, expiresInS: 3600 };
  const asked = await api(asker, 'POST', '/v1/questions', ask);
  const offers: string[] = [];
  for (const user of people) {
    const [event] = await inboxOf(user, 1);
    const offer = String((event?.['data'] as Json | undefined)?.['id']);
    expect((await api(user, 'POST', `/v1/offers/${offer}/accept`)).status).toBe(200);
    offers.push(offer);
  }
  await inboxOf(asker, people.length);
  await evictAll();
  return { id: String(asked.body['id']), stub: cellStub(String(asked.body['cell'])), offers };
}

/** Changes the row of a question behind its cell's back: nothing that enters would make it so. */
async function rewrite(stub: DurableObjectStub, id: string, text: string, more: Json = {}): Promise<void> {
  await inside(stub, ({ storage }) => {
    storage.sql.exec('UPDATE questions SET d = json_patch(d, ?) WHERE k = ?', JSON.stringify({ text, ...more }), id);
  });
  await evictAll();
}

describe('BOUND3 a row that would be too large, of a real cell', () => {
  beforeAll(async () => {
    await rollOut('full', FULL, { cooldownMs: 0, limits: { eventsPerS: 100_000 } });
  });

  it('refuses the answer that would make it so: its cell lives on with its sockets, its alarm and everybody else', async () => {
    const bystander = await stream('full-by', THERE, '&capacity=0');
    const { id, stub, offers } = await accepted('full-asker', ['full-1', 'full-2']);
    await rewrite(stub, id, 'x'.repeat(ROW_BYTES_MAX - 8000));
    const alarm = await alarmOf(stub);
    const answer = (n: number, text: string) =>
      api(`full-${n}`, 'POST', `/v1/offers/${offers[n - 1]}/answer`, { text });
    expect(await answer(1, longest(0))).toMatchObject({ status: 422, body: { code: 'too_large' } });
    expect(await bystander.ask('presence', THERE)).toMatchObject({ t: 'ok' });
    expect(await alarmOf(stub)).toBe(alarm);
    const { body } = await api('full-asker', 'GET', `/v1/questions/${id}`);
    expect(body).toMatchObject({ state: 'matched', answers: [] });
    expect((await answer(2, 'Not quite.')).status).toBe(201);
    expect((await api('full-asker', 'DELETE', `/v1/questions/${id}`)).status).toBe(200);
    bystander.close();
  });

  it('is tried again by the alarm, and not at once for ever, where its own time has come', async () => {
    const { id, stub } = await accepted('late-asker', ['late-1']);
    await rewrite(stub, id, 'x'.repeat(ROW_BYTES_MAX - 1200), { expiresAt: 1 });
    await eventually('a try that failed, and an alarm well after it', async () => {
      const at = (await alarmOf(stub)) ?? 0;
      return at > Date.now() + 10_000 ? at : undefined;
    });
    await rewrite(stub, id, 'Late?', { expiresAt: 1 });
    await eventually('its end', async () => {
      const { body } = await api('late-asker', 'GET', `/v1/questions/${id}`);
      return body['state'] === 'expired' ? body : undefined;
    });
  });
});
