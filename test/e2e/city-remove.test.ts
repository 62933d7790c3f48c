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
  join(PROJECT_DIR, 'tools/city.ts'),
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

describe('npm run city -- keep', () => {
  it('GONE2 takes a removal back: what was open goes on, and new questions are taken again', async () => {
    showLogsOnFailure(box);
    const question = await town.ask(town.alice, { ...AT, text: 'Still here?', expiresInS: 600 });
    expect(await runToEnd('node', args('remove', 'sf', '--no-wait', '--yes'))).toMatchObject({ code: 0 });
    const refused = await api('POST', '/v1/questions', { ...AT, text: 'Anybody new?' }, town.alice);
    expect(refused).toMatchObject({ status: 404, body: { code: 'out_of_coverage' } });
    const kept = await runToEnd('node', args('keep', 'sf'));
    expect([kept.code, kept.stdout]).toEqual([0, 'sf stays, and takes new questions\n']);
    expect(await stateOf()).toBe('live');
    expect(await runToEnd('node', args('keep', 'sf'))).toMatchObject({ code: 0 });
    await eventually('questions are taken', async () => {
      const { status } = await api('POST', '/v1/questions', { ...AT, text: 'Anybody new?', expiresInS: 60 }, town.bob);
      return status === 201;
    });
    for (const [who, path] of [
      [town.alice, `/v1/questions/${question.id}`],
      [town.alice, '/v1/questions'],
    ] as const)
      expect(await api('GET', path, undefined, who)).toMatchObject({ status: 200 });
    expect((await runToEnd('node', args('audit', 'sf'))).stdout).toMatch(/city\.keep[\s\S]*city\.drain/);
    const open = await api<{ readonly items: readonly { readonly id: string; readonly state: string }[] }>(
      'GET',
      '/v1/questions',
      undefined,
      town.bob,
    );
    for (const { id } of open.body.items) await api('DELETE', `/v1/questions/${id}`, undefined, town.bob);
    expect((await api('DELETE', `/v1/questions/${question.id}`, undefined, town.alice)).status).toBe(200);
  });
});

describe('npm run city -- remove', () => {
  it('GONE1 tells how it stands, leaves the city draining on Ctrl-C, and waits until its question has ended', async () => {
    showLogsOnFailure(box);
    const question = await town.ask(town.alice, { ...AT, text: 'Anybody?', expiresInS: 600 });
    const unsure = await runToEnd('node', args('remove', 'sf'));
    expect(unsure.code).toBe(2);
    expect(unsure.stderr).toMatch(/^remove takes away .* \(sf\) with its \d+ cells?: .*; say --yes if that is meant\n/);
    expect(await stateOf()).toBe('live');
    const idle = await runToEnd('node', args('remove', 'sf', '--no-wait', '--yes'));
    expect([idle.code, idle.stdout]).toEqual([
      0,
      expect.stringMatching(/^sf is draining: 1 open question, the last ends by 2/),
    ]);

    const { stdout: status } = await runToEnd('node', [join(PROJECT_DIR, 'tools/status.ts'), ...args().slice(1)]);
    expect(status).toMatch(/^sf \(draining\) /m);

    // What is agreed to already needs no word again.
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
