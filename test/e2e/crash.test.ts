// SIGKILL in the middle of a run, and a start on the same data: nothing that was acknowledged is lost, late or said twice.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VicinalClient } from '../../src/client/client.ts';
import type { Connection } from '../../src/client/connection.ts';
import { boxPolygon } from '../../src/geo/box-polygon.ts';
import type { OfferView, QuestionState, QuestionView, UserEvent } from '../../src/protocol/views.ts';
import { expectHandedOn } from './support/handed.ts';
import { expectNothingTwice, idOf, inbox, numbers } from './support/inbox.ts';
import { eventually, useService } from './support/service.ts';

const HERE = { lat: 37.7724, lng: -122.4152 };
/** Another cell, where nobody is and nobody calls. */
const APART = { lat: 37.8055, lng: -122.4552 };
const BOX = [-122.46, 37.76, -122.39, 37.81] as const;
const POLICY = {
  cooldownMs: 0,
  backOff: { firstMs: 1000, factor: 1 },
  offers: { ttlMs: 4000, spare: 0 },
  question: { openMax: 1000 },
};

const box = useService();
const { clientOf } = box;
const connections: Connection[] = [];
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);

beforeAll(async () => {
  const body = { name: 'Crash', boundary: boxPolygon(...BOX), precision: 6, policy: POLICY };
  const { status } = await box.api('PUT', '/v1/ops/cities/crash', body, await box.tokenFor('ops', 'ops'));
  expect(status).toBe(200);
});

afterAll(() => {
  for (const connection of connections) connection.close();
});

async function untilState(
  client: VicinalClient,
  { id }: QuestionView,
  ...states: QuestionState[]
): Promise<QuestionView> {
  return eventually(`${id} is ${states.join(' or ')}`, async () => {
    const seen = await client.question(id);
    return states.includes(seen.state) && seen;
  });
}

async function offerOf(client: VicinalClient, question: QuestionView): Promise<OfferView> {
  return eventually('an offer', async () =>
    (await client.offers()).find(({ questionId }) => questionId === question.id),
  );
}

