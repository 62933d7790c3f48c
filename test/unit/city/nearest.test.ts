// Which city to name to somebody outside, and where on the platform a city should live.
import { describe, expect, it } from 'vitest';
import { isLocationHint, LOCATION_HINTS, locationHintFor } from '../../../src/city/location-hint.ts';
import { nearestCity } from '../../../src/city/nearest.ts';
import { distanceM } from '../../../src/geo/distance.ts';

const box = (lat: number, lng: number, half: number) => ({
  id: `at-${lat}-${lng}`,
  centroid: { lat, lng },
  bounds: { minLat: lat - half, maxLat: lat + half, minLng: lng - half, maxLng: lng + half },
});

describe('nearestCity', () => {
  it('goes by the box, not by the centroid', () => {
    const large = box(0, 0, 5);
    const small = box(0, 9, 0.1);
    for (const cities of [
      [small, large],
      [large, small],
    ]) {
      expect(nearestCity({ lat: 0, lng: 6 }, cities)?.city).toBe(large);
      expect(nearestCity({ lat: 0, lng: 8 }, cities)?.city).toBe(small);
    }
  });

  it('of overlapping boxes takes the nearer centroid, of equal ones the first id', () => {
    const [a, b] = [box(0, 0, 5), box(0, 4, 5)];
    for (const cities of [
      [a, b],
      [b, a],
    ])
      expect(nearestCity({ lat: 0, lng: 3 }, cities)).toEqual({ city: b, distanceM: 0 });
    const twins = [
      { ...a, id: 'twin-b' },
      { ...a, id: 'twin-a' },
    ];
    for (const cities of [twins, twins.toReversed()])
      expect(nearestCity({ lat: 0, lng: 3 }, cities)?.city.id).toBe('twin-a');
  });

  it('without boxes goes by centroids; over the antimeridian too', () => {
    const [fiji, hawaii] = [
      { id: 'fiji', centroid: { lat: -18, lng: 178 } },
      { id: 'hawaii', centroid: { lat: 21, lng: -157 } },
    ];
    const point = { lat: -14, lng: -172 };
    expect(nearestCity(point, [hawaii, fiji])).toEqual({ city: fiji, distanceM: distanceM(point, fiji.centroid) });
  });

  it('is nobody where there is no city', () => {
    expect(nearestCity({ lat: 0, lng: 0 }, [])).toBeUndefined();
  });
});

describe('locationHintFor', () => {
  it.each([
    ['San Francisco', 37.77, -122.42, 'wnam'],
    ['New York', 40.71, -74.01, 'enam'],
    ['Austin', 30.27, -97.74, 'enam'],
    ['Lagos', 6.45, 3.4, 'afr'],
    ['Córdoba', -31.42, -64.18, 'sam'],
    ['Oslo', 59.91, 10.75, 'weur'],
    ['Prague', 50.08, 14.44, 'eeur'],
    ['Kyiv', 50.45, 30.52, 'eeur'],
    ['Osaka', 34.69, 135.5, 'apac'],
    ['Bengaluru', 12.97, 77.59, 'apac'],
    ['Brisbane', -27.47, 153.03, 'oc'],
    ['Doha', 25.29, 51.53, 'me'],
    ['the south pole', -90, 0, 'sam'],
  ])('%s (%d, %d) is %s', (_, lat, lng, hint) => {
    expect(locationHintFor({ lat, lng })).toBe(hint);
  });

  it('knows its own hints and no others', () => {
    for (const hint of LOCATION_HINTS) expect(isLocationHint(hint)).toBe(true);
    for (const value of ['moon', '', undefined, 3]) expect(isLocationHint(value)).toBe(false);
  });
});
