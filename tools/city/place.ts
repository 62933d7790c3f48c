// Which country a boundary lies in: coordinates that were exchanged fit the globe just as well, and a name shows it at a glance.
import { feature } from '@rapideditor/country-coder';
import { anchorDistanceM } from '../../src/city/location-hint.ts';
import type { Point } from '../../src/geo/point.ts';

export type PlaceOfCity = {
  /** In English; absent at sea. */
  readonly country: string | undefined;
  readonly warnings: readonly string[];
};

export function placeOf({ lat, lng }: Point): PlaceOfCity {
  const country = countryOf({ lat, lng });
  const exchanged = Math.abs(lng) <= 90 ? { lat: lng, lng: lat } : undefined;
  const other = exchanged === undefined ? undefined : countryOf(exchanged);
  const swap = other === undefined ? '' : `; with latitude and longitude exchanged it would be in ${other}`;
  const at = `the centre, latitude ${lat.toFixed(2)}, longitude ${lng.toFixed(2)},`;
  if (country === undefined) {
    return { country, warnings: [`${at} lies in no country${swap}: GeoJSON puts longitude first, are they swapped?`] };
  }
  // Half the world would be land if it were exchanged: worth a word only where that is nearer to a large city.
  const isLikely = exchanged !== undefined && anchorDistanceM(exchanged) < anchorDistanceM({ lat, lng });
  if (other === undefined || !isLikely) return { country, warnings: [] };
  return { country, warnings: [`${at} lies in ${country}${swap}: GeoJSON puts longitude first, are they swapped?`] };
}

function countryOf({ lat, lng }: Point): string | undefined {
  const found = feature([lng, lat]);
  return found?.properties.nameEn ?? undefined;
}
