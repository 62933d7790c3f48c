// What becomes of a command in a test: most run as they stand; here are those that cannot, and why, and what each placeholder is.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_DIR } from '../support/command.ts';

export type Rule = {
  /** The whole command, without a comment behind it. */
  readonly of: RegExp;
} & (
  | { readonly as: string | ((command: string) => string); readonly skip?: undefined }
  /** It is not run here: why, or what runs it. */
  | { readonly skip: string; readonly as?: undefined }
);

const SAMPLE = 'docs/examples/harbour.geojson';
/** Two cities more, east of the sample. */
const MORE = `mkdir more
sed s/-122/-121/g ${SAMPLE} > more/east.geojson
sed s/-122/-120/g ${SAMPLE} > more/further.geojson
npm run city -- add more/*.geojson`;
const CI = '.ci/run runs it';
const ACCOUNT = 'needs an account of the platform';
const named = (path: string) => (existsSync(join(PROJECT_DIR, path)) ? `npm test runs ${path}` : '');

/** The first that fits. Code in a line that fits none must not be in a document; a line of a block runs as it stands. */
export const RULES: readonly Rule[] = [
  { of: /^npm ci( && npm test)?$|^npm test$|^npm run (check|lint|typecheck|format)$|^\.ci\/run$/, skip: CI },
  { of: /^npx vitest run --project node( -t \w+)?$/, skip: CI },
  { of: /^npx vitest --project /, skip: 'it watches until it is stopped' },
  {
    of: /^npx wrangler (tail|secret|deploy|rollback|d1 (create|execute|migrations|time-travel))\b(?!.*--dry-run)/,
    skip: ACCOUNT,
  },
  { of: /^npm install --save-exact /, skip: 'it would change package.json by a package named NAME' },
  { of: /^npm run lockfile$/, as: 'npm run lockfile' },
  { of: /^npx wrangler deploy --dry-run$/, as: 'npx wrangler deploy --dry-run --outdir "$(mktemp -d)"' },

  { of: /^npm start(| -- --port 0| -- --port 0 --data DIR)$/, as: 'begin' },
  { of: /^npm start 2>> vicinal\.log$/, as: 'begin' },
  { of: /^kill %1; wait; rm -r \$DIR$/, as: (command) => command },
  { of: /^kill( N)?$/, skip: 'N is a process of yours' },
  { of: /^npm run dev$/, skip: 'test/e2e/dev.test.ts runs it' },
  { of: /^(npm ci && )?npm run demo( -- --seconds 20 --json)?$/, as: 'npm run demo -- --seconds 3 --users 12 --json' },
  { of: /^npm run demo -- --seconds 33 --record docs\/images\/demo\.svg$/, skip: 'test/e2e/demo.test.ts runs it' },
  { of: /^npm run chaos -- --seconds 20 --kills 3$/, skip: 'test/e2e/chaos.test.ts runs it, shorter' },
  { of: /^npm run sim( -- --seeds 1\.\.\d+| -- --seed 15)?$/, as: 'npm run sim -- --seeds 1..2' },
  { of: /^npm run sim -- --mutants$/, skip: 'test/sim/mutants.test.ts runs it' },
  {
    of: /^npm run sim -- growth --city-files (…|oslo\.geojson,bergen\.geojson)$/,
    skip: 'test/e2e/growth.test.ts runs it',
  },
  {
    of: /^npm run sim -- growth( --to 215 --days 2 --effort 0\.2)?( --json| --charts docs\/images)?$/,
    skip: 'test/e2e/growth.test.ts runs it',
  },
  {
    of: /^npm run bench -- --only (cell|sim|border|privacy|service|ask|storm|fuzz|geo)$/,
    skip: 'it measures for minutes, and promises nothing',
  },
  { of: /^npm run bench -- --only cost$/, as: (command) => command },
  { of: /^npm run mutate -- --room matching$/, skip: 'it takes minutes, and promises nothing' },
  { of: /^npm run --silent sim -- transitions$/, as: (command) => command },
  { of: /^npm run sim -- --mutant NAME$/, skip: 'NAME is one of yours' },
  { of: /^npm test -- --project node$/, skip: CI },
  { of: /^npm run replay -- --presence FILE /, skip: 'test/e2e/replay.test.ts runs it' },
  { of: /^npm run status( -- --watch)?$/, as: 'npm run status' },

  {
    of: /^npm run city -- add NEW_YORK\.geojson --precision 7$/,
    skip: 'it needs a file of yours; test/e2e/city.test.ts rolls a large one out',
  },
  { of: /^npm run city -- add \*\.geojson$/, as: MORE },
  { of: /^npm run city -- (plan|show|add) FILE\.geojson/, as: (command) => command.replace('FILE.geojson', SAMPLE) },
  { of: /^npm run city -- set (sf|ID) /, as: (command) => command.replace(' ID ', ' sf ') },
  { of: /^npm run city -- audit ID$/, as: 'npm run city -- audit sf' },
  { of: /^npm run city -- list$/, as: 'npm run city -- list' },
  { of: /^npm run city -- split CELL$/, skip: 'test/e2e/city-split.test.ts runs it' },
  { of: /^npm run --silent token -- --sub alice$/, as: 'npm run --silent token -- --sub alice' },
  { of: /^npm run city -- keep sf$/, skip: 'test/e2e/city-remove.test.ts runs it' },
  { of: /^npm run cell -- inspect (9q8yy|ID)$/, skip: 'test/e2e/cell-inspect.test.ts runs it' },
  // Its default is the default port, where another service may run.
  { of: /^node_modules\/\.bin\/node docs\/examples\/ask\.ts /, as: (command) => `${command} $BASE` },
  { of: /^cells (sf|CITY)$/, as: 'cells sf' },
  { of: /^d1 "SELECT /, as: (command) => command },
];

/** `undefined` where no rule fits. A test file that is named must be there. */
export function ruleOf(command: string): Rule | undefined {
  const file = /^npx vitest run --project (?:node|worker|e2e) (\S+)$/.exec(command)?.[1];
  if (file !== undefined) return named(file) === '' ? undefined : { of: /^/, skip: named(file) };
  return RULES.find(({ of }) => of.test(command));
}

/** Without the comment that explains it. */
export const bare = (line: string): string => line.replace(/\s+# .*$/, '').trimEnd();
