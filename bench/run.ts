// `npm run bench`: every bench, one after the other, each in a process of its own so that none warms or litters another's heap.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../tools/support/args.ts';

const BENCHES = ['geo', 'cell', 'sim', 'border', 'privacy', 'service', 'ask', 'cost', 'storm', 'fuzz'] as const;

await runCommand(
  {
    name: 'npm run bench --',
    summary: `Measures ${BENCHES.join(', ')}: medians, least and most of several rounds, and ratios.`,
    options: {
      only: { type: 'text', value: 'NAME', help: `one of ${BENCHES.join(', ')}`, oneOf: BENCHES },
      json: { type: 'flag', help: 'with --only ask or cost: the last line is one JSON object' },
      seed: { type: 'integer', value: 'N', help: 'the same seed measures the same work', default: 1, min: 0 },
    },
  },
  async ({ only, seed, json }) => {
    for (const name of only === undefined ? BENCHES : [only]) {
      const code = await finished(fileURLToPath(new URL(`./${name}.ts`, import.meta.url)), seed, json);
      if (code !== 0) return code;
    }
    return 0;
  },
);

function finished(script: string, seed: number, json: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, String(seed), ...(json ? ['--json'] : [])], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
