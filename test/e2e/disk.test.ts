// A disk that fills up under the service, and the database of another directory: refused in words, and nothing is lost.
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { callApi } from '../../tools/support/http.ts';
import { type Service, startService } from '../../tools/support/service.ts';
import { signToken } from '../../tools/support/token.ts';
import { run, runToEnd, untilReady } from './support/command.ts';
import { eventually } from './support/service.ts';
import { socketOf } from './support/socket.ts';
import { AT, ROUND_THE_BAY } from './support/town.ts';

const MIB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), 'vicinal-disk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

const call = async (
  service: Pick<Service, 'url' | 'secret'>,
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  scope: 'user' | 'ops' = 'user',
) => {
  const token = await signToken({ sub: scope === 'ops' ? 'ops' : 'alice', scope, secret: service.secret });
  const answer = await callApi(service.url, path, { method, token, ...(body === undefined ? {} : { body }) });
  return { ...answer, body: answer.body as Readonly<Record<string, unknown>> };
};
const QUESTION = { ...AT, text: 'Is the tram running?' };
const addCity = (service: Pick<Service, 'url' | 'secret'>) =>
  call(service, 'PUT', '/v1/ops/cities/sf', { name: 'San Francisco', boundary: ROUND_THE_BAY }, 'ops');

describe('a disk without room', () => {
  it('DISK1 refuses what writes, reads on, says so, and goes on by itself when there is room', async () => {
    let free = 100 * MIB;
    const logs: string[] = [];
    const service = await startService({
      ...{ dataDir: join(folder, 'watched'), port: 0, leastFreeBytes: 64 * MIB },
      freeBytes: () => Promise.resolve(free),
      onLog: (line) => void logs.push(line),
    });
    const health = async () => (await call(service, 'GET', '/health')).body;
    try {
      expect((await addCity(service)).status).toBe(200);
      const asked = await call(service, 'POST', '/v1/questions', QUESTION);
      expect([asked.status, (await health())['status']]).toEqual([201, 'ok']);
      const token = await signToken({ sub: 'bob', scope: 'user', secret: service.secret });
      const socket = await socketOf(`${service.url}/v1/stream?lat=${AT.lat}&lng=${AT.lng}`, token);

      free = 10 * MIB;
      await eventually('degraded', async () => (await health())['status'] === 'degraded');
      expect(await health()).toMatchObject({ reason: 'storage_full', detail: '10 MiB are free on its disk' });
      for (const [method, path, body] of [
        ['POST', '/v1/questions', QUESTION],
        ['DELETE', `/v1/questions/${asked.body['id']}`, undefined],
        ['PUT', '/v1/presence', AT],
        ['POST', '/v1/events/ack', { seq: 1 }],
      ] as const) {
        const refused = await call(service, method, path, body);
        expect([path, refused.status, refused.body['code'], refused.headers.get('retry-after')]).toEqual([
          path,
          503,
          'storage_full',
          '10',
        ]);
      }
      expect((await addCity(service)).body['code']).toBe('storage_full');
      socket.send(JSON.stringify({ t: 'ask', ref: 'a', ...QUESTION }));
      expect(await socket.next(({ t }) => t === 'error')).toMatchObject({
        ref: 'a',
        code: 'storage_full',
        retryAfterS: 10,
      });
      for (const path of ['/v1/questions', `/v1/questions/${asked.body['id']}`, '/v1/events', '/v1/offers']) {
        expect([path, (await call(service, 'GET', path)).status]).toEqual([path, 200]);
      }
      const status = await runToEnd('node', ['tools/status.ts', '--data', service.dataDir]);
      expect([status.code, status.stderr]).toEqual([0, 'degraded: storage_full, 10 MiB are free on its disk\n']);

      // Not at the edge: it would swing.
      free = 70 * MIB;
      await sleep(2500);
      expect((await health())['status']).toBe('degraded');
      free = 90 * MIB;
      await eventually('ok again', async () => (await health())['status'] === 'ok');
      expect((await call(service, 'POST', '/v1/questions', QUESTION)).status).toBe(201);
      expect((await call(service, 'GET', `/v1/questions/${asked.body['id']}`)).status).toBe(200);
      socket.close();
      const said = logs.filter((line) => line.includes('"disk.')).map((line) => JSON.parse(line) as { event: string });
      expect(said.map(({ event }) => event)).toEqual(['disk.full', 'disk.free']);
    } finally {
      await service.stop();
    }
  });

  const mount = mountTmpfs(join(folder, 'small'));
  it.skipIf(mount === undefined)(
    'DISK1 on a disk of 48 MiB that is filled to the last byte, twice (needs root)',
    async () => {
      const disk = mount as string;
      const dataDir = join(disk, 'data');
      const args = ['tools/start.ts', '--port', '0', '--data', dataDir, '--least-free', '8'];
      const command = run('node', args);
      try {
        const { url, workerdPid } = await untilReady(command, dataDir);
        const secret = (await runToEnd('cat', [join(dataDir, 'secret')])).stdout.trim();
        const service = { url, secret };
        expect((await addCity(service)).status).toBe(200);
        const kept: unknown[] = [];
        const ask = async () => {
          const { status, body } = await call(service, 'POST', '/v1/questions', QUESTION);
          if (status === 201) kept.push(body['id']);
          return status;
        };
        for (let round = 1; round <= 2; round++) {
          expect(await eventually('an answer', async () => (await ask()) === 201)).toBe(true);
          fill(join(disk, 'ballast'));
          await eventually(
            'degraded',
            async () => (await call(service, 'GET', '/health')).body['status'] === 'degraded',
          );
          expect(await ask()).toBe(503);
          await sleep(5000);
          if (round === 2) {
            // As it does by itself where it has no room at all for what it must write.
            process.kill(workerdPid, 'SIGKILL');
            await eventually('waiting for room', () => command.stderr().includes('started again when there is room'));
          }
          rmSync(join(disk, 'ballast'));
          await eventually(
            'ok again',
            async () => {
              const answer = await call(service, 'GET', '/health').catch(() => undefined);
              return answer?.body['status'] === 'ok';
            },
            30_000,
            250,
          );
          expect(await eventually('an answer', async () => (await ask()) === 201)).toBe(true);
        }
        for (const id of kept) expect((await call(service, 'GET', `/v1/questions/${id}`)).status).toBe(200);
      } finally {
        command.child.kill('SIGTERM');
        await command.ended;
      }
      fill(join(disk, 'ballast'));
      const { code, stderr } = await runToEnd('node', args);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(
          /^the disk of .* is full \(\d+ KiB are free\): make room for 4 MiB or more, and start again/,
        ),
      ]);
      rmSync(join(disk, 'ballast'));
    },
  );
});

