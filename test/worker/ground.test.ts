// Ground of all kinds: wherever there is a cell somebody can be present in it, and whoever asks beside its border finds them. GEO2, EDGE2.
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../src/geo/geohash.ts';
import { api, rollOut } from './world.ts';

const PRECISIONS = [3, 4, 5, 6, 7] as const;
const PLACES: readonly (readonly [name: string, lat: number, lng: number])[] = [
  ['the equator', 0.2, 10.3],
  ['60° north', 60.2, 24.9],
  ['61° north', 61.4, 105.3],
  ['78° north', 78.2, 15.6],
  ['85° north', 85.1, -40.2],
  ['60° south', -60.7, -45.1],
  ['78° south', -77.8, 140.7],
  ['85° south', -85.2, 20.4],
  ['the north pole', 89.9996, 33.1],
  ['the south pole', -89.9996, -120.4],
  ['the date line in the north', 65.8, 179.9999],
  ['the date line in the south', -16.8, 179.9999],
];

/** A quarter of a square of the privacy grid of 7 letters. */
const STEP_LNG = 360 / 2 ** 18 / 4;
const STEP_LAT = 180 / 2 ** 17 / 4;

/** A point on each side of the eastern border of the cell that holds the point, in the same row of the grid. */
function acrossTheBorder(precision: number, lat: number, lng: number) {
  const cell = encode({ lat, lng }, precision);
  const border = decode(cell).maxLng;
  const beyond = border + STEP_LNG;
  return {
    border,
    west: { lat, lng: border - STEP_LNG },
    east: { lat, lng: beyond > 180 ? beyond - 360 : beyond },
  };
}

describe.each(PLACES)('at %s', (name, lat, lng) => {
  it.each(PRECISIONS)(`GEO2 EDGE2 in cells of %i letters: present, and offered to over a border`, async (precision) => {
    // Each on ground of its own: at the date line further north, elsewhere further east.
    const aside = 5 * (precision - 3);
    const { border, west, east } =
      lng > 179 ? acrossTheBorder(precision, lat + aside, lng) : acrossTheBorder(precision, lat, lng + aside);
    const id = `p${precision}${name.replaceAll(/[^a-z0-9]/g, '')}`.slice(0, 30);
    const box = [
      border - 2 * STEP_LNG,
      Math.max(-90, west.lat - STEP_LAT),
      border + 2 * STEP_LNG,
      Math.min(90, west.lat + STEP_LAT),
    ] as const;
    expect(await rollOut(id, box, {}, precision)).toMatchObject({ status: 200 });
    const user = (who: string): string => `${who}-${id}`;
    const bob = await api(user('bob'), 'PUT', '/v1/presence', { ...east, capacity: 1 });
    expect(bob).toMatchObject({ status: 200 });
    const ana = await api(user('ana'), 'PUT', '/v1/presence', { ...west, capacity: 0 });
    expect(ana).toMatchObject({ status: 200 });
    expect(ana.body['cell'], 'there is a border between them').not.toBe(bob.body['cell']);
    const asked = await api(user('ana'), 'POST', '/v1/questions', { ...west, text: 'is anybody here?' });
    expect(asked).toMatchObject({ status: 201 });
    await expect
      .poll(async () => (await api<{ items: readonly unknown[] }>(user('bob'), 'GET', '/v1/offers')).body.items, {
        timeout: 20_000,
        interval: 100,
      })
      .toHaveLength(1);
  });
});
