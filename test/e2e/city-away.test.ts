// The commands of ops while the service goes away under them: killed, stopped in the middle of a call, and back again.
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { boxPolygon } from '../../src/geo/box-polygon.ts';
import { PROJECT_DIR, run } from './support/command.ts';
import { eventually, showLogsOnFailure, useService } from './support/service.ts';

const box = useService();
const { api, tokenFor } = box;
const AT = { lat: 37.7599, lng: -122.4192 };

let ops: string;
beforeAll(async () => {
  ops = await tokenFor('team', 'ops');
  const boundary = boxPolygon(-122.43, 37.75, -122.41, 37.77);
  expect((await api('PUT', '/v1/ops/cities/sf', { name: 'SF', boundary }, ops)).status).toBe(200);
  const asked = await api('POST', '/v1/questions', { ...AT, text: '?', expiresInS: 600 }, await tokenFor('al'));
  expect(asked.status).toBe(201);
});

const command = (file: string, ...args: readonly string[]) =>
  run('node', [join(PROJECT_DIR, file), ...args, '--url', box.url(), '--token', ops]);
/** How often the service was asked so. */
const asked = (method: string, route: string): number =>
  box.logs().filter((line) => line.includes(`"method":"${method}"`) && line.includes(route)).length;

describe('a service that goes away', () => {
  it('while a city is being removed: nothing is half done, and Ctrl-C ends it though no answer comes', async () => {
    showLogsOnFailure(box);
    const remove = command('tools/city.ts', 'remove', 'sf', '--yes');
    await eventually('it waits', () => asked('DELETE', 'cities') >= 2);
    const { pid } = box.service();
    process.kill(pid, 'SIGSTOP');
    try {
      const before = Date.now();
      remove.child.kill('SIGINT');
      expect((await remove.ended).code).toBe(130);
      expect(Date.now() - before).toBeLessThan(5000);
      expect(remove.stdout()).toMatch(/^sf is draining: 1 open question, /);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const again = command('tools/city.ts', 'remove', 'sf', '--yes');
    const known = asked('DELETE', 'cities');
    await eventually('it waits', () => asked('DELETE', 'cities') >= known + 2);
    await box.crash(3000);
    expect((await again.ended).code).toBe(1);
    expect(again.stderr()).toMatch(
      /\nnothing is half done: once the service answers again, the same command goes on\n$/,
    );
  });

  it('while its status is watched: it is said, and the next status comes when the service is back', async () => {
    showLogsOnFailure(box);
    const watch = command('tools/status.ts', '--watch', '--every', '1');
    const shown = (): number => watch.stdout().match(/^city +cells told/gm)?.length ?? 0;
    try {
      await eventually('it is shown', () => shown() >= 1);
      await box.crash(2500);
      await eventually('it is said', () => /^no answer \(.*asked again every 1 s$/m.test(watch.stderr()));
      const before = shown();
      await eventually('it is shown again', () => shown() > before);
      expect(watch.child.exitCode).toBeNull();
    } finally {
      watch.child.kill('SIGINT');
      await watch.ended;
    }
  });
});