describe('SIGKILL and a new start', () => {
  it('KEEP1, KEEP2, WAKE1, ONE1: finds questions of every state as they were acknowledged, and takes up what is overdue', async () => {
    const [ann, hal] = [clientOf('ann'), clientOf('hal')];
    await hal.presence({ ...HERE, topics: ['all'], capacity: 50, ttlS: 3000 });
    const ask = (text: string, more = {}) => ann.ask({ ...HERE, text, topic: 'all', expiresInS: 600, ...more });

    const answered = await ask('Answered?');
    const toAnswer = await offerOf(hal, answered);
    await hal.accept(toAnswer.id);
    await hal.answer(toAnswer.id, 'Yes.');
    const cancelled = await ask('Cancelled?');
    await ann.cancel(cancelled.id);
    const dormant = await ask('Dormant?', { topic: 'rare' });
    await untilState(ann, dormant, 'dormant');
    const expiring = await ask('Too late?', { ...APART, expiresInS: 4 });
    await untilState(ann, expiring, 'dormant');
    const matched = await ask('Matched?');
    const accepted = await offerOf(hal, matched);
    await hal.accept(accepted.id);
    const open = await ask('Open?');
    const pending = await offerOf(hal, open);
    // Acknowledged a moment before the end, its try perhaps under way.
    const last = await ask('Last?');
    const before = { ann: await inbox(ann), hal: await inbox(hal) };

    await box.crash(4500);

    // By the UserObject alone: nobody calls the cell where it expired.
    await eventually('the expiry', async () => {
      const events = await inbox(ann);
      return events.some(({ type, data }) => type === 'question.expired' && idOf(data) === expiring.id);
    });
    expect(await ann.question(answered.id)).toMatchObject({ state: 'answered', answers: [{ text: 'Yes.' }] });
    expect(await ann.question(cancelled.id)).toMatchObject({ state: 'cancelled' });
    expect(await ann.question(dormant.id)).toMatchObject({ state: 'dormant' });
    expect(await ann.question(matched.id)).toMatchObject({ state: 'matched', offersAccepted: 1 });
    const all = (await ann.allQuestions()).map(({ id }) => id);
    const acknowledged = [answered, cancelled, dormant, expiring, matched, open, last].map(({ id }) => id);
    expect([...all].sort()).toEqual([...acknowledged].sort());

    // What was final stays so, and the same request has the same answer.
    expect(await hal.accept(accepted.id)).toMatchObject({ state: 'accepted' });
    expect(await hal.answer(toAnswer.id, 'Yes.')).toMatchObject({ text: 'Yes.' });
    await hal.answer(accepted.id, 'Still here.');
    expect(await ann.question(matched.id)).toMatchObject({ state: 'answered', answers: [{ text: 'Still here.' }] });
    // The offer ran out while nobody ran.
    await expect(hal.accept(pending.id)).rejects.toMatchObject({ code: 'offer_gone' });
    // Asleep all the while, and awake for whoever suits it.
    await clientOf('ray').presence({ ...HERE, topics: ['rare'] });
    expect(await offerOf(clientOf('ray'), dormant)).toMatchObject({ state: 'pending' });

    const after = { ann: await inbox(ann), hal: await inbox(hal) };
    for (const who of ['ann', 'hal'] as const) {
      expect(after[who].slice(0, before[who].length)).toEqual(before[who]);
      expect(numbers(after[who])).toEqual(upTo(after[who].length));
      expectNothingTwice(after[who]);
    }
    const expired = after.hal.filter(({ type, data }) => type === 'offer.expired' && idOf(data) === pending.id);
    expect(expired).toHaveLength(1);
  });

  it('KEEP1, KEEP2, ONCE1, LIVE1: in the middle of many asks, with people on sockets who answer them', async () => {
    const asker = clientOf('abe');
    const seen = new Map<string, UserEvent[]>();
    for (const name of ['pam', 'pip', 'pol']) connections.push(answering(name, seen));
    await eventually('all are connected', () => connections.every(({ state }) => state === 'open'));

    const acknowledged = new Map<string, QuestionView>();
    const total = 40;
    const asking = async (from: number): Promise<void> => {
      for (let i = from; i < total; i += 4) {
        const question = { ...HERE, text: `Number ${i}?`, topic: 'crowd', expiresInS: 600, key: `crowd-${i}` };
        // As often as it takes: a slow machine starts for longer than the library tries by itself.
        acknowledged.set(question.key, await asker.ask(question, { retriesMax: 100 }));
        // A fast one would be through before it is killed.
        await sleep(50);
      }
    };
    const run = Promise.all([0, 1, 2, 3].map(asking));
    for (let kills = 0; kills < 2; kills++) {
      const target = (total / 3) * (kills + 1) - 5;
      await eventually('some were asked', () => acknowledged.size >= target);
      await box.crash(200);
    }
    await run;

    expect(acknowledged.size).toBe(total);
    const known = await asker.allQuestions();
    // Whatever was retried with its key is one question.
    expect(known.map(({ id }) => id).sort()).toEqual([...acknowledged.values()].map(({ id }) => id).sort());
    for (const question of acknowledged.values()) {
      expect(await untilState(asker, question, 'answered', 'expired')).toMatchObject({ id: question.id });
    }
    const answers = (await asker.allQuestions()).filter(({ state }) => state === 'answered');
    expect(answers.length).toBe(total);
    for (const { offersAccepted, answersWanted } of answers) expect(offersAccepted).toBeLessThanOrEqual(answersWanted);

    const events = await inbox(asker);
    expect(numbers(events)).toEqual(upTo(events.length));
    expectNothingTwice(events);
    for (const { id } of acknowledged.values()) {
      expect(events.filter(({ type, data }) => type === 'question.answered' && idOf(data) === id)).toHaveLength(1);
    }
    for (const [user, heard] of seen) {
      expectHandedOn(heard, user);
      expectNothingTwice(heard);
    }
  });
});

/** Somebody on a socket who accepts and answers what comes, and notes every event that is handled. */
function answering(name: string, seen: Map<string, UserEvent[]>): Connection {
  const heard: UserEvent[] = [];
  seen.set(name, heard);
  const connection: Connection = clientOf(name).connect({
    point: HERE,
    topics: ['crowd'],
    capacity: 20,
    onEvent: async (event) => {
      if (event.type === 'offer.made') {
        const { id } = event.data as OfferView;
        const gone = await connection.accept(id).then(
          () => false,
          (error: { readonly code?: string }) => {
            // Withdrawn or expired meanwhile; anything else is tried again with the same event.
            if (error.code !== 'offer_gone') throw error;
            return true;
          },
        );
        if (!gone) await connection.answer(id, `by ${name}`);
      }
      heard.push(event);
    },
  });
  return connection;
}
