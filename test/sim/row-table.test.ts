// The table of what each transition costs in rows, in docs/ARCHITECTURE.md: it must say what the simulated world writes.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { transitionLines } from '../../sim/transitions.ts';

it('docs/ARCHITECTURE.md shows the rows that each transition writes', () => {
  const text = readFileSync(new URL('../../docs/ARCHITECTURE.md', import.meta.url), 'utf8');
  const [, printed] = /sim -- transitions\n```\n```\n(.*?)```/s.exec(text) ?? [];
  expect(printed?.split('\n').slice(0, -1)).toEqual(transitionLines());
});
