// `npm run city`: adds a city from its boundary, lists the cities, says who changed one, or plans one without any service.
import { areaKm2 } from '../city/area.ts';
import { ASSUMED, monthlyCost } from '../city/cost.ts';
import { type CityPlan, PRECISION_DEFAULT, PRECISION_MAX, PRECISION_MIN, planCity } from '../city/plan.ts';
import { runCommand, UsageError } from './support/args.ts';
import { DEFAULT_DATA_DIR } from './support/data-dir.ts';
import { ApiError, expectApi } from './support/http.ts';
import {
  type CityRollout,
  DEFAULT_URL,
  isHealthy,
  readJsonFile,
  rollOut,
  runningUrl,
  signWith,
} from './traffic/rollout.ts';

type Options = {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly precision: number | undefined;
  readonly policy: string | undefined;
  readonly hint: string | undefined;
  readonly url: string | undefined;
  readonly data: string | undefined;
  readonly token: string | undefined;
  readonly json: boolean;
  readonly users: number;
};

await runCommand(
  {
    name: 'npm run city --',
    summary: [
      'Rolls cities out on a running service:',
      '  add FILE --id sf --name "San Francisco"   add a city, or change one, from its GeoJSON boundary (may be gzipped)',
      '  audit --id sf                             say who changed a city, and when',
      '  list                                      list the cities',
      '  plan FILE --id sf --precision 6           say what an add would do; needs no service',
    ].join('\n'),
    positionals: ['command', 'file?'],
    options: {
      id: { type: 'text', help: 'short name of the city: lower-case letters, digits and hyphens' },
      name: { type: 'text', help: 'name for people' },
      precision: {
        type: 'integer',
        value: 'N',
        help: `length of the cells' geohashes; ${PRECISION_DEFAULT} if not said`,
        min: PRECISION_MIN,
        max: PRECISION_MAX,
      },
      policy: { type: 'text', value: 'FILE', help: 'JSON file with the business rules that differ from the defaults' },
      hint: { type: 'text', value: 'REGION', help: 'where to place the cells; from the boundary if not said' },
      url: { type: 'text', value: 'URL', help: `where the service is; ${DEFAULT_URL} if not said` },
      data: {
        type: 'text',
        value: 'DIR',
        help: `directory of the service, for its secret; ${DEFAULT_DATA_DIR} if not said`,
      },
      token: { type: 'text', value: 'JWT', help: 'token with the scope ops, in place of the secret' },
      users: { type: 'integer', help: 'people a day, for the cost in a plan', default: 10_000, min: 0 },
      json: { type: 'flag', help: 'print JSON' },
    },
  },
  async (options, [command, argument]) => {
    switch (command) {
      case 'add':
        return add(options, argument);
      case 'list':
        return list(options);
      case 'audit':
        return audit(options, argument);
      case 'plan':
        return plan(options, argument);
      default:
        throw new UsageError(`unknown command "${command}": use add, list, audit or plan`);
    }
  },
);

async function add(options: Options, file: string | undefined): Promise<number> {
  const request = cityOf(options, file);
  const made = planned(request);
  const city = await onService(options, (url, token) => rollOut(url, token, request));
  if (options.json) print(JSON.stringify(city));
  else printRollout(made, city as Rolled);
  return 0;
}

type Rolled = {
  readonly added?: number;
  readonly changed?: boolean;
  readonly overlaps?: readonly { readonly city: string; readonly cells: number }[];
};

function printRollout({ id, name, cells, precision }: CityPlan, { changed, added, overlaps = [] }: Rolled): void {
  const what = changed === false ? 'nothing changed' : 'is rolled out';
  const news = added === undefined ? '' : `, ${added} of them new`;
  print(`${name} (${id}) ${what}: ${cells.length} cells of precision ${precision}${news}`);
  for (const other of overlaps) print(`${other.cells} of them stay, wholly or in part, with ${other.city}`);
}

