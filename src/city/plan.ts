// A rollout on paper: from a city as ops describe it to the cells it needs, or to everything that is wrong with it.

import type { Bounds } from '../geo/bounds.ts';
import type { BoundaryProblem } from '../geo/geojson.ts';
import type { Point } from '../geo/point.ts';
import { parseBoundary } from '../geo/polygon.ts';
import { coverPolygon, type TooManyCells } from '../geo/polygon-cover.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { isBlank } from '../lib/text.ts';
import { type CellId, type CityId, isCityId } from '../protocol/ids.ts';
import type { FieldError, Problem } from '../protocol/problems.ts';
import { boundaryKm2 } from './area.ts';
import {
  anchorDistanceM,
  isLocationHint,
  LOCATION_HINTS,
  type LocationHint,
  locationHintFor,
} from './location-hint.ts';

export const PRECISION_MIN = 3;
export const PRECISION_MAX = 7;
export const PRECISION_DEFAULT = 5;
/** New York takes 47,323 cells at precision 7: what goes beyond is a mistake, or a country. */
export const CITY_CELLS_MAX = 50_000;
export const NAME_LENGTH_MAX = 100;
/** Of a rollout as it is sent. Published boundaries are large (New York's boroughs: 1.6 MB); a value in D1 holds 2 MB. */
export const CITY_BYTES_MAX = 1_900_000;

export type CityRequest = {
  readonly id: string;
  readonly name: string;
  /** GeoJSON, unchecked. */
  readonly boundary: unknown;
  /** Length of the cells' geohashes, 3 to 7; 5 unless given. */
  readonly precision?: number | undefined;
  /** One of Cloudflare's; from the centroid unless given. */
  readonly locationHint?: string | undefined;
};

export type CityPlan = {
  readonly id: CityId;
  readonly name: string;
  readonly precision: number;
  /** Every cell that the boundary touches, sorted. Cells of other cities are not left out: see `freeCells`. */
  readonly cells: readonly CellId[];
  readonly bounds: Bounds;
  readonly centroid: Point;
  /** Square kilometres within the boundary; its cells cover more. */
  readonly boundaryKm2: number;
  readonly locationHint: LocationHint;
  /** What looks like a mistake and is none for certain. */
  readonly warnings: readonly string[];
};

/**
 * Plans a city. Problems: `bad_field` with an error for each field; `bad_boundary` with `reason` (a code of
 * `parseBoundary`) and `path`; `too_many_cells` with `count`, `limit` and, where one fits, `precision`.
 */
export function planCity(request: CityRequest, cellsMax: number = CITY_CELLS_MAX): Result<CityPlan, Problem> {
  const errors = fieldErrors(request);
  if (errors.length > 0) {
    const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
    return err({ t: 'problem', code: 'bad_field', detail, errors });
  }
  const parsed = parseBoundary(request.boundary);
  if (!parsed.ok) return err(boundaryProblem(parsed.error));
  const precision = request.precision ?? PRECISION_DEFAULT;
  const cover = coverPolygon(parsed.value, precision, cellsMax);
  if (!cover.ok) return err(tooManyProblem(cover.error));
  const { bounds, centroid } = parsed.value;
  return ok({
    id: request.id as CityId,
    name: request.name.trim(),
    precision,
    cells: cover.value as readonly CellId[],
    bounds,
    centroid,
    boundaryKm2: boundaryKm2(parsed.value),
    locationHint: isLocationHint(request.locationHint) ? request.locationHint : locationHintFor(centroid),
    warnings: warningsOf(centroid),
  });
}

/** Where no large city is near, while one would be at the point with its coordinates exchanged. */
const REMOTE_M = 200_000;
const NEARER_BY = 5;

/** Swapped coordinates that fit the globe just as well (all of Europe does) are told by where they come to lie. */
function warningsOf({ lat, lng }: Point): readonly string[] {
  if (Math.abs(lng) > 90) return [];
  const awayM = anchorDistanceM({ lat, lng });
  const swappedM = anchorDistanceM({ lat: lng, lng: lat });
  if (awayM < REMOTE_M || swappedM * NEARER_BY > awayM) return [];
  const km = (m: number): string => `${Math.round(m / 1000)} km`;
  const at = `the centre, latitude ${lat.toFixed(2)}, longitude ${lng.toFixed(2)}, is ${km(awayM)} from any large city`;
  return [
    `${at}; with latitude and longitude exchanged it would be ${km(swappedM)} from one: GeoJSON puts longitude first, are they swapped?`,
  ];
}

function fieldErrors({ id, name, precision, locationHint }: CityRequest): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (!isCityId(id)) {
    const message = 'must be 2 to 32 characters: a lower-case letter, then lower-case letters, digits and hyphens';
    errors.push({ field: 'id', message });
  }
  if (typeof name !== 'string' || isBlank(name) || name.trim().length > NAME_LENGTH_MAX) {
    errors.push({ field: 'name', message: `must be a string of 1 to ${NAME_LENGTH_MAX} characters` });
  }
  const fits =
    precision === undefined ||
    (Number.isInteger(precision) && precision >= PRECISION_MIN && precision <= PRECISION_MAX);
  if (!fits) {
    const message = `must be a whole number from ${PRECISION_MIN} to ${PRECISION_MAX}: the length of the cells' geohashes`;
    errors.push({ field: 'precision', message });
  }
  if (locationHint !== undefined && !isLocationHint(locationHint)) {
    errors.push({ field: 'locationHint', message: `must be one of ${LOCATION_HINTS.join(', ')}` });
  }
  return errors;
}

function boundaryProblem(error: BoundaryProblem): Problem {
  const more = 'path' in error ? { reason: error.code, path: error.path } : { reason: error.code };
  return { t: 'problem', code: 'bad_boundary', detail: error.detail, more };
}

function tooManyProblem({ count, limit, length, fits }: TooManyCells): Problem {
  const many = `precision ${length} would take about ${count} cells, and ${limit} is the most for one city`;
  if (fits === undefined || fits.length < PRECISION_MIN) {
    const detail = `${many}: use a smaller boundary, or several cities`;
    return { t: 'problem', code: 'too_many_cells', detail, more: { count, limit } };
  }
  const detail = `${many}: use precision ${fits.length} (${fits.count} cells; busy cells can be split later), or a smaller boundary`;
  return { t: 'problem', code: 'too_many_cells', detail, more: { count, limit, precision: fits.length } };
}
