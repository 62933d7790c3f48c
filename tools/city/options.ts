// What `npm run city` takes, and what its options come to.
import { PRECISION_DEFAULT, PRECISION_MAX, PRECISION_MIN } from '../../src/city/plan.ts';
import { type CommandSpec, numberOf, type OptionValues, UsageError } from '../support/args.ts';
import { readJsonFile, SERVICE_OPTIONS } from '../traffic/rollout.ts';

const OPTIONS = {
  id: {
    type: 'text',
    help: 'short name of the city: lower-case letters, digits and hyphens; from the name of the file if not said',
  },
  name: { type: 'text', help: 'name for people' },
  precision: {
    type: 'integer',
    value: 'N',
    help: `length of the cells' geohashes; ${PRECISION_DEFAULT} for a new city`,
    min: PRECISION_MIN,
    max: PRECISION_MAX,
  },
  policy: { type: 'text', value: 'FILE|JSON', help: 'the business rules that differ from the defaults' },
  grid: {
    type: 'integer',
    value: 'N',
    help: 'privacy grid: length of the geohash that points are snapped to; 7 is 150 m',
  },
  limits: {
    type: 'text',
    value: 'NAME=VALUE,…',
    help: 'what one cell is to carry in normal times: users, eventsPerS, stepMs; autoSplit=false leaves splitting and joining to you, mergeAfterS=0 joining',
  },
  hint: { type: 'text', value: 'REGION', help: 'where to place the cells; from the boundary for a new city' },
  ...SERVICE_OPTIONS,
  users: { type: 'integer', help: 'people a day, for the cost in a plan; 10,000 if not said', min: 0 },
  svg: { type: 'text', value: 'FILE', help: 'draw into an SVG file in place of the terminal' },
  'no-wait': { type: 'flag', help: 'remove, split, merge: return at once, and let it go on by itself' },
  yes: { type: 'flag', help: 'remove: without asking' },
  'no-load': { type: 'flag', help: 'show the cells without asking each what it carries' },
  json: { type: 'flag', help: 'print JSON' },
} as const;

export const CITY_COMMAND = {
  name: 'npm run city --',
  summary: [
    'Rolls cities out on a running service. FILE is a GeoJSON boundary, which may be gzipped:',
    '  plan FILE…       say what an add would do: cells, ground, cost, overlaps with other cities; changes nothing',
    '  add FILE…        add cities, or change them: what is not said of one that is there stays as it is',
    '  set ID           change the name, policy, grid, limits or hint of a city while it runs',
    '  show ID|FILE     draw the cells of a city in the terminal, or with --svg into a file',
    '  remove ID        let its questions end as their askers were promised, then take the city away',
    '  keep ID          take a removal back, as long as the city is not gone',
    '  split CELL       split a cell into its 32 parts, while it works',
    '  merge CELL       join the 32 parts of a cell again, if together they are not hot',
    '  list             list the cities',
    '  audit ID         say who changed a city, when, and from what to what',
  ].join('\n'),
  positionals: ['command', 'id|file|cell...'],
  options: OPTIONS,
} as const satisfies CommandSpec<typeof OPTIONS>;

export type CityOptions = OptionValues<typeof OPTIONS>;

type OptionName = keyof typeof OPTIONS;
const OF_SERVICE: readonly OptionName[] = ['url', 'data', 'token', 'json'];
const OF_FILES: readonly OptionName[] = ['id', 'name', 'precision', 'policy', 'grid', 'limits', 'hint'];
/** What else may be said of each; the precision is taken by `set` to be refused with a reason. */
const TAKES = {
  plan: [...OF_FILES, 'users'],
  add: OF_FILES,
  set: OF_FILES,
  show: [...OF_FILES, 'svg', 'no-load'],
  remove: ['id', 'no-wait', 'yes'],
  keep: ['id'],
  split: ['no-wait'],
  merge: ['no-wait'],
  list: [],
  audit: ['id'],
} as const satisfies Readonly<Record<string, readonly OptionName[]>>;
const FILES: readonly string[] = ['plan', 'add'];

/** Which command it is, and what it is for: the argument, or the city of `--id`. Throws UsageError for what it would pass over. */
export function subjectOf(
  options: CityOptions,
  name: string,
  [subject, extra]: readonly string[],
): { readonly command: keyof typeof TAKES; readonly subject: string | undefined } {
  if (!isCommand(name)) {
    const names = Object.keys(TAKES);
    throw new UsageError(`unknown command "${name}": use ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`);
  }
  const takes: readonly string[] = [...OF_SERVICE, ...TAKES[name]];
  for (const [option, value] of Object.entries(options)) {
    if (value !== undefined && value !== false && !takes.includes(option))
      throw new UsageError(`${name} takes no --${option}`);
  }
  const unexpected = name === 'list' ? subject : FILES.includes(name) ? undefined : extra;
  if (unexpected !== undefined) throw new UsageError(`unexpected argument "${unexpected}"`);
  if (subject !== undefined && options.id !== undefined && ['set', 'remove', 'keep', 'audit'].includes(name)) {
    throw new UsageError(`${name} takes the id once: "${subject}", or --id ${options.id}`);
  }
  return { command: name, subject: subject ?? options.id };
}

const isCommand = (name: string): name is keyof typeof TAKES => Object.hasOwn(TAKES, name);

/** What a policy option, the grid and the limits override together; `undefined` when nothing was said of any. */
export function policyOf({ policy, grid, limits }: CityOptions): unknown {
  const given = policy === undefined ? undefined : policyFrom(policy);
  const over = {
    ...(grid === undefined ? {} : { gridLength: grid }),
    ...(limits === undefined ? {} : { limits: limitsOf(limits) }),
  };
  if (given === undefined && Object.keys(over).length === 0) return undefined;
  return JSON.parse(JSON.stringify(layered(given, over), asText));
}

/** JSON has no such numbers, and would send null: as a text each is refused by its name. */
const asText = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

/** Lays one patch of a policy over another, section by section. What is no object replaces what it is laid over. */
export function layered(under: unknown, over: unknown): unknown {
  if (!isObject(under) || !isObject(over)) return over === undefined ? under : over;
  const out: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) out[key] = layered(under[key], value);
  return out;
}

function policyFrom(text: string): unknown {
  if (!text.trimStart().startsWith('{')) return readJsonFile(text, 'policy');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--policy is neither a file nor JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** `users=500,autoSplit=false`; what the values must be is for the policy to say. */
function limitsOf(text: string): Readonly<Record<string, unknown>> {
  const limits: Record<string, unknown> = {};
  for (const part of text.split(',')) {
    const [, name, value] = part.trim().match(/^([A-Za-z]+)=(.+)$/) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`--limits takes NAME=VALUE, separated by commas, not "${part}"`);
    }
    const number = numberOf(value);
    limits[name] = value === 'true' || value === 'false' ? value === 'true' : Number.isNaN(number) ? value : number;
  }
  return limits;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
