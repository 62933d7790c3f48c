// From degrees to a flat picture of a city: true to scale in its middle, near enough everywhere else.
import type { Bounds } from '../../src/geo/bounds.ts';
import { EARTH_RADIUS_M } from '../../src/geo/distance.ts';

export type Projection = {
  /** Of the picture, in its own units; the extent fills it. */
  readonly width: number;
  readonly height: number;
  /** From the west. */
  readonly x: (lng: number) => number;
  /** From the north. */
  readonly y: (lat: number) => number;
  readonly metresPerUnit: number;
};

/** Degrees of longitude shrink towards the poles, but never to nothing. */
const COSINE_MIN = 0.05;

/** The largest picture of the extent that fits. */
export function projection(extent: Bounds, widthMax: number, heightMax: number): Projection {
  const { minLat, minLng, maxLat, maxLng } = extent;
  const cosine = Math.max(COSINE_MIN, Math.cos((((minLat + maxLat) / 2) * Math.PI) / 180));
  const east = (maxLng - minLng) * cosine;
  const north = maxLat - minLat;
  const perDegree = Math.min(widthMax / east, heightMax / north);
  return {
    width: east * perDegree,
    height: north * perDegree,
    x: (lng) => (lng - minLng) * cosine * perDegree,
    y: (lat) => (maxLat - lat) * perDegree,
    metresPerUnit: (EARTH_RADIUS_M * Math.PI) / 180 / perDegree,
  };
}

/** The longest round distance (1, 2 or 5 times a power of ten) within so many units. */
export function scaleBar(metresPerUnit: number, unitsMax: number): { readonly units: number; readonly label: string } {
  const mostM = metresPerUnit * unitsMax;
  const power = 10 ** Math.floor(Math.log10(mostM));
  const metres = ([5, 2].find((factor) => factor * power <= mostM) ?? 1) * power;
  const label = metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
  return { units: metres / metresPerUnit, label };
}