async function audit(options: Options, argument: string | undefined): Promise<number> {
  const id = argument ?? options.id;
  if (id === undefined) throw new UsageError('audit needs the ID of a city');
  const path = `/v1/ops/cities/${encodeURIComponent(id)}`;
  const body = await onService(options, (url, token) => expectApi(url, path, { token }));
  const entries = (body as { readonly audit?: readonly Readonly<Record<string, unknown>>[] }).audit ?? [];
  if (options.json) print(JSON.stringify(entries));
  for (const { at, actor, action, version, added } of options.json ? [] : entries) {
    print(`${at}  ${actor}  ${action}  version ${version}, ${added} cells added`);
  }
  return 0;
}

async function list(options: Options): Promise<number> {
  const body = await onService(options, (url, token) => expectApi(url, '/v1/ops/cities', { token }));
  const items = (body as { readonly items?: readonly Readonly<Record<string, unknown>>[] }).items ?? [];
  if (options.json) print(JSON.stringify(body));
  else if (items.length === 0) print('no city yet: add one with npm run city -- add FILE.geojson --id ID --name NAME');
  for (const city of options.json ? [] : items) {
    const cells = Array.isArray(city['cells']) ? city['cells'].length : city['cells'];
    const facts = [`precision ${city['precision']}`, cells === undefined ? '' : `${cells} cells`, city['state'] ?? ''];
    print(
      `${String(city['id']).padEnd(16)} ${String(city['name']).padEnd(24)} ${facts.filter((f) => f !== '').join(', ')}`,
    );
  }
  return 0;
}

function plan(options: Options, file: string | undefined): number {
  const { id, name, precision, cells, bounds, centroid, locationHint } = planned(cityOf(options, file));
  const load = { users: options.users, hoursPerUserDay: 2, pingEveryS: 10, questionsPerUserDay: 1 };
  const cost = monthlyCost(cells.length, load);
  const km2 = Math.round(areaKm2(cells) * 10) / 10;
  if (options.json) {
    const size = { cells: cells.length, areaKm2: km2, bounds, centroid, locationHint };
    print(JSON.stringify({ id, name, precision, ...size, cost, load, assumed: ASSUMED }));
    return 0;
  }
  const at = `${centroid.lat.toFixed(4)}, ${centroid.lng.toFixed(4)}`;
  print(`${name} (${id}): ${cells.length} cells of precision ${precision}, centre ${at}, placed in ${locationHint}`);
  print(`coverage ${km2} km²; about $${cost.totalUsd.toFixed(2)} a month for ${load.users} people a day, each`);
  print('connected for 2 hours with a ping every 10 s and one question (assumptions and prices: src/city/cost.ts)');
  return 0;
}

function cityOf({ id, name, precision, policy, hint }: Options, file: string | undefined): CityRollout {
  if (file === undefined) throw new UsageError('FILE is required: the boundary as GeoJSON');
  if (id === undefined) throw new UsageError('--id is required');
  return {
    id,
    name: name ?? id,
    boundary: readJsonFile(file, 'boundary'),
    ...(precision === undefined ? {} : { precision }),
    ...(policy === undefined ? {} : { policy: readJsonFile(policy, 'policy') }),
    ...(hint === undefined ? {} : { locationHint: hint }),
  };
}

/** Planned here before anything is sent, so that a bad boundary is told in full and at once. */
function planned(request: CityRollout): CityPlan {
  const made = planCity(request);
  if (!made.ok) throw new Error(`${made.error.code}: ${made.error.detail ?? ''}`);
  return made.value;
}

async function onService<T>(options: Options, work: (url: string, token: string) => Promise<T>): Promise<T> {
  const url = options.url ?? runningUrl(options.data) ?? DEFAULT_URL;
  if (!(await isHealthy(url))) throw new Error(`no service answers at ${url}: start one with npm start`);
  const token = options.token ?? (await signWith(options.data, 'ops', 'ops', 300));
  try {
    return await work(url, token);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      throw new Error(`${error.message}\nthe service at ${url} has another secret: name its directory with --data`);
    }
    throw error;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
