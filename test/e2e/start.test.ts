// `npm start` and `npm run token` as processes: ready, refused, ended, killed, and started again on the same data.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boxPolygon } from '../../src/geo/box-polygon.ts';
import { callApi } from '../../tools/support/http.ts';
import { DirectoryInUseError } from '../../tools/support/lock.ts';
import { startService } from '../../tools/support/service.ts';
import { isAlive, run, runToEnd, type Started, untilReady } from './support/command.ts';
import { eventually, temporaryDir } from './support/service.ts';

const START = 'tools/start.ts';
/** Nothing is left running when whoever runs the service is gone. */
const GONE_WITHIN_MS = 5000;
const SQUARE = boxPolygon(-122.45, 37.75, -122.4, 37.8);

let dataDir = '';
const started: Started[] = [];

beforeEach(() => {
  dataDir = temporaryDir();
});
afterEach(async () => {
  for (const { child, workerdPid } of started.splice(0)) {
    child.kill('SIGKILL');
    await eventually('workerd gone', () => !isAlive(workerdPid), GONE_WITHIN_MS);
  }
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(): Promise<Started> {
  const one = await untilReady(run('node', [START, '--port', '0', '--data', dataDir]), dataDir);
  started.push(one);
  return one;
}

async function startByNpm(): Promise<Started> {
  const one = await untilReady(run('npm', ['start', '--', '--port', '0', '--data', dataDir]), dataDir);
  started.push(one);
  return one;
}

async function tokenOf(sub: string, scope: string): Promise<string> {
  const { stdout } = await runToEnd('node', ['tools/token.ts', '--sub', sub, '--scope', scope, '--data', dataDir]);
  return stdout.trim();
}

async function health(url: string): Promise<number> {
  return (await callApi(url, '/health')).status;
}

async function endWithin(command: Started, limitMs: number): Promise<unknown> {
  const startedMs = performance.now();
  const end = await command.ended;
  expect(performance.now() - startedMs).toBeLessThan(limitMs);
  return end;
}

describe('start', () => {
  it('prints one ready line on stdout and serves at that address', async () => {
    const { url, stdout } = await start();
    expect(await health(url)).toBe(200);
    expect(stdout()).toBe(`ready ${url}\n`);
  });

  it('refuses a second start on the same data and says who has it', async () => {
    const first = await start();
    const second = await runToEnd('node', [START, '--port', '0', '--data', dataDir]);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain(`in use by process ${first.child.pid}`);
    expect(second.stderr).toContain(first.url);
    await expect(startService({ dataDir, port: 0, quiet: true })).rejects.toThrow(DirectoryInUseError);
    expect(await health(first.url)).toBe(200);
  });

  it('lets one of four simultaneous starts have the data, and refuses the others', async () => {
    const tries = await Promise.allSettled([1, 2, 3, 4].map(() => startService({ dataDir, port: 0, quiet: true })));
    const running = tries.filter((one) => one.status === 'fulfilled').map((one) => one.value);
    for (const service of running) await service.stop();
    expect(running).toHaveLength(1);
  });

  it('exits 1 with a clear message when the port is taken', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const { code, stdout, stderr } = await runToEnd('node', [START, '--port', String(port), '--data', dataDir]);
    server.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`port ${port} on 127.0.0.1 is already in use\n`);
    expect(existsSync(join(dataDir, 'holder.json'))).toBe(false);
  });

  it('exits 2 with its usage when the arguments are wrong, and 0 for --help', async () => {
    const wrong = await runToEnd('node', [START, '--port', 'many']);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain('--port must be a whole number, not "many"');
    expect(wrong.stderr).toContain('Usage: npm start');
    expect(await runToEnd('node', [START, '--help'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('refuses a data directory that is a file', async () => {
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    const { code, stderr } = await runToEnd('node', [START, '--port', '0', '--data', file]);
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot use ${file} as a data directory`);
  });
});

describe('end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s exits 0 within 3 s and leaves nothing running', async (signal) => {
    const one = await start();
    one.child.kill(signal);
    expect(await endWithin(one, 3000)).toEqual({ code: 0, signal: null });
    expect(isAlive(one.workerdPid)).toBe(false);
    expect(existsSync(join(dataDir, 'holder.json'))).toBe(false);
  });

  it('SIGTERM to npm ends the service too', async () => {
    const one = await startByNpm();
    one.child.kill('SIGTERM');
    await endWithin(one, 3000);
    await eventually('workerd gone', () => !isAlive(one.workerdPid), GONE_WITHIN_MS);
  });

  it('SIGKILL of npm ends the service too', async () => {
    const one = await startByNpm();
    one.child.kill('SIGKILL');
    await eventually('workerd gone', () => !isAlive(one.workerdPid), GONE_WITHIN_MS);
  });

  it('SIGKILL of the wrapper leaves no workerd behind', async () => {
    const one = await start();
    one.child.kill('SIGKILL');
    await eventually('workerd gone', () => !isAlive(one.workerdPid), GONE_WITHIN_MS);
    expect(await health((await start()).url)).toBe(200);
  });

  it.skipIf(process.platform !== 'linux')(
    'a workerd that was left behind all the same is ended by the next start',
    async () => {
      const one = await start();
      const wrapperPid = one.child.pid ?? 0;
      const children = readFileSync(`/proc/${wrapperPid}/task/${wrapperPid}/children`, 'utf8')
        .trim()
        .split(' ')
        .map(Number);
      for (const pid of children) if (pid !== one.workerdPid) process.kill(pid, 'SIGKILL');
      one.child.kill('SIGKILL');
      await one.ended;
      expect(isAlive(one.workerdPid)).toBe(true);
      const again = await start();
      expect(isAlive(one.workerdPid)).toBe(false);
      expect(await health(again.url)).toBe(200);
    },
  );

  it('exits 1 and says so when workerd is killed', async () => {
    const one = await start();
    process.kill(one.workerdPid, 'SIGKILL');
    expect(await one.ended).toEqual({ code: 1, signal: null });
    expect(one.stderr()).toContain('workerd ended by itself (SIGKILL)');
    expect(await health((await start()).url)).toBe(200);
  });
});

describe('data', () => {
  it('an acknowledged row is there after SIGTERM, after SIGKILL of workerd and after SIGKILL of the wrapper', async () => {
    const ops = await tokenOf('ops', 'ops');
    const first = await start();
    const city = { name: 'Square', boundary: SQUARE };
    const put = await callApi(first.url, '/v1/ops/cities/square', { method: 'PUT', body: city, token: ops });
    expect(put.status).toBeLessThan(300);
    const kept = async (url: string): Promise<void> => {
      const { status, body } = await callApi(url, '/v1/ops/cities/square', { token: ops });
      expect({ status, body }).toMatchObject({ status: 200, body: { name: 'Square' } });
    };
    await kept(first.url);
    first.child.kill('SIGTERM');
    await first.ended;
    const second = await start();
    await kept(second.url);
    process.kill(second.workerdPid, 'SIGKILL');
    await second.ended;
    const third = await start();
    await kept(third.url);
    third.child.kill('SIGKILL');
    await third.ended;
    await kept((await start()).url);
  });

  it('startService starts again on the same data after kill, with the same secret', async () => {
    const first = await startService({ dataDir, port: 0, quiet: true });
    expect(await first.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    const second = await startService({ dataDir, port: 0, quiet: true });
    expect(second.secret).toBe(first.secret);
    expect(await health(second.url)).toBe(200);
    await second.stop();
    await second.stop();
  });

  it('SIGTERM ends it within 3 s while a WebSocket is open', async () => {
    const one = await start();
    const ops = await tokenOf('ops', 'ops');
    const city = { name: 'Square', boundary: SQUARE };
    await callApi(one.url, '/v1/ops/cities/square', { method: 'PUT', body: city, token: ops });
    const streamUrl = `${one.url.replace('http', 'ws')}/v1/stream?lat=37.78&lng=-122.42`;
    const socket = new WebSocket(streamUrl, ['vicinal.v1', `bearer.${await tokenOf('alice', 'user')}`]);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('the socket does not open')));
    });
    one.child.kill('SIGTERM');
    expect(await endWithin(one, 3000)).toEqual({ code: 0, signal: null });
    expect(isAlive(one.workerdPid)).toBe(false);
  });
});

describe('token', () => {
  it('works before the first start, prints the token alone, and the service knows the secret', async () => {
    const { code, stdout, stderr } = await runToEnd('npm', [
      ...['run', '--silent', 'token', '--'],
      ...['--sub', 'alice', '--scope', 'service', '--ttl', '60', '--data', dataDir],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const claims: unknown = JSON.parse(Buffer.from(stdout.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ sub: 'alice', scope: 'service' });
    const { iat, exp } = claims as { readonly iat: number; readonly exp: number };
    expect(exp - iat).toBe(60);
    expect(statSync(join(dataDir, 'secret')).mode & 0o777).toBe(0o600);
    const service = await startService({ dataDir, port: 0, quiet: true });
    await service.stop();
    expect(service.secret).toMatch(/^[\da-f]{64}$/);
    expect(await resigned(stdout.trim(), service.secret)).toBe(true);
  });

  it.each([
    [[], '--sub is required'],
    [['--sub', 'a', '--scope', 'king'], '--scope must be one of user, service, ops, not "king"'],
    [['--sub', 'a', '--ttl', '0'], '--ttl must be from 1 to'],
    [['--sub', 'a', '--colour', 'red'], "Unknown option '--colour'"],
    [['--sub', 'a', 'b'], "Unexpected argument 'b'"],
  ])('exits 2 with a clear message for %j', async (args, message) => {
    const { code, stdout, stderr } = await runToEnd('node', ['tools/token.ts', ...args, '--data', dataDir]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('Usage: npm run --silent token --');
  });
});

/** Whether this secret made the token's signature (checked by WebCrypto, not by the library that signed). */
async function resigned(token: string, secret: string): Promise<boolean> {
  const [head = '', claims = '', signature = ''] = token.split('.');
  const usage = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', Buffer.from(secret), usage, false, ['verify']);
  return crypto.subtle.verify('HMAC', key, Buffer.from(signature, 'base64url'), Buffer.from(`${head}.${claims}`));
}
