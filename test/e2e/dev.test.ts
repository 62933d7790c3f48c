// `npm run dev`: the same data and the same port as before, with the sources as they are now.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run, untilReady } from './support/command.ts';
import { copyProject } from './support/copy.ts';
import { eventually } from './support/service.ts';

const folder = mkdtempSync(join(tmpdir(), 'vicinal-dev-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

describe('npm run dev', () => {
  it('starts anew at a change, on the same data and port, and goes on where the sources do not build', async () => {
    const [copy, data] = [join(folder, 'copy'), join(folder, 'data')];
    copyProject(copy);
    const command = run('node', [join(copy, 'tools/dev.ts'), '--port', '0', '--data', data]);
    try {
      const { url } = await untilReady(command, data);
      const health = async () => (await fetch(`${url}/health`)).json() as Promise<{ readonly service: string }>;
      const secret = readFileSync(join(data, 'secret'), 'utf8');
      const route = join(copy, 'src/api/routes/health.ts');
      const source = readFileSync(route, 'utf8');
      writeFileSync(route, source.replace("'vicinal'", "'changed'"));
      await eventually('a new start', () => command.stdout().includes(`ready again ${url}\n`));
      expect(await health()).toMatchObject({ service: 'changed' });
      expect(readFileSync(join(data, 'secret'), 'utf8')).toBe(secret);
      appendFileSync(route, '\nconst half = (');
      await eventually('the complaint', () => command.stderr().includes('the service goes on as it was'));
      expect(await health()).toMatchObject({ service: 'changed' });
    } finally {
      command.child.kill('SIGTERM');
    }
    expect(await command.ended).toEqual({ code: 0, signal: null });
  });
});
