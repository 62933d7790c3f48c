// The table of what each transition costs in rows, in docs/ARCHITECTURE.md: its script is run, and must print what stands below it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);

it('docs/ARCHITECTURE.md shows the rows that each transition writes, as its script counts them', {
  timeout: 60_000,
}, () => {
  const text = readFileSync(new URL('docs/ARCHITECTURE.md', ROOT), 'utf8');
  const [, script, printed] = /--input-type=module - <<'EOF'\n(.*?)\nEOF\n```\n```\n(.*?)```/s.exec(text) ?? [];
  const output = execFileSync(process.execPath, ['--input-type=module', '-'], {
    cwd: fileURLToPath(ROOT),
    input: script,
    encoding: 'utf8',
  });
  expect(output).toBe(printed);
});
