// The client library in the world as it is: no sockets, old events, tokens that are no good, and profiles that count from the upgrade on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VicinalClient } from '../../src/client/client.ts';
import type { ConnectOptions } from '../../src/client/connect-options.ts';
import type { Connection } from '../../src/client/connection.ts';
import { boxPolygon } from '../../src/geo/box-polygon.ts';
import { shifted } from '../../src/geo/shifted.ts';
import type { OfferView, UserEvent } from '../../src/protocol/views.ts';
import { rollOut } from '../../tools/traffic/rollout.ts';
import { eventually, useService } from './support/service.ts';

const CENTRE = { lat: 37.7724, lng: -122.4152 };
const opened: Connection[] = [];
const box = useService();
const { clientOf } = box;

beforeAll(async () => {
  const boundary = boxPolygon(-122.48, 37.71, -122.36, 37.81);
  const policy = { cooldownMs: 0, offers: { ttlMs: 20_000 }, presence: { pingEveryS: 1 } };
  await rollOut(box.url(), await box.tokenFor('test', 'ops'), { id: 'sf', name: 'SF', boundary, precision: 6, policy });
});

afterAll(() => {
  for (const connection of opened) connection.close();
});

/** Far enough from every other place that nobody there is asked. */
const place = (n: number) => shifted(CENTRE, -5000 + 1500 * (n % 7), -4000 + 1500 * Math.floor(n / 7));

function connect(client: VicinalClient, options: ConnectOptions): Connection {
  const connection = client.connect(options);
  opened.push(connection);
  return connection;
}

describe('a profile', () => {
  it.each([
    ['capacity 0', { capacity: 0 }],
    ['other topics', { topics: ['food', 'café & bar'], capacity: 1 }],
    ['other languages', { languages: ['fr'], capacity: 1 }],
  ])('PROF2 counts from the upgrade on: %s, three times', async (name, profile) => {
    for (let n = 0; n < 3; n++) {
      const at = place(['capacity 0', 'other topics', 'other languages'].indexOf(name) * 3 + n);
      const sub = `${name} ${n}`;
      const asker = clientOf(`asker ${sub}`);
      // Asked before they come: who arrives is looked at in the step in which they become present.
      const question = await asker.ask({ ...at, text: 'Anybody?', topic: 'transit', languages: ['en'], radiusM: 300 });
      const connection = connect(clientOf(sub), { point: at, ...profile });
      await eventually('the first presence', () => connection.state === 'open');
      await connection.setPoint(at);
      const { attempts, state } = await asker.question(question.id);
      expect({ attempts, state }).toEqual({ attempts: 0, state: 'dormant' });
      connection.close();
    }
  });
});

describe('without sockets', () => {
  it('events come by polling, offers can be taken, and the app is told', async () => {
    const at = place(20);
    const errors: string[] = [];
    const seen: UserEvent[] = [];
    class NoSocket {
      onopen = null;
      onmessage = null;
      onerror = null;
      #onclose: (() => void) | null = null;
      set onclose(close: (() => void) | null) {
        this.#onclose = close;
        setTimeout(() => this.#onclose?.(), 5);
      }
      send(): void {}
      close(): void {}
    }
    const client = clientOf('proxied', { WebSocket: NoSocket });
    const connection: Connection = connect(client, {
      point: at,
      capacity: 1,
      onError: ({ code }) => void errors.push(code),
      onEvent: async (event) => {
        seen.push(event);
        if (event.type === 'offer.made') await connection.accept((event.data as OfferView).id);
      },
    });
    await eventually('polling', () => connection.transport === 'polling' && connection.state === 'open');
    const asker = clientOf('asker of the proxied');
    const question = await asker.ask({ ...at, text: 'Anybody?', radiusM: 300 });
    await eventually('a match', async () => (await asker.question(question.id)).state === 'matched');
    expect(seen.map(({ type }) => type)).toContain('offer.made');
    expect(errors.filter((code) => code === 'socket_unavailable')).toHaveLength(1);
  });
});

describe('an app that comes back', () => {
  it('with the natural handler gets every event behind an offer that has gone', async () => {
    const at = place(22);
    const helper = clientOf('returning');
    await helper.presence({ ...at, capacity: 3 });
    const asker = clientOf('asker of the returning');
    const gone = await asker.ask({ ...at, text: 'Was there anybody?', radiusM: 300 });
    await eventually('the first offer', async () => (await helper.offers()).length === 1);
    await asker.cancel(gone.id);
    const live = await asker.ask({ ...at, text: 'And now?', radiusM: 300 });
    await eventually('the second offer', async () => (await helper.offers()).length === 1);
    const seen: string[] = [];
    const connection: Connection = connect(helper, {
      point: at,
      capacity: 3,
      onEvent: async ({ type, data }) => {
        seen.push(type);
        if (type === 'offer.made') await connection.accept((data as OfferView).id);
      },
    });
    await eventually('the match', async () => (await asker.question(live.id)).state === 'matched');
    await eventually('the inbox is empty', async () => (await helper.events()).items.length === 0);
    expect(seen).toEqual(['offer.withdrawn', 'offer.made']);
  });

  it('STREAM3 with a number that the service never gave begins anew', async () => {
    const at = place(24);
    const helper = clientOf('restored');
    await helper.presence({ ...at, capacity: 1 });
    await clientOf('asker of the restored').ask({ ...at, text: 'Anybody?', radiusM: 300 });
    await eventually('the offer', async () => (await helper.offers()).length === 1);
    expect(await helper.events({ after: 5000, waitS: 20 })).toMatchObject({ reset: true, items: [{ seq: 1 }] });
    const seen: number[] = [];
    connect(helper, { point: at, capacity: 1, after: 5000, onEvent: ({ seq }) => void seen.push(seq) });
    await eventually('the event', () => seen.includes(1));
  });
});

describe('a token that is no good', () => {
  it('ends the connection with the reason, when there is no other', async () => {
    const errors: string[] = [];
    const client = new VicinalClient({ url: box.url(), token: `${await box.tokenFor('nobody')}x` });
    const connection = connect(client, { point: CENTRE, onError: ({ code }) => void errors.push(code) });
    await eventually('the end', () => connection.state === 'closed');
    expect(connection.reason).toMatchObject({ status: 401 });
    expect(errors).toHaveLength(1);
  });
});
