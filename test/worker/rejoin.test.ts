// Parts of a cell that have long been cold are merged again by the cron, by what they told and by what they say when they are asked.
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { rejoin } from '../../src/cron/rejoin.ts';
import { servicesOf } from '../../src/edge/services.ts';
import { epochMs } from '../../src/lib/brand.ts';
import type { CellId } from '../../src/protocol/ids.ts';
import { d1FamilyStore } from '../../src/store/sql/d1-family-store.ts';
import { api, BOX, eventually, type Json, near, rollOut } from './world.ts';

const PARENT = '9q8yyk';
/** On a full hour, so that the cron looks. */
const START = Math.ceil(Date.now() / 3_600_000) * 3_600_000;
const HOUR_MS = 3_600_000;

const families = d1FamilyStore(env.DB);
const errors: unknown[] = [];
const look = (hours: number, minutes = 0): Promise<readonly CellId[]> => {
  const { store, router } = servicesOf(env);
  const onError = (_: unknown, error: unknown): void => void errors.push(error);
  return rejoin({ store, router, families, onError }, epochMs(START + hours * HOUR_MS + minutes * 60_000));
};
const leaves = async (): Promise<readonly string[]> => {
  const { body } = await api<{ readonly items: readonly Json[] }>('ops', 'GET', '/v1/ops/cells?city=sf&load=false');
  return body.items.map(({ cell }) => String(cell)).filter((cell) => cell.startsWith(PARENT));
};

describe('MERGE2 the cron', () => {
  beforeAll(async () => {
    // 30 events a second would be warm; nobody here makes them.
    await rollOut('sf', BOX, { limits: { users: 8, eventsPerS: 1000 } });
    await api('user0', 'PUT', '/v1/presence', { ...near(0), ttlS: 3600 });
    await api('ops', 'POST', `/v1/ops/cells/${PARENT}/split`);
    await eventually('it is divided, and its user is in a part', async () => {
      const { body } = await api<{ readonly items: readonly Json[]; readonly handing: readonly Json[] }>(
        'ops',
        'GET',
        `/v1/ops/cells?city=sf&within=${PARENT}`,
      );
      const users = body.items.reduce((sum, cell) => sum + Number(cell['users']), 0);
      const settled = body.items.every(({ state, behind }) => state === 'leaf' && behind === undefined);
      return body.items.length === 32 && users === 1 && settled ? true : undefined;
    });
  });

  it('looks every ten minutes, notes since when a divided cell is cold, and joins nothing before its time', async () => {
    expect(await look(0, 3)).toEqual([]);
    expect((await families.cold()).size).toBe(0);
    expect(await look(0)).toEqual([]);
    expect([...(await families.cold())]).toEqual([[PARENT, START]]);
    expect(await look(23, 50)).toEqual([]);
    expect(await leaves()).toHaveLength(32);
  });

  it('forgets it when the parts have told that they are warm', async () => {
    const told = { users: 5, eventsPerS: 0, stepMs: 0.01 };
    await env.DB.prepare('INSERT OR REPLACE INTO loads (cell, city, used, told_at, load) VALUES (?1, ?2, 0.5, ?3, ?4)')
      .bind(`${PARENT}0`, 'sf', START + 24 * HOUR_MS, JSON.stringify(told))
      .run();
    expect(await look(24)).toEqual([]);
    expect((await families.cold()).size).toBe(0);
    // What was told more than two hours ago is of a cell that sleeps.
    expect(await look(27)).toEqual([]);
    expect([...(await families.cold())]).toEqual([[PARENT, START + 27 * HOUR_MS]]);
  });

  it('joins nothing whose parts say that they are warm when they are asked', async () => {
    for (const n of [1, 2, 3]) await api(`user${n}`, 'PUT', '/v1/presence', { ...near(n), ttlS: 3600 });
    expect(await look(51)).toEqual([]);
    expect(await leaves()).toHaveLength(32);
    for (const n of [1, 2, 3]) await api(`user${n}`, 'DELETE', '/v1/presence');
  });

  it('joins them when they have been cold for a day, in the name of the cron, and keeps who is there', async () => {
    expect(await look(51, 10)).toEqual([PARENT]);
    await eventually('they are joined', async () => ((await leaves()).join() === PARENT ? true : undefined));
    const { body } = await api<{ readonly audit: readonly Json[] }>('ops', 'GET', '/v1/ops/cities/sf');
    const asked = body.audit.find(({ action }) => action === 'cell.merge.asked');
    expect(asked).toMatchObject({ actor: 'cron', cell: PARENT });
    await eventually('its user is there', async () => {
      const { body: page } = await api<{ readonly items: readonly Json[] }>(
        'ops',
        'GET',
        `/v1/ops/cells?city=sf&within=${PARENT}`,
      );
      return page.items[0]?.['users'] === 1 ? true : undefined;
    });
    expect(await look(60)).toEqual([]);
    expect((await families.cold()).size).toBe(0);
    expect(errors).toEqual([]);
  });
});
