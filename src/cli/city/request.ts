// From files and options to cities that were checked here in full, before anything is sent.
import { basename } from 'node:path';
import { type CityPlan, planCity } from '../../city/plan.ts';
import { badPolicy, contradictionsOf, resolvePolicy } from '../../matching/policy.ts';
import type { Problem } from '../../protocol/problems.ts';
import { UsageError } from '../support/args.ts';
import { type CityRollout, readJsonFile } from '../traffic/rollout.ts';
import { type CityOptions, policyOf } from './options.ts';

export type PlannedCity = { readonly file: string; readonly request: CityRollout; readonly plan: CityPlan };

/** A request that was refused here, in the words of the service. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly problem: Problem;

  constructor(problem: Problem, where?: string) {
    super(`${where === undefined ? '' : `${where}: `}${wordsOf(problem)}`);
    this.problem = problem;
  }
}

/** The code with its detail; of several fields a line each. */
export function wordsOf({ code, detail, errors = [] }: Pick<Problem, 'code' | 'detail' | 'errors'>): string {
  if (errors.length === 0) return `${code}: ${detail ?? ''}`;
  const noun = errors.length === 1 ? 'one field' : `${errors.length} fields`;
  return [`${code}: ${noun} cannot be used`, ...errors.map(({ field, message }) => `  ${field}: ${message}`)].join(
    '\n',
  );
}

/** Each file's city. Throws UsageError, RefusedError, and plain errors for files that cannot be read. */
export function citiesOf(options: CityOptions, files: readonly string[]): readonly PlannedCity[] {
  if (files.length === 0) throw new UsageError('FILE is required: the boundary as GeoJSON');
  if (files.length > 1 && (options.id !== undefined || options.name !== undefined)) {
    throw new UsageError('--id and --name are for one file; several are named after their files');
  }
  const policy = policyOf(options);
  const resolved = resolvePolicy(policy ?? {});
  if (!resolved.ok) throw new RefusedError(badPolicy(resolved.error));
  const cities = files.map((file): PlannedCity => {
    const id = options.id ?? idOf(file);
    const request = {
      id,
      name: options.name ?? (options.id === undefined ? nameOf(id) : options.id),
      boundary: readJsonFile(file, 'boundary'),
      ...(options.precision === undefined ? {} : { precision: options.precision }),
      ...(policy === undefined ? {} : { policy }),
      ...(options.hint === undefined ? {} : { locationHint: options.hint }),
    };
    const plan = planCity(request);
    if (!plan.ok) throw new RefusedError(plan.error, files.length > 1 ? file : undefined);
    const contradictions = contradictionsOf(resolved.value, plan.value.precision);
    if (contradictions.length > 0) throw new RefusedError(badPolicy(contradictions));
    return { file, request, plan: plan.value };
  });
  const ids = cities.map(({ plan }) => plan.id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined)
    throw new UsageError(`two files would both be the city ${twice}: add them one by one with --id`);
  return cities;
}

/** `Data/New_York.geojson.gz` is `new-york`. */
export function idOf(file: string): string {
  return basename(file)
    .replace(/\.gz$/i, '')
    .replace(/\.(geo)?json$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 32);
}

function nameOf(id: string): string {
  return id.replace(
    /(^|-)([a-z])/g,
    (_, dash: string, letter: string) => (dash === '' ? '' : ' ') + letter.toUpperCase(),
  );
}
