// The edge of coverage: where in a square of the privacy grid somebody is, nobody can tell from whether they are present.
import { beforeAll, describe, expect, it } from 'vitest';
import { decode, encode, neighbors } from '../../src/geo/geohash.ts';
import { api, BOX, type Point, rollOut, stream } from './world.ts';

const LAT = 37.7724;
let leaf = '';

beforeAll(async () => {
  expect((await rollOut('edge', BOX)).status).toBe(200);
  const { body } = await api<{ readonly items: readonly { readonly cell: string }[] }>(
    'ops',
    'GET',
    '/v1/ops/cells?city=edge',
  );
  const cells = body.items.map(({ cell }) => cell);
  const row = cells.filter((cell) => decode(cell).minLat <= LAT && LAT < decode(cell).maxLat);
  leaf = row.find((cell) => !cells.includes(neighbors(cell).e)) ?? '';
  expect(leaf).not.toBe('');
});

/** Points all over the square so many squares east of the leaf. */
function pointsIn(squaresAway: number): readonly Point[] {
  const { maxLng } = decode(leaf);
  let square = encode({ lat: LAT, lng: maxLng + 1e-9 }, 7);
  for (let i = 1; i < squaresAway; i++) square = neighbors(square).e;
  const { minLat, minLng, maxLat, maxLng: east } = decode(square);
  const at = (down: number, across: number): Point => ({
    lat: minLat + (maxLat - minLat) * down,
    lng: minLng + (east - minLng) * across,
  });
  return [at(0.01, 0.001), at(0.5, 0.5), at(0.99, 0.97), at(0.5, 0.999)];
}

describe('PRIV1: beyond the edge of coverage', () => {
  it.each([
    [1, 200],
    [2, 404],
    [3, 404],
  ])('all of the square %i away from the cell that holds a user is answered alike', async (away, status) => {
    const answers: number[] = [];
    for (const point of pointsIn(away)) {
      answers.push((await api('walker', 'PUT', '/v1/presence', { ...point, cell: leaf })).status);
    }
    expect(answers).toEqual(pointsIn(away).map(() => status));
  });

  it('whoever is held nowhere is outside in every square', async () => {
    for (const point of pointsIn(1)) {
      const { status, body } = await api('newcomer', 'PUT', '/v1/presence', point);
      expect([status, body['code']]).toEqual([404, 'out_of_coverage']);
    }
  });

  it('a socket is opened from all of a square, or from none of it', async () => {
    for (const point of pointsIn(1)) {
      const socket = await stream('rider', point, `&cell=${leaf}`);
      socket.close();
    }
    for (const point of pointsIn(2)) await expect(stream('rider', point, `&cell=${leaf}`)).rejects.toThrow('404');
  });
});
