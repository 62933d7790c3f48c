// `npm run city -- remove` against the real service: it waits for the questions, may be left alone, and the cron goes on.
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_DIR, run, runToEnd } from './support/command.ts';
import { eventually, showLogsOnFailure, useService } from './support/service.ts';
import { openTown, type Town } from './support/town.ts';

const box = useService();
const { api } = box;
let town: Town;
beforeAll(async () => {
  town = await openTown(box, {});
});

const args = (...more: readonly string[]): readonly string[] => [
  join(PROJECT_DIR, 'src/cli/city.ts'),
  ...more,
  '--url',
  box.url(),
  '--token',
  town.ops,
];
const AT = { lat: 37.7749, lng: -122.4194 };
const stateOf = async (): Promise<unknown> =>
  (await api<{ readonly state: string }>('GET', '/v1/ops/cities/sf', undefined, town.ops)).body.state;

/** By then it has looked at an answer, and waits. */
async function untilItAsksAgain(): Promise<void> {
  const asked = (): number => box.logs().filter((line) => line.includes('"method":"DELETE"')).length;
  const before = asked();
  await eventually('it asks a second time', () => asked() >= before + 2);
}

describe('npm run city -- remove', () => {
  it('GONE1 tells how it stands, leaves the city draining on Ctrl-C, and waits until its question has ended', async () => {
    showLogsOnFailure(box);
    const question = await town.ask(town.alice, { ...AT, text: 'Anybody?', expiresInS: 600 });
    const idle = await runToEnd('node', args('remove', 'sf', '--no-wait'));
    expect([idle.code, idle.stdout]).toEqual([
      0,
      expect.stringMatching(/^sf is draining: 1 open question, the last ends by 2/),
    ]);

    const stopped = run('node', args('remove', 'sf'));
    await untilItAsksAgain();
    stopped.child.kill('SIGINT');
    expect((await stopped.ended).code).toBe(130);
    expect(stopped.stdout()).toMatch(/sf is draining: 1 open question/);
    expect(await stateOf()).toBe('draining');
    expect((await runToEnd('node', args('list'))).stdout).toMatch(/sf .*draining/);

    const waiting = run('node', args('remove', 'sf'));
    await untilItAsksAgain();
    expect(waiting.child.exitCode).toBeNull();
    expect((await api('DELETE', `/v1/questions/${question.id}`, undefined, town.alice)).status).toBe(200);
    expect((await waiting.ended).code).toBe(0);
    expect(waiting.stdout()).toBe('sf is removed\n');
    expect(await stateOf()).toBe('removed');
  });

  it('says of a city that is gone when it went, and of one that never was that there is none', async () => {
    const again = await runToEnd('node', args('remove', 'sf'));
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/^unknown_city: the city was removed at 2\d{3}-/);
    expect((await runToEnd('node', args('remove', 'atlantis'))).stderr).toMatch(/^unknown_city: /);
    const audit = await runToEnd('node', args('audit', 'sf'));
    expect(audit.stdout).toMatch(/city\.remove[\s\S]*city\.drain[\s\S]*city\.create/);
    await eventually('nobody is there', async () => {
      const { status } = await api('PUT', '/v1/presence', AT, town.bob);
      return status === 404;
    });
  });
});
