// `city add`: rolls one city out, or several, one after the other.
import { areaKm2 } from '../../city/area.ts';
import { count, startProgress } from '../support/progress.ts';
import type { CityOptions } from './options.ts';
import { printChanges, printOverlaps, type Told } from './plan.ts';
import { citiesOf, type PlannedCity } from './request.ts';
import { cityPath, cityService, print } from './service.ts';

/** A bar is for those who wait: a small city is there at once. */
const BAR_CELLS_MIN = 1000;
const TICK_MS = 100;

export async function add(options: CityOptions, files: readonly string[]): Promise<number> {
  const cities = citiesOf(options, files);
  const service = await cityService(options);
  const total = cities.reduce((sum, { plan }) => sum + plan.cells.length, 0);
  const bar =
    cities.length > 1 || total >= BAR_CELLS_MIN
      ? startProgress({ label: 'rolling out', total, plainEveryMs: 2000 })
      : undefined;
  const done: { readonly city: PlannedCity; readonly told: Told }[] = [];
  let written = 0;
  try {
    for (const city of cities) {
      const { id, ...body } = city.request;
      const note = `${city.plan.name}: ${count(city.plan.cells.length)} cells`;
      const tick = setInterval(() => bar?.set(written, note), TICK_MS);
      try {
        done.push({ city, told: (await service.call(cityPath(id), { method: 'PUT', body })).body as Told });
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

function report(
  { json }: CityOptions,
  files: number,
  done: readonly { readonly city: PlannedCity; readonly told: Told }[],
): void {
  if (json && done.length > 0) print(JSON.stringify(files === 1 ? done[0]?.told : done.map(({ told }) => told)));
  for (const { city, told } of json ? [] : done) printRollout(city, told);
}

function printRollout({ plan: { id, name, cells, precision, warnings } }: PlannedCity, told: Told): void {
  const what = told.changed ? 'is rolled out' : 'nothing changed';
  const km2 = count(areaKm2(cells));
  print(
    `${name} (${id}) ${what}: ${cells.length} cells of precision ${precision}, ${told.added} of them new, ${km2} km²`,
  );
  printOverlaps(told);
  if (told.kept > 0) print(`${count(told.kept)} cells that the boundary no longer touches stay with the city`);
  printChanges(told.changes);
  for (const warning of warnings) print(`warning: ${warning}`);
}
