// `city set`: changes what a running city goes by, and leaves its boundary alone.
import { UsageError } from '../support/args.ts';
import { stopSignal } from '../support/stop.ts';
import { onCurrent, readCity } from './current.ts';
import { type CityOptions, layered, policyOf } from './options.ts';
import { printChanges, type Told } from './plan.ts';
import { cityPath, cityService, print } from './service.ts';

export async function set(options: CityOptions, id: string | undefined): Promise<number> {
  const { name, hint, json, precision } = options;
  if (id === undefined) throw new UsageError('set needs the ID of a city');
  const over = policyOf(options);
  if (precision !== undefined) throw new UsageError('set takes no --precision: cells are split, or added with add');
  if (name === undefined && hint === undefined && over === undefined) {
    throw new UsageError('set needs something to change: --name, --policy, --grid, --limits or --hint');
  }
  const service = await cityService(options, stopSignal());
  return onCurrent(
    () => readCity(service, id),
    async (city) => {
      if (city.state === 'removed') {
        throw new Error(`unknown_city: ${id} was removed at ${city.removedAt}; npm run city -- add brings it back`);
      }
      const body = {
        name: name ?? city.name,
        boundary: city.boundary,
        precision: city.precision,
        locationHint: hint ?? city.locationHint,
        policy: layered(city.policy, over),
      };
      const path = `${cityPath(id)}?ifVersion=${city.version}`;
      const told = (await service.call(path, { method: 'PUT', body })).body as Told;
      if (json) print(JSON.stringify(told));
      else print(told.changed ? `${body.name} (${id}) is changed: version ${told.version}` : 'nothing changed');
      if (!json) printChanges(told);
      return 0;
    },
  );
}
