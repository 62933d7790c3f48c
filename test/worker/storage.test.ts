// What objects keep on disk: refused by name when this code cannot read it, never behind what was acknowledged.
import { applyD1Migrations, evictAllDurableObjects, evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { CELL_TABLES } from '../../src/cell/tables/all.ts';
import { decodeJournal, splitRecords } from '../../src/cell/tables/journal.ts';
import type { TableSpec } from '../../src/engine/rows.ts';
import { durableRows } from '../../src/object/durable.ts';
import { USER_TABLES } from '../../src/user/codec.ts';
import { api, BOX, cellStub, eventually, inboxOf, inside, rollOut, rowsOf, userStub, WEST } from './world.ts';

beforeAll(async () => {
  await rollOut('storage', BOX);
});

async function ask(asker: string, text: string, key?: string) {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  return api(asker, 'POST', '/v1/questions', { ...WEST, text, topic: 'nothing', expiresInS: 600 }, headers);
}

/** Every commit of this object fails until it is thrown away, as on a full disk. */
const breakDisk = (stub: DurableObjectStub): Promise<void> =>
  inside(stub, ({ storage }) => {
    storage.transactionSync = () => {
      throw new Error('disk full');
    };
  });

describe('a commit that fails', () => {
  it('FX1, KEEP1: throws the object away; its successor has what was acknowledged and takes the call', async () => {
    const first = await ask('ann', 'First?');
    expect(first.status).toBe(201);
    const cell = String(first.body['cell']);
    await breakDisk(cellStub(cell));
    const second = await ask('ann', 'Second?', 'key-2');
    expect(second.status).toBe(201);
    const { body } = await api<{ readonly items: readonly { readonly text: string }[] }>('ann', 'GET', '/v1/questions');
    expect(body.items.map(({ text }) => text).sort()).toEqual(['First?', 'Second?']);
    expect((await ask('ann', 'Second?', 'key-2')).body['id']).toBe(second.body['id']);
  });

  it('FX1: of a step whose commit failed nobody hears anything, and nothing of it stays in memory', async () => {
    await api('bob', 'PUT', '/v1/presence', { ...WEST, topics: ['fx'] });
    const cell = String((await ask('ann', 'Third?')).body['cell']);
    await inside(cellStub(cell), ({ storage }) => {
      storage.sql.exec(`CREATE TRIGGER IF NOT EXISTS full BEFORE INSERT ON questions WHEN new.d LIKE '%Ghost?%'
        BEGIN SELECT RAISE(ABORT, 'disk full'); END`);
    });
    const question = { ...WEST, text: 'Ghost?', topic: 'fx' };
    const failed = await api('ann', 'POST', '/v1/questions', question);
    expect(failed).toMatchObject({ status: 503, body: { code: 'busy' } });
    await inside(cellStub(cell), ({ storage }) => void storage.sql.exec('DROP TRIGGER IF EXISTS full'));
    expect([...(await rowsOf(cellStub(cell), 'questions')).values()].map(({ text }) => text)).not.toContain('Ghost?');
    expect((await rowsOf(cellStub(cell), 'users')).get('bob')).toMatchObject({ holds: [] });
    expect(await inboxOf('bob')).toEqual([]);

    const again = await api('ann', 'POST', '/v1/questions', question);
    expect(again.status).toBe(201);
    expect(await inboxOf('bob', 1)).toMatchObject([{ type: 'offer.made', data: { text: 'Ghost?' } }]);
  });

  it('FX1, KEEP2: a UserObject that cannot store an event is sent it again, once it can', async () => {
    await api('cleo', 'PUT', '/v1/presence', { ...WEST, topics: ['cleo'] });
    await breakDisk(userStub('cleo'));
    await api('ann', 'POST', '/v1/questions', { ...WEST, text: 'Again?', topic: 'cleo' });
    expect(await inboxOf('cleo', 1)).toMatchObject([{ seq: 1, type: 'offer.made' }]);
  });

  it('KEEP2: what could not be delivered is sent again by the constructor', async () => {
    await api('dora', 'PUT', '/v1/presence', { ...WEST, topics: ['dora'] });
    await inside(userStub('dora'), ({ storage }) => {
      storage.sql.exec(
        "CREATE TRIGGER IF NOT EXISTS full BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'disk full'); END",
      );
    });
    const { body } = await api('ann', 'POST', '/v1/questions', { ...WEST, text: 'Now?', topic: 'dora' });
    const cell = (): DurableObjectStub => cellStub(String(body['cell']));
    await eventually('the offer is made', async () => {
      const holds = (await rowsOf(cell(), 'users')).get('dora')?.['holds'] as readonly unknown[];
      return holds.length > 0 ? true : undefined;
    });
    // Deliveries fail by now, and wait longer each time. Without the constructor the next one comes after half a minute.
    await evictDurableObject(cell());
    await inside(userStub('dora'), ({ storage }) => void storage.sql.exec('DROP TRIGGER IF EXISTS full'));
    await evictDurableObject(cell()).catch(() => {});
    await inside(cell(), () => {});
    expect(await inboxOf('dora', 1)).toMatchObject([{ seq: 1, type: 'offer.made' }]);
  });

  it('JRN1: journals are numbered without gaps, whatever failed', async () => {
    const { body } = await api<{ readonly items: readonly { readonly cell: string; readonly born: boolean }[] }>(
      'ops',
      'GET',
      '/v1/ops/cells?city=storage',
    );
    const born = body.items.filter((item) => item.born);
    let recorded = 0;
    for (const { cell } of born) {
      const numbers = new Set<number>();
      for (const table of ['journal', 'users', 'questions', 'meta'])
        for (const [key, value] of await rowsOf(cellStub(cell), table)) {
          const text = JSON.stringify(value);
          const { records } = table === 'journal' ? decodeJournal(key, text) : splitRecords(text);
          for (const { n } of records) numbers.add(n);
        }
      recorded += numbers.size;
      expect([...numbers].sort((a, b) => a - b)).toEqual([...numbers].map((_, i) => i + 1));
    }
    expect(recorded).toBeGreaterThan(0);
  });
});

describe('rows that this code cannot read', () => {
  const refusal = async (stub: () => DurableObjectStub): Promise<unknown> => {
    const called = stub() as unknown as { readonly call: (envelope: unknown) => Promise<{ readonly code?: string }> };
    const { code, detail } = (await called.call({ request: { t: 'load' } })) as { code?: string; detail?: string };
    return code === 'unreadable' ? detail : code;
  };

  /** The tables of an object that had something to keep. */
  const make = (ctx: DurableObjectState, tables: readonly TableSpec[]): void => {
    const [{ name: table = '' } = {}] = tables;
    durableRows(ctx, tables).commit({ rows: [{ table, key: 'none', value: null }], alarmAt: undefined });
  };

  it.each([
    ['questions', 'row of table questions has version 9; this code reads versions 1 and 2'],
    ['users', 'row of table users has version 9; this code reads versions 1 and 2 and 3'],
    ['meta', 'row of table meta has version 9; this code reads version 1'],
    ['journal', 'row of table journal has version 9; this code reads versions 1 and 2'],
  ])('ROW1: a row of %s of another version is refused by name, again and again', async (table, message) => {
    const cell = (): DurableObjectStub => cellStub(`unreadable-${table}`);
    await inside(cell(), (ctx) => {
      make(ctx, CELL_TABLES);
      ctx.storage.sql.exec(`INSERT INTO "${table}" (k, d) VALUES (1, ?)`, JSON.stringify({ v: 9, at: 1 }));
    });
    await evictDurableObject(cell());
    expect(await refusal(cell)).toContain(message);
    expect(await refusal(cell)).toContain(message);
  });

  it('ROW1: a storage with a newer schema is refused by name', async () => {
    for (const [stub, tables] of [
      [() => cellStub('9q8zzy'), CELL_TABLES],
      [() => userStub('from-the-future'), USER_TABLES],
    ] as const) {
      await inside(stub(), (ctx) => {
        make(ctx, tables);
        ctx.storage.sql.exec('UPDATE schema SET version = 99');
      });
      await evictAllDurableObjects();
      expect(await refusal(stub)).toContain('storage has schema 99; this code knows 2');
    }
  });
});

describe('the database', () => {
  it('has every migration, each recorded once, and takes them again without a change', async () => {
    const applied = async () => (await env.DB.prepare('SELECT name FROM d1_migrations ORDER BY id').all()).results;
    const before = await applied();
    expect(before.map(({ name }) => name)).toEqual(env.TEST_MIGRATIONS.map(({ name }) => name));
    await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
    expect(await applied()).toEqual(before);
    const tables = await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all();
    expect(tables.results.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['audit', 'busy', 'cells', 'cities', 'd1_migrations']),
    );
  });

  it('was written by the rollout: city, cells and audit agree', async () => {
    const city = await env.DB.prepare("SELECT cells, version FROM cities WHERE id = 'storage'").first();
    const cells = await env.DB.prepare("SELECT count(*) AS n FROM cells WHERE city = 'storage'").first();
    expect(cells?.['n']).toBe(city?.['cells']);
    const audit = await eventually('audit', () => env.DB.prepare('SELECT actor, action, subject FROM audit').first());
    expect(audit).toEqual({ actor: 'ops', action: 'city.create', subject: 'storage' });
  });
});
