// The country of a boundary, and what exchanged coordinates look like.
import { describe, expect, it } from 'vitest';
import { placeOf } from '../../../../tools/city/place.ts';

describe('the place of a city', () => {
  it.each([
    ['Amsterdam', 52.37, 4.9, 'Kingdom of the Netherlands'],
    ['Zurich', 47.37, 8.54, 'Switzerland'],
    ['Milan', 45.46, 9.19, 'Italy'],
    ['Prague', 50.08, 14.43, 'Czechia'],
    ['San Francisco', 37.77, -122.42, 'United States of America'],
    ['Suva', -18.12, 178.45, 'Fiji'],
  ])('names the country of %s, without a warning', (_, lat, lng, country) => {
    expect(placeOf({ lat, lng })).toEqual({ country, warnings: [] });
  });

  it.each([
    ['Amsterdam', 52.37, 4.9, 'Kingdom of the Netherlands'],
    ['Prague', 50.08, 14.43, 'Czechia'],
    ['Milan', 45.46, 9.19, 'Italy'],
    ['Oslo', 59.91, 10.75, 'Norway'],
  ])('warns when the coordinates of %s are exchanged', (_, lat, lng, country) => {
    const { warnings } = placeOf({ lat: lng, lng: lat });
    expect(warnings).toEqual([expect.stringContaining(`exchanged it would be in ${country}`)]);
  });

  it('warns in the middle of the sea', () => {
    expect(placeOf({ lat: -40, lng: -120 })).toEqual({
      country: undefined,
      warnings: [expect.stringContaining('lies in no country')],
    });
  });
});
