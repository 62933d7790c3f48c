// `city list` and `city audit`: what there is, and how it came to be.
import type { Change } from '../../src/city/changes.ts';
import { UsageError } from '../support/args.ts';
import { counted } from '../support/progress.ts';
import type { CityOptions } from './options.ts';
import { printFields } from './plan.ts';
import { cityPath, cityService, print } from './service.ts';

type Listed = {
  readonly id: string;
  readonly name: string;
  readonly precision: number;
  readonly cells: number;
  readonly version: number;
  readonly state?: string;
};

export async function list(options: CityOptions): Promise<number> {
  const { body } = await (await cityService(options)).call('/v1/ops/cities');
  const { items } = body as { readonly items: readonly Listed[] };
  if (options.json) print(JSON.stringify(body));
  else if (items.length === 0) print('no city yet: add one with npm run city -- add FILE.geojson --id ID --name NAME');
  const wide = (width: number, text: string): number => Math.max(width, text.length);
  const idWidth = items.map(({ id }) => id).reduce(wide, 15);
  const nameWidth = items.map(({ name }) => name).reduce(wide, 23);
  for (const { id, name, precision, cells, version, state } of options.json ? [] : items) {
    const facts = [`precision ${precision}`, counted(cells, 'cell'), `version ${version}`];
    if (state !== undefined && state !== 'live') facts.push(state);
    print(`${id.padEnd(idWidth)}  ${name.padEnd(nameWidth)}  ${facts.join(', ')}`);
  }
  return 0;
}

type Entry = {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly version?: number;
  readonly added?: number;
  /** Of a split or a merge. */
  readonly cell?: string;
  /** Entries of before they were recorded have none. */
  readonly changes?: readonly Change[];
};

export async function audit(options: CityOptions, argument: string | undefined): Promise<number> {
  const id = argument ?? options.id;
  if (id === undefined) throw new UsageError('audit needs the ID of a city');
  const { body } = await (await cityService(options)).call(cityPath(id));
  const entries = (body as { readonly audit?: readonly Entry[] }).audit ?? [];
  if (options.json) print(JSON.stringify(entries));
  for (const { at, actor, action, cell, version, added, changes = [] } of options.json ? [] : entries) {
    const facts = [
      ...(cell === undefined ? [] : [cell]),
      ...(version === undefined ? [] : [`version ${version}`]),
      ...(added === undefined ? [] : [`${counted(added, 'cell')} added`]),
    ];
    print(`${at}  ${actor}  ${action}  ${facts.join(', ')}`);
    printFields(changes);
  }
  return 0;
}
