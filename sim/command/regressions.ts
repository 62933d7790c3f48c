// Small runs that once broke a rule: kept as JSON, replayed first by the tests.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SimOptions } from '../options.ts';

export type Regression = { readonly rule: string; readonly what: string; readonly options: SimOptions };

const FOLDER = new URL('../../test/sim/regressions/', import.meta.url);

/** Answers with the path, relative to the project. */
export function keepRegression(rule: string, options: SimOptions, what: string): string {
  const name = `${rule.toLowerCase()}-${options.seed}.json`;
  mkdirSync(FOLDER, { recursive: true });
  const regression: Regression = { rule, what, options };
  writeFileSync(new URL(name, FOLDER), `${JSON.stringify(regression, null, 2)}\n`);
  return `test/sim/regressions/${name}`;
}

export function regressions(): readonly (Regression & { readonly name: string })[] {
  // A folder that is empty is not in a checkout.
  if (!existsSync(FOLDER)) return [];
  return readdirSync(fileURLToPath(FOLDER))
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => ({ name, ...(JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Regression) }));
}
