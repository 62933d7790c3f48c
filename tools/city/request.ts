// From files and options to cities that were checked here in full, before anything is sent.
import { basename } from 'node:path';
import { CITY_BYTES_MAX, type CityPlan, planCity } from '../../src/city/plan.ts';
import { collectPolygons } from '../../src/geo/geojson.ts';
import { badPolicy, contradictionsOf, resolvePolicy } from '../../src/matching/policy.ts';
import type { Problem } from '../../src/protocol/problems.ts';
import { UsageError } from '../support/args.ts';
import { count } from '../support/progress.ts';
import { type CityRollout, readJsonFile } from '../traffic/rollout.ts';
import type { CurrentCity } from './current.ts';
import { type CityOptions, layered, policyOf } from './options.ts';

export type CityFile = {
  readonly file: string;
  readonly id: string;
  readonly boundary: unknown;
  /** Whether a refusal must say which file is meant. */
  readonly isOneOfMany: boolean;
};
export type PlannedCity = CityFile & {
  readonly request: CityRollout;
  readonly plan: CityPlan;
  /** Of the city that it was planned for; 0 for a new one. */
  readonly version: number;
};

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

/** Each file with the id of its city. Throws UsageError, and plain errors for files that cannot be read. */
export function filesOf(options: CityOptions, files: readonly string[]): readonly CityFile[] {
  if (files.length === 0) throw new UsageError('FILE is required: the boundary as GeoJSON');
  if (files.length > 1 && (options.id !== undefined || options.name !== undefined)) {
    throw new UsageError('--id and --name are for one file; several are named after their files');
  }
  const isOneOfMany = files.length > 1;
  const found = files.map((file): CityFile => {
    const boundary = readJsonFile(file, 'boundary');
    return { file, id: options.id ?? idOf(file), boundary, isOneOfMany };
  });
  const ids = found.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined)
    throw new UsageError(`two files would both be the city ${twice}: add them one by one with --id`);
  return found;
}

/**
 * What the options make of a file, over the city that is there: what is not said of it stays as it is. Throws UsageError, RefusedError,
 * and a plain error for a boundary that is too large to send.
 */
export function plannedOf(options: CityOptions, cityFile: CityFile, current?: CurrentCity): PlannedCity {
  const { file, id, boundary, isOneOfMany } = cityFile;
  const policy = layered(current?.policy, policyOf(options));
  const name = options.name ?? current?.name ?? (options.id === undefined ? nameOf(file) : options.id);
  const precision = options.precision ?? current?.precision;
  const locationHint = options.hint ?? current?.locationHint;
  const request = {
    id,
    name,
    boundary,
    ...(precision === undefined ? {} : { precision }),
    ...(policy === undefined ? {} : { policy }),
    ...(locationHint === undefined ? {} : { locationHint }),
  };
  const resolved = resolvePolicy(policy ?? {});
  if (!resolved.ok) throw new RefusedError(badPolicy(resolved.error));
  checkSize(file, request);
  const plan = planCity(request);
  if (!plan.ok) throw new RefusedError(plan.error, isOneOfMany ? file : undefined);
  const contradictions = contradictionsOf(resolved.value, plan.value.precision);
  if (contradictions.length > 0) throw new RefusedError(badPolicy(contradictions));
  return { ...cityFile, request, plan: plan.value, version: current?.version ?? 0 };
}

/** The service would read all of it before it refuses. */
function checkSize(file: string, { id: _, ...body }: CityRollout): void {
  const bytes = Buffer.byteLength(JSON.stringify(body));
  if (bytes <= CITY_BYTES_MAX) return;
  const polygons = collectPolygons(body.boundary);
  const points = polygons.ok ? polygons.value.flat().reduce((sum, ring) => sum + ring.length, 0) : 0;
  const keep = Math.max(1, Math.floor((90 * CITY_BYTES_MAX) / bytes));
  const quoted = /[^\w./-]/.test(file) ? `'${file.replaceAll("'", "'\\''")}'` : file;
  throw new Error(
    `${file} is too large: ${count(points)} points, ${count(bytes)} bytes as they are sent, and a city has ${count(CITY_BYTES_MAX)} at most. Simplify it, for example: npx mapshaper ${quoted} -simplify ${keep}% keep-shapes -o precision=0.00001 small.geojson`,
  );
}

const stemOf = (file: string): string =>
  basename(file)
    .replace(/\.gz$/i, '')
    .replace(/(\.geo)?\.(geo)?json$/i, '');

/** `Data/New_York.geojson.gz` is `new-york`, and `Köln & Süd.geojson` `koeln-sued`. Throws UsageError where no letter is left. */
export function idOf(file: string): string {
  const id = stemOf(file)
    .normalize('NFC')
    .toLowerCase()
    .replace(/[äöüßæœøåłđðþı]/g, (letter) => PLAIN[letter] ?? '')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 32)
    .replace(/-+$/, '');
  if (id.length < 2) {
    throw new UsageError(`no id can be made of the name of ${file}: say --id ID, and --name NAME for people`);
  }
  return id;
}

/** Letters that are more than one with a mark on it. */
const PLAIN: Readonly<Record<string, string>> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'oe',
  å: 'aa',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/** For people: `new_york` is `New York`, and `Köln & Süd` stays what it is. */
function nameOf(file: string): string {
  return stemOf(file)
    .normalize('NFC')
    .replace(/[-_\s]+/g, ' ')
    .trim()
    .replace(/(^| )(\p{Ll})/gu, (_, before: string, letter: string) => before + letter.toUpperCase());
}
