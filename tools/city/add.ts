// `city add`: rolls one city out, or several, one after the other; of one that is there, changes what is said and keeps the rest.
import { areaKm2 } from '../../src/city/area.ts';
import type { CityPlan } from '../../src/city/plan.ts';
import { count, counted, startProgress } from '../support/progress.ts';
import { stopSignal } from '../support/stop.ts';
import { currentCity, onCurrent } from './current.ts';
import type { CityOptions } from './options.ts';
import { placeOf } from './place.ts';
import { dividedOf, printChanges, printOverlaps, type Told } from './plan.ts';
import { type CityFile, filesOf, type PlannedCity, plannedOf } from './request.ts';
import { type CityService, cityPath, cityService, print } from './service.ts';

/** A bar is for those who wait: a small city is there at once. */
const BAR_CELLS_MIN = 1000;
const TICK_MS = 100;

type Done = { readonly city: PlannedCity; readonly told: Told };

export async function add(options: CityOptions, names: readonly string[]): Promise<number> {
  const files = filesOf(options, names);
  const service = await cityService(options, stopSignal());
  // All are checked before the first is sent.
  const cities: PlannedCity[] = [];
  for (const file of files) cities.push(await planned(service, options, file));
  const total = cities.reduce((sum, { plan }) => sum + plan.cells.length, 0);
  const bar =
    cities.length > 1 || total >= BAR_CELLS_MIN
      ? startProgress({ label: 'rolling out', total, plainEveryMs: 2000 })
      : undefined;
  const done: Done[] = [];
  let written = 0;
  try {
    for (const city of cities) {
      const note = `${city.plan.name}: ${counted(city.plan.cells.length, 'cell')}`;
      const tick = setInterval(() => bar?.set(written, note), TICK_MS);
      try {
        done.push(await rollOut(service, options, city));
      } finally {
        clearInterval(tick);
      }
      written += city.plan.cells.length;
      bar?.set(written, note);
    }
  } finally {
    bar?.finish('');
    // What was rolled out stays, also when the next file fails.
    report(options, files.length, done);
  }
  return 0;
}

const planned = async (service: CityService, options: CityOptions, file: CityFile): Promise<PlannedCity> =>
  plannedOf(options, file, await currentCity(service, file.id));

function rollOut(service: CityService, options: CityOptions, first: PlannedCity): Promise<Done> {
  let next: PlannedCity | undefined = first;
  return onCurrent(
    async () => {
      const city = next ?? (await planned(service, options, first));
      next = undefined;
      return city;
    },
    async (city) => {
      const { id, ...body } = city.request;
      const path = `${cityPath(id)}?ifVersion=${city.version}`;
      return { city, told: (await service.call(path, { method: 'PUT', body })).body as Told };
    },
  );
}

function report({ json }: CityOptions, files: number, done: readonly Done[]): void {
  if (json && done.length > 0) print(JSON.stringify(files === 1 ? done[0]?.told : done.map(({ told }) => told)));
  for (const { city, told } of json ? [] : done) printRollout(city, told);
}

function printRollout({ plan, version }: PlannedCity, told: Told): void {
  const { id, name, warnings, centroid } = plan;
  const { country, warnings: doubts } = placeOf(centroid);
  const what = !told.changed ? 'nothing changed' : version === 0 ? 'is rolled out' : 'is changed';
  const size = sizeOf(plan, told, version === 0);
  const where = country === undefined ? 'in no country' : `in ${country}`;
  print(
    `${name} (${id}) ${what}, ${where}: ${size}, ${count(told.added)} of them new, ${count(areaKm2(plan.cells))} km² of cells`,
  );
  printOverlaps(told);
  if (told.kept > 0) print(`${keptOf(told.kept)} with the city`);
  printChanges(told);
  for (const warning of warnings.length > 0 ? warnings : doubts) print(`warning: ${warning}`);
}

function sizeOf({ cells: { length: planned }, precision }: CityPlan, { cells }: Told, isNew: boolean): string {
  const takes = `${counted(planned, 'cell')} of precision ${precision}`;
  if (cells === undefined || cells === planned) return takes;
  if (isNew) return dividedOf(cells, planned, precision) ?? takes;
  return `${counted(cells, 'cell')} (the boundary takes ${count(planned)} of precision ${precision})`;
}

const keptOf = (kept: number): string =>
  `${counted(kept, 'cell')} that the boundary no longer touches ${kept === 1 ? 'stays' : 'stay'}`;
