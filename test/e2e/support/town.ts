// A town with three people and somebody from operations, and eyes on everything that the service keeps of them.
import { expect } from 'vitest';
import { boxPolygon } from '../../../src/geo/box-polygon.ts';
import { eventually, type TestService } from './service.ts';

export const ROUND_THE_BAY = boxPolygon(-122.5, 37.7, -122.38, 37.81);
export const AT = { lat: 37.7749, lng: -122.4194 };

/** Of what a cell carries. */
const KEPT = ['cell', 'state', 'born', 'users', 'sockets', 'questions', 'beacons', 'journal'] as const;

export type Question = { readonly id: string; readonly state: string };
export type Offer = { readonly id: string; readonly questionId: string; readonly state: string };
export type Town = Awaited<ReturnType<typeof openTown>>;

/** Rolls the city `sf` out, with a policy, and makes tokens. To be called when the service runs. */
export async function openTown({ api, tokenFor }: TestService, policy: unknown) {
  const [alice, bob, carol] = (await Promise.all(['alice', 'bob', 'carol'].map((sub) => tokenFor(sub)))) as [
    string,
    string,
    string,
  ];
  const ops = await tokenFor('ops', 'ops');
  const city = await api('PUT', '/v1/ops/cities/sf', { name: 'San Francisco', boundary: ROUND_THE_BAY, policy }, ops);
  expect(city.status).toBe(200);

  async function present(token: string, topics: readonly string[]): Promise<void> {
    const { status } = await api('PUT', '/v1/presence', { ...AT, topics, capacity: 3, ttlS: 600 }, token);
    expect(status).toBe(200);
  }

  async function ask(token: string, body: unknown): Promise<Question> {
    const { status, body: question } = await api<Question>('POST', '/v1/questions', body, token);
    expect(status).toBe(201);
    return question;
  }

  async function offersOf(token: string): Promise<readonly Offer[]> {
    return (await api<{ readonly items: readonly Offer[] }>('GET', '/v1/offers', undefined, token)).body.items;
  }

  async function offerFor(token: string, questionId: string): Promise<Offer> {
    return eventually('an offer', async () => (await offersOf(token)).find((offer) => offer.questionId === questionId));
  }

  /** All that is stored, as far as anybody can see it. */
  async function stored(): Promise<unknown> {
    const [cells, cities, ...rest] = await Promise.all([
      api<{ readonly items: readonly Readonly<Record<string, unknown>>[] }>(
        'GET',
        '/v1/ops/cells?city=sf',
        undefined,
        ops,
      ),
      api('GET', '/v1/ops/cities', undefined, ops),
      ...[alice, bob, carol].flatMap((token) => [
        api('GET', '/v1/questions', undefined, token),
        api('GET', '/v1/offers', undefined, token),
        api('GET', '/v1/events', undefined, token),
      ]),
    ]);
    // What fades or runs down by itself, and deliveries under way, are not what a bad request changes.
    const quiet = cells.body.items.map((cell) => KEPT.map((field) => cell[field]));
    return { cells: quiet, cities: cities.body, rest: rest.map(({ body }) => body) };
  }

  /** Once everything that is on its way has arrived. */
  async function settled(): Promise<unknown> {
    let before = '';
    let now = await stored();
    await eventually(
      'nothing moves',
      async () => {
        before = JSON.stringify(now);
        now = await stored();
        return JSON.stringify(now) === before;
      },
      10_000,
      150,
    );
    return now;
  }

  return { alice, bob, carol, ops, present, ask, offersOf, offerFor, settled };
}
