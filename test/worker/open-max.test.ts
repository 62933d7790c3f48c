// One user who asks as fast as they can, and one after the other: a bounded number is open, the others are told why, nobody is slowed down.
import { beforeAll, describe, expect, it } from 'vitest';
import { api, BOX, eventually, type Json, near, rollOut, stream } from './world.ts';

const OPEN_MAX = 20;
const ASKS = 60;
const body = (n: number) => ({ ...near(n), text: `${n}?`, radiusM: 500, expiresInS: 3600 });
const refused = { code: 'too_many_questions', limit: 'question.openMax', most: OPEN_MAX };
const openOf = async (user: string): Promise<readonly Json[]> => {
  const { body: page } = await api<{ readonly items: readonly Json[] }>(user, 'GET', '/v1/questions?limit=100');
  return page.items.filter(({ state }) => state === 'open' || state === 'dormant');
};

describe('OPEN1 many questions of one user', () => {
  beforeAll(async () => {
    await rollOut('open', BOX, { limits: { eventsPerS: 100_000 } });
  });

  it.each([
    ['at once', (all: readonly (() => Promise<unknown>)[]) => Promise.all(all.map((one) => one()))],
    [
      'one after the other',
      async (all: readonly (() => Promise<unknown>)[]) => {
        const answers: unknown[] = [];
        for (const one of all) answers.push(await one());
        return answers;
      },
    ],
  ] as const)('are refused beyond 20 open ones, %s', async (how, run) => {
    const user = `asker-${how.replaceAll(' ', '-')}`;
    const asks = Array.from({ length: ASKS }, (_, n) => () => api(user, 'POST', '/v1/questions', body(n)));
    const answers = (await run(asks)) as { readonly status: number; readonly body: Json }[];
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(OPEN_MAX);
    for (const answer of answers.filter(({ status }) => status !== 201))
      expect(answer).toMatchObject({ status: 429, body: refused });
    const open = await openOf(user);
    expect(open).toHaveLength(OPEN_MAX);
    await api(user, 'DELETE', `/v1/questions/${String(open[0]?.['id'])}`);
    expect((await api(user, 'POST', '/v1/questions', body(99))).status, 'a place is free again').toBe(201);
    expect((await api(user, 'POST', '/v1/questions', body(98))).status).toBe(429);
  });

  it('ONCE1 are answered all the same when their key is known, over a socket too', async () => {
    const user = 'asker-keyed';
    const keyed = (n: number) => api(user, 'POST', '/v1/questions', body(n), { 'idempotency-key': `k${n}` });
    const first = await keyed(0);
    for (let n = 1; n < OPEN_MAX; n++) expect((await keyed(n)).status).toBe(201);
    expect(await keyed(0)).toMatchObject({ status: 201, body: { id: first.body['id'] } });
    expect(await keyed(OPEN_MAX)).toMatchObject({ status: 429, body: refused });
    const socket = await stream(user, near(0), '&capacity=0');
    expect(await socket.ask('ask', body(77))).toMatchObject({ t: 'error', code: 'too_many_questions' });
    socket.close();
    await eventually(
      'nothing was asked beside them',
      async () => (await openOf(user)).length === OPEN_MAX || undefined,
    );
  });
});
