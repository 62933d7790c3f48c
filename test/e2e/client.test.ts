// The client library against the real service, through its death and its return.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VicinalClient } from '../../src/client/client.ts';
import type { ConnectOptions } from '../../src/client/connect-options.ts';
import type { Connection } from '../../src/client/connection.ts';
import { VicinalError } from '../../src/client/vicinal-error.ts';
import { encode } from '../../src/geo/geohash.ts';
import type { OfferId, QuestionId } from '../../src/protocol/ids.ts';
import type { OfferView, QuestionView, UserEvent } from '../../src/protocol/views.ts';
import { DEMO_BOUNDARY } from '../../tools/traffic/outline.ts';
import { rollOut } from '../../tools/traffic/rollout.ts';
import { eventually, useService } from './support/service.ts';

const MISSION = { lat: 37.7599, lng: -122.4192 };
const MARINA = { lat: 37.8005, lng: -122.4369 };
const POLICY = {
  cooldownMs: 0,
  backOff: { firstMs: 1000, maxMs: 2000 },
  // None runs out, however long the service is away.
  offers: { ttlMs: 120_000 },
  presence: { pingEveryS: 1 },
};

const box = useService();
const { clientOf } = box;
const opened: Connection[] = [];

beforeAll(async () => {
  const city = { id: 'sf', name: 'SF', boundary: DEMO_BOUNDARY, precision: 5, policy: POLICY };
  await rollOut(box.url(), await box.tokenFor('test', 'ops'), city);
});

afterAll(() => {
  for (const connection of opened) connection.close();
});

function connect(client: VicinalClient, options: ConnectOptions): Connection {
  const connection = client.connect(options);
  opened.push(connection);
  return connection;
}

/** Somebody who accepts and answers everything, and notes what they were sent. */
function helper(
  sub: string,
  capacity: number,
): { readonly connection: Connection; readonly seen: UserEvent[]; readonly failures: string[] } {
  const client = clientOf(sub);
  const seen: UserEvent[] = [];
  const failures: string[] = [];
  const connection: Connection = connect(client, {
    point: MISSION,
    capacity,
    onEvent: async (event) => {
      seen.push(event);
      if (event.type !== 'offer.made') return;
      const { id } = event.data as OfferView;
      try {
        await connection.accept(id);
        await connection.answer(id, 'yes');
      } catch (error) {
        // What cannot be known now is tried again: a handler that throws gets the event again.
        if (error instanceof VicinalError && error.transient) {
          seen.pop();
          throw error;
        }
        failures.push(error instanceof VicinalError ? error.code : String(error));
      }
    },
  });
  return { connection, seen, failures };
}

