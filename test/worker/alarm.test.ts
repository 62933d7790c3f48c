// Alarms of real objects: what they wake and expire, where they are armed, and who makes up for a lost one.
import { createScheduledController, evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import worker from '../../src/worker.ts';
import {
  alarmOf,
  api,
  BOX,
  cellStub,
  eventually,
  inboxOf,
  inside,
  type Json,
  pause,
  rollOut,
  rowsOf,
  WEST,
} from './world.ts';

/** What a slow machine does between two wakes must not last as long as this. */
const WAKE_MS = 2000;

beforeAll(async () => {
  await rollOut('alarms', BOX, {
    backOff: { firstMs: WAKE_MS, factor: 1, maxMs: WAKE_MS },
    offers: { ttlMs: 1000, spare: 0 },
    cooldownMs: 3_600_000,
  });
});

let asked = 0;

/** A question that nobody can answer, asleep in its cell. */
async function sleeper(topic = `nothing-${++asked}`): Promise<{ readonly id: string; readonly cell: string }> {
  const { body } = await api('asker', 'POST', '/v1/questions', { ...WEST, text: 'Anybody?', topic, expiresInS: 900 });
  const id = String(body['id']);
  const cell = String(body['cell']);
  await eventually('dormant', async () => ((await stored(cell, id)).phase.t === 'dormant' ? true : undefined));
  return { id, cell };
}

type Stored = { readonly stage: number; readonly phase: { readonly t: string; readonly wakeAt?: number } };

/** As it is on disk: a call to the cell would run what is overdue. */
async function stored(cell: string, id: string): Promise<Stored> {
  return (await rowsOf(cellStub(cell), 'questions')).get(id) as unknown as Stored;
}

const loseAlarm = (cell: string): Promise<void> => inside(cellStub(cell), ({ storage }) => storage.deleteAlarm());

async function tried(cell: string, id: string, stage: number): Promise<void> {
  await eventually(`try ${stage}`, async () => ((await stored(cell, id)).stage > stage ? true : undefined));
}

describe('alarms', () => {
  it('WAKE1, SLEEP1: the alarm alone wakes a dormant question, again and again', async () => {
    const { id, cell } = await sleeper();
    const { phase } = await stored(cell, id);
    await tried(cell, id, 2);
    const late = Date.now() - (phase.wakeAt ?? 0);
    expect(late).toBeLessThan(60_000);
    await api('asker', 'DELETE', `/v1/questions/${id}`);
  });

  it('WAKE1: run by hand once its time has come, the alarm tries the question and arms the next', async () => {
    const { id, cell } = await sleeper();
    await loseAlarm(cell);
    const { stage } = await stored(cell, id);
    await pause(WAKE_MS + 50);
    expect((await stored(cell, id)).stage).toBe(stage);
    await inside(cellStub(cell), ({ storage }) => storage.setAlarm(Date.now() + 3_600_000));
    expect(await runDurableObjectAlarm(cellStub(cell))).toBe(true);
    await tried(cell, id, stage);
    expect(await alarmOf(cellStub(cell))).toBeLessThanOrEqual((await stored(cell, id)).phase.wakeAt ?? 0);
    await api('asker', 'DELETE', `/v1/questions/${id}`);
  });

  it('an offer that nobody takes expires by the alarm: its user hears it, its slot is free', async () => {
    await api('slow', 'PUT', '/v1/presence', { ...WEST, topics: ['slow'] });
    const { body } = await api('asker', 'POST', '/v1/questions', { ...WEST, text: 'Hello?', topic: 'slow' });
    const cell = String(body['cell']);
    expect(await inboxOf('slow', 2)).toMatchObject([{ type: 'offer.made' }, { type: 'offer.expired' }]);
    const held = (await rowsOf(cellStub(cell), 'users')).get('slow');
    expect(held?.['holds']).toEqual([]);
    const late = await api('slow', 'POST', `/v1/offers/${body['id']}.1/accept`);
    expect(late).toMatchObject({ status: 409, body: { code: 'offer_gone' } });
    await api('asker', 'DELETE', `/v1/questions/${body['id']}`);
  });

  it('ALARM1: events move the alarm earlier, never later', async () => {
    const { id, cell } = await sleeper();
    const first = await alarmOf(cellStub(cell));
    expect(first).not.toBeNull();
    await api('calm', 'PUT', '/v1/presence', { ...WEST, ttlS: 3000 });
    await api('calm', 'PUT', '/v1/presence', { ...WEST, ttlS: 3600 });
    expect(await alarmOf(cellStub(cell))).toBeLessThanOrEqual(first ?? 0);
    await api('asker', 'DELETE', `/v1/questions/${id}`);
  });

  it('ALARM1: the alarm is armed in the transaction that needs it: one that rolls back arms nothing', async () => {
    const { id, cell } = await sleeper();
    await api('asker', 'DELETE', `/v1/questions/${id}`);
    await inside(cellStub(cell), async ({ storage }) => {
      await storage.deleteAlarm();
      storage.sql.exec(`CREATE TRIGGER IF NOT EXISTS full BEFORE INSERT ON questions WHEN new.d LIKE '%Lost?%'
        BEGIN SELECT RAISE(ABORT, 'disk full'); END`);
    });
    const { status } = await api('asker', 'POST', '/v1/questions', { ...WEST, text: 'Lost?', expiresInS: 10 });
    expect(status).toBe(503);
    const at = await inside(cellStub(cell), async ({ storage }) => {
      storage.sql.exec('DROP TRIGGER IF EXISTS full');
      return storage.getAlarm();
    });
    // What the constructor armed is for the ended question, a day ahead.
    expect(at === null || at > Date.now() + 60_000).toBe(true);
  });

  it('ALARM2: a missing alarm is armed anew by the constructor, and an overdue one fires', async () => {
    const { id, cell } = await sleeper();
    const { stage, phase } = await stored(cell, id);
    await loseAlarm(cell);
    await evictDurableObject(cellStub(cell));
    // Looking inside constructs the object; nothing is called.
    expect(await alarmOf(cellStub(cell))).toBeLessThanOrEqual(phase.wakeAt ?? 0);
    await loseAlarm(cell);
    await pause(WAKE_MS + 50);
    expect((await stored(cell, id)).stage).toBe(stage);
    await evictDurableObject(cellStub(cell));
    await tried(cell, id, stage);
    await api('asker', 'DELETE', `/v1/questions/${id}`);
  });

  it('ALARM2, WAKE1: after a lost alarm, any event of the object runs what is overdue first', async () => {
    const { id, cell } = await sleeper();
    const { stage } = await stored(cell, id);
    await loseAlarm(cell);
    await pause(WAKE_MS + 50);
    await api('passer-by', 'PUT', '/v1/presence', WEST);
    await tried(cell, id, stage);
    await api('asker', 'DELETE', `/v1/questions/${id}`);
  });

  it('WAKE1: after a lost alarm the sweep wakes the cells that D1 lists as busy', async () => {
    const { id, cell } = await sleeper();
    const { stage } = await stored(cell, id);
    const { results } = await env.DB.prepare('SELECT cell FROM busy').all<{ readonly cell: string }>();
    expect(results.length).toBeGreaterThan(0);
    await loseAlarm(cell);
    await pause(WAKE_MS + 50);
    await worker.scheduled(createScheduledController({ scheduledTime: Date.now() }), env);
    await tried(cell, id, stage);
    await api('asker', 'DELETE', `/v1/questions/${id}`);
  });

  it('LIVE1: an expiry that nobody looks at comes all the same', async () => {
    const { body } = await api('hasty', 'POST', '/v1/questions', { ...WEST, text: 'Now?', topic: 'x', expiresInS: 2 });
    const events = await eventually('the end', async () => {
      const all = await inboxOf('hasty');
      return all.some(({ type }) => type === 'question.expired') ? all : undefined;
    });
    const last = events.at(-1)?.['data'] as { readonly question: Json };
    expect(last.question).toMatchObject({ id: body['id'], state: 'expired' });
  });
});
