// `city plan`: what an add would do, before anything changes.
import { areaKm2 } from '../../city/area.ts';
import type { Change } from '../../city/changes.ts';
import { type CityLoad, MEASURED, monthlyCost } from '../../city/cost.ts';
import { count } from '../support/progress.ts';
import type { CityOptions } from './options.ts';
import { citiesOf, type PlannedCity } from './request.ts';
import { type CityService, cityPath, print, runningService } from './service.ts';

export type Held = { readonly city: string; readonly cells: number };

/** What the service says of a rollout: one to come, or one that was made. */
export type Told = {
  readonly added: number;
  readonly kept: number;
  readonly changed: boolean;
  readonly version: number;
  readonly overlaps: readonly Held[];
  readonly changes: readonly Change[];
  readonly warnings?: readonly string[];
};

export async function plan(options: CityOptions, files: readonly string[]): Promise<number> {
  const cities = citiesOf(options, files);
  const service = await runningService(options);
  const out: unknown[] = [];
  for (const city of cities) {
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

const loadOf = (users: number): CityLoad => ({ users, hoursPerUserDay: 2, pingEveryS: 10, questionsPerUserDay: 1 });
const km2Of = ({ plan: { cells } }: PlannedCity): number => Math.round(areaKm2(cells) * 10) / 10;

function jsonOf(city: PlannedCity, told: Told | undefined, users: number, url: string | undefined): unknown {
  const { id, name, precision, cells, bounds, centroid, locationHint, warnings } = city.plan;
  const load = loadOf(users);
  const size = { cells: cells.length, areaKm2: km2Of(city), bounds, centroid, locationHint };
  const would = told && { added: told.added, kept: told.kept, changed: told.changed, changes: told.changes };
  const seen = { service: url ?? null, overlaps: told?.overlaps ?? null, would: would ?? null };
  const cost = monthlyCost(load);
  return { id, name, precision, ...size, ...seen, warnings, cost, load, measured: MEASURED };
}

function printPlan(city: PlannedCity, told: Told | undefined, users: number, url: string | undefined): void {
  const { id, name, precision, cells, centroid, locationHint, warnings } = city.plan;
  const cost = monthlyCost(loadOf(users));
  const at = `${centroid.lat.toFixed(4)}, ${centroid.lng.toFixed(4)}`;
  print(`${name} (${id}): ${cells.length} cells of precision ${precision}, centre ${at}, placed in ${locationHint}`);
  print(`coverage ${km2Of(city)} km²; about $${cost.totalUsd.toFixed(2)} a month for ${users} people a day, each`);
  print(
    'connected for 2 hours with a ping every 10 s and one question, whatever the precision: a cell with nobody in it\ncosts nothing (prices and what was measured: src/city/cost.ts)',
  );
  if (told === undefined) {
    print('overlaps with other cities were not looked at: no service runs here, and none is named with --url');
  } else {
    print(`on ${url}: ${wouldOf(told)}`);
    printOverlaps(told);
    printChanges(told.changes);
  }
  for (const warning of warnings) print(`warning: ${warning}`);
}

function wouldOf({ version, changed, added }: Told): string {
  if (!changed) return 'nothing would change';
  return version === 0
    ? `a new city with ${count(added)} cells`
    : `the city would change, with ${count(added)} new cells`;
}

/** Who keeps what; nothing is said of cities that do not meet. */
export function printOverlaps({ overlaps, version }: Told, prefix = ''): void {
  for (const { city, cells: held } of overlaps) {
    print(`${prefix}${count(held)} of them stay, wholly or in part, with ${city}, which had them first`);
  }
  if (overlaps.length === 0 && version === 0) print(`${prefix}no overlap with another city`);
}

export function printChanges(changes: readonly Change[]): void {
  const width = Math.max(0, ...changes.map(({ field }) => field.length));
  for (const { field, from, to } of changes) {
    const words = from === undefined && to === undefined ? 'another one' : `${shown(from)} → ${shown(to)}`;
    print(`  ${field.padEnd(width)}  ${words}`);
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
