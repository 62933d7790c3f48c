// `city plan`: what an add would do, before anything changes.
import { areaKm2 } from '../../src/city/area.ts';
import type { Change } from '../../src/city/changes.ts';
import { type CityLoad, MEASURED, monthlyCost } from '../../src/city/cost.ts';
import type { CityPlan } from '../../src/city/plan.ts';
import { count, counted } from '../support/progress.ts';
import { currentCity } from './current.ts';
import type { CityOptions } from './options.ts';
import { placeOf } from './place.ts';
import { filesOf, type PlannedCity, plannedOf } from './request.ts';
import { type CityService, cityPath, print, runningService } from './service.ts';

export type Resident = { readonly city: string; readonly cells: number };

/** What the service says of a rollout: one to come, or one that was made. */
export type Told = {
  readonly added: number;
  /** That it has now; not said of one to come. */
  readonly cells?: number;
  readonly kept: number;
  readonly changed: boolean;
  readonly version: number;
  readonly overlaps: readonly Resident[];
  readonly changes: readonly Change[];
  readonly warnings?: readonly string[];
};

export async function plan(options: CityOptions, names: readonly string[]): Promise<number> {
  const files = filesOf(options, names);
  const service = await runningService(options);
  const out: unknown[] = [];
  for (const file of files) {
    const current = service === undefined ? undefined : await currentCity(service, file.id);
    const city = plannedOf(options, file, current);
    const told = service === undefined ? undefined : await ask(service, city);
    if (options.json) out.push(jsonOf(city, told, options.users, service?.url));
    else printPlan(city, told, options.users, service?.url);
  }
  if (options.json) print(JSON.stringify(files.length === 1 ? out[0] : out));
  return 0;
}

async function ask(service: CityService, { request: { id, ...body } }: PlannedCity): Promise<Told> {
  return (await service.call(`${cityPath(id)}?dryRun=true`, { method: 'PUT', body })).body as Told;
}

/** A day's load, if nothing else is said. */
const USERS = 10_000;

const loadOf = (users = USERS): CityLoad => ({ users, hoursPerUserDay: 2, pingEveryS: 10, questionsPerUserDay: 1 });
/** `areaKm2`: within the boundary, whatever the precision. `cellsKm2`: of the cells that it touches. */
const areasOf = ({ plan: { cells, boundaryKm2 } }: PlannedCity) => ({
  areaKm2: Math.round(boundaryKm2 * 10) / 10,
  cellsKm2: Math.round(areaKm2(cells) * 10) / 10,
});

function jsonOf(city: PlannedCity, told: Told | undefined, users?: number, url?: string): unknown {
  const { id, name, precision, cells, bounds, centroid, locationHint, warnings } = city.plan;
  const load = loadOf(users);
  const { country, warnings: doubts } = placeOf(centroid);
  const size = { cells: cells.length, ...areasOf(city), bounds, centroid, country: country ?? null, locationHint };
  const would = told && { added: told.added, kept: told.kept, changed: told.changed, changes: told.changes };
  const seen = { service: url ?? null, overlaps: told?.overlaps ?? null, would: would ?? null };
  const cost = monthlyCost(load);
  return {
    id,
    name,
    precision,
    ...size,
    ...seen,
    warnings: warnings.length > 0 ? warnings : doubts,
    cost,
    load,
    measured: MEASURED,
  };
}

function printPlan(city: PlannedCity, told: Told | undefined, users = USERS, url?: string | undefined): void {
  const { id, name, precision, cells, centroid, locationHint, warnings } = city.plan;
  const cost = monthlyCost(loadOf(users));
  const at = `${degrees(centroid.lat)}, ${degrees(centroid.lng)}`;
  const size = `${counted(cells.length, 'cell')} of precision ${precision}`;
  const { country, warnings: doubts } = placeOf(centroid);
  const { areaKm2: within, cellsKm2 } = areasOf(city);
  print(`${name} (${id}): ${size}, centre ${at} (${country ?? 'in no country'}), placed in ${locationHint}`);
  print(
    `${within} km² within the boundary, ${cellsKm2} km² of cells; about $${cost.totalUsd.toFixed(2)} a month for ${count(users)} people a day, each`,
  );
  print(
    'connected for 2 hours with a ping every 10 s and one question, whatever the precision: a cell with nobody in it\ncosts nothing (prices and what was measured: src/city/cost.ts)',
  );
  if (told === undefined) {
    print('overlaps with other cities were not looked at: no service runs here, and none is named with --url');
  } else {
    print(`on ${url}: ${wouldOf(told, city.plan)}`);
    printOverlaps(told);
    printChanges(told);
  }
  for (const warning of warnings.length > 0 ? warnings : doubts) print(`warning: ${warning}`);
}

/** No `-0.0000`. */
const degrees = (value: number): string => value.toFixed(4).replace(/^-(0\.0+)$/, '$1');

function wouldOf({ version, changed, added }: Told, { cells, precision }: CityPlan): string {
  if (!changed) return 'nothing would change';
  if (version > 0)
    return `the city would change, with ${added === 0 ? 'no' : count(added)} new ${added === 1 ? 'cell' : 'cells'}`;
  const divided = dividedOf(added, cells.length, precision);
  return `a new city with ${divided ?? counted(added, 'cell')}`;
}

/** Ground that was covered before comes back as it was split then. `undefined` where it was not. */
export function dividedOf(cells: number, planned: number, precision: number): string | undefined {
  if (cells <= planned) return undefined;
  // Each division puts 32 in the place of one.
  const divisions = (cells - planned) / 31;
  const how = Number.isInteger(divisions) ? `with ${counted(divisions, 'division')} into 32` : 'split';
  return `${counted(cells, 'cell')} (${count(planned)} of precision ${precision}, ${how} as before)`;
}

/** Who keeps what; nothing is said of cities that do not meet. */
export function printOverlaps({ overlaps, version }: Told, prefix = ''): void {
  for (const { city, cells: held } of overlaps) {
    print(`${prefix}${count(held)} of them stay, wholly or in part, with ${city}, which had them first`);
  }
  if (overlaps.length === 0 && version === 0) print(`${prefix}no overlap with another city`);
}

export function printChanges({ changes, changed = true, added = 0 }: Partial<Told>): void {
  printFields(changes ?? []);
  if (changes?.some(({ field, from }) => field === 'precision' && from !== undefined)) {
    print(
      'cells that are there stay as they are: the precision is for new ground; npm run city -- split CELL divides one',
    );
  } else if (changed && changes?.length === 0 && added === 0) {
    print('what was said is in effect already: the city goes on as before');
  }
}

export function printFields(changes: readonly Change[]): void {
  const width = Math.max(0, ...changes.map(({ field }) => field.length));
  for (const { field, from, to } of changes) {
    const words = from === undefined && to === undefined ? 'another one' : `${shown(from)} → ${shown(to)}`;
    print(`  ${field.padEnd(width)}  ${words}`);
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