const ascending = (events: readonly UserEvent[]): readonly number[] => events.map(({ seq }) => seq);
const oneToN = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('the client', () => {
  it('KEEP1 KEEP2 ONCE1 loses no event and doubles none, and asks nothing twice, while the service is killed and comes back', async () => {
    const client = clientOf('ada');
    const seen: UserEvent[] = [];
    const asker = connect(client, { point: MISSION, capacity: 0, onEvent: (event) => void seen.push(event) });
    const bob = helper('bob', 100);
    await eventually('both are connected', () => asker.state === 'open' && bob.connection.state === 'open');
    const count = 24;
    const asked: Promise<QuestionView>[] = [];
    for (let i = 0; i < count; i++) {
      const asking = asker.ask({ ...MISSION, text: `question ${i}`, expiresInS: 600 });
      // Awaited below, all together.
      asking.catch(() => {});
      asked.push(asking);
      if (i === 8 || i === 16) await box.crash(700);
      await sleep(60);
    }
    const questions = await Promise.all(asked);
    const answered = (): number =>
      new Set(seen.filter(({ type }) => type === 'question.answered').map(questionIn)).size;
    await eventually('every question is answered', () => answered() === count, 60_000);
    await eventually('the inboxes are empty', async () => (await client.events()).items.length === 0);

    expect(new Set(questions.map(({ id }) => id)).size).toBe(count);
    expect((await client.questions()).items).toHaveLength(count);
    expect(ascending(seen)).toEqual(oneToN(seen.length));
    expect(ascending(bob.seen)).toEqual(oneToN(bob.seen.length));
    expect(bob.seen.filter(({ type }) => type === 'offer.made')).toHaveLength(count);
    expect(bob.failures).toEqual([]);
    bob.connection.close();
    asker.close();
  });

  it('KEEP2 goes on after the last event that the app has handled', async () => {
    const client = clientOf('cleo');
    const first: UserEvent[] = [];
    const before = connect(client, { point: MARINA, capacity: 0, onEvent: (event) => void first.push(event) });
    const { id } = await client.ask({ ...MARINA, text: 'anybody?', expiresInS: 5 });
    await eventually('an event came', () => first.length > 0);
    const after = before.seq;
    before.close();
    await eventually('the question is over', async () => (await client.question(id)).state === 'expired');
    const second: UserEvent[] = [];
    const again = connect(client, { point: MARINA, capacity: 0, after, onEvent: (event) => void second.push(event) });
    await eventually('the question expired', () => second.some(({ type }) => type === 'question.expired'));
    expect(ascending([...first.filter(({ seq }) => seq <= after), ...second])).toEqual(oneToN(after + second.length));
    again.close();
  });

  it('BORDER1 follows the user into another cell, and is offered questions there', async () => {
    const states: string[] = [];
    const offers: OfferView[] = [];
    const walker = connect(clientOf('dov'), {
      point: MISSION,
      onState: (state) => void states.push(state),
      onEvent: ({ type, data }) => void (type === 'offer.made' && offers.push(data as OfferView)),
    });
    await eventually('the walker is connected', () => walker.state === 'open');
    const view = await walker.setPoint(MARINA);
    expect(view).toMatchObject({ cell: encode(MARINA, 5) });
    expect(states.filter((state) => state === 'open')).toHaveLength(2);
    await clientOf('erin').ask({ ...MARINA, text: 'is it foggy?' });
    await eventually('the offer came', () => offers.length === 1);
    expect(offers[0]?.text).toBe('is it foggy?');
    await walker.decline(offers[0]?.id as OfferId);
    walker.close();
  });

  it('EDGE1 hands on refusals with the code of the service, and leaves the user where they were', async () => {
    const client = clientOf('fay');
    const stay = connect(client, { point: MISSION });
    await eventually('the user is connected', () => stay.state === 'open');
    await expect(stay.setPoint({ lat: 0, lng: 0 })).rejects.toMatchObject({ code: 'out_of_coverage', status: 404 });
    await eventually('the user is connected again', () => stay.state === 'open');
    await expect(stay.setPoint({ lat: 95, lng: 0 })).rejects.toMatchObject({ code: 'bad_latitude', status: 422 });
    expect(await stay.setPoint(MISSION)).toMatchObject({ cell: encode(MISSION, 5) });
    const unknown = 'q-9q8yy5n-00000000' as QuestionId;
    await expect(client.question(unknown)).rejects.toMatchObject({ code: 'unknown_question', status: 404 });
    await expect(client.ask({ lat: Number.NaN, lng: 0, text: 'x' })).rejects.toMatchObject({ code: 'bad_latitude' });
    const key = 'the-same-key';
    const first = await client.ask({ ...MISSION, text: 'one', key });
    expect((await client.ask({ ...MISSION, text: 'one', key })).id).toBe(first.id);
    await expect(client.ask({ ...MISSION, text: 'two', key })).rejects.toMatchObject({
      code: 'key_reused',
      status: 422,
    });
    expect((await client.cancel(first.id)).state).toBe('cancelled');
    stay.close();
    await client.leave();
  });

  it('EDGE3 ends a connection whose token can never do, and says why', async () => {
    const errors: string[] = [];
    const client = new VicinalClient({ url: box.url(), token: await box.tokenFor('x', 'ops') });
    const connection = connect(client, { point: MISSION, onError: ({ code }) => void errors.push(code) });
    await eventually('the connection is closed', () => connection.state === 'closed');
    expect(errors).toEqual(['forbidden_scope']);
  });
});

function questionIn({ data }: UserEvent): string {
  return 'question' in data ? data.question.id : '';
}