describe('a start', () => {
  it('START1 refuses by name a database that is not the one of the cells beside it', async () => {
    const whole = join(folder, 'whole');
    const first = await startService({ dataDir: whole, port: 0, quiet: true });
    expect((await addCity(first)).status).toBe(200);
    expect((await call(first, 'POST', '/v1/questions', QUESTION)).status).toBe(201);
    await first.stop();
    const databaseOf = (dir: string) =>
      globSync(join(dir, '.wrangler/state/workerd/d1/D1Database/*.sqlite')).filter((path) => /[0-9a-f]{64}/.test(path));
    const start = async (name: string, harm: (files: readonly string[]) => void) => {
      const dataDir = join(folder, name);
      cpSync(whole, dataDir, { recursive: true });
      harm(databaseOf(dataDir));
      return startService({ dataDir, port: 0, quiet: true });
    };
    const sql = (text: string) => (files: readonly string[]) => {
      for (const file of files) new DatabaseSync(file).exec(text);
    };
    await expect(start('none', (files) => files.map((file) => rmSync(file)))).rejects.toThrow(
      /^the database vicinal is empty, though there are cells beside it: restore/,
    );
    await expect(start('emptied', sql('DELETE FROM cells'))).rejects.toThrow(/^the database vicinal knows no cell/);
    await expect(start('dropped', sql('DROP TABLE busy'))).rejects.toThrow(
      /^the database vicinal lacks the table busy/,
    );
    const later = "INSERT INTO d1_migrations (name) VALUES ('9999_later.sql')";
    await expect(start('later', sql(later))).rejects.toThrow(/has the migration 9999_later\.sql, which this version/);
    const again = await start('same', () => {});
    expect((await call(again, 'GET', '/v1/ops/cities/sf', undefined, 'ops')).status).toBe(200);
    await again.stop();
  });
});

function fill(path: string): void {
  try {
    execFileSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=64k'], { stdio: 'ignore' });
  } catch {
    // It ends when there is no room any more: that is what it is for.
  }
}

/** `undefined` where this process may not mount anything. */
function mountTmpfs(path: string): string | undefined {
  mkdirSync(path, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  afterAll(() => {
    for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true });
    execFileSync('umount', ['-l', path]);
  });
  return path;
}
