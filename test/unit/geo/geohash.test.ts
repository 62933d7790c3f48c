// The geohash against published vectors, two other implementations, and its own laws.
import fc from 'fast-check';
import LatLon from 'latlon-geohash';
import ngeohash from 'ngeohash';
import { describe, expect, it } from 'vitest';
import { boundsContain } from '../../../src/geo/bounds.ts';
import {
  center,
  children,
  decode,
  encode,
  fromGrid,
  isGeohash,
  type Neighbors,
  neighbors,
  parent,
  toGrid,
} from '../../../src/geo/geohash.ts';
import type { Point } from '../../../src/geo/point.ts';
import { hashArb, latArb, lngArb, pointArb } from './arbitraries.ts';
import { hasRealData, readRealRows } from './real-data.ts';

const ENCODED = 'geohash/encode12_python-geohash.csv.gz';
const BOXES = 'geohash/decode_boxes_python-geohash.csv.gz';
const AROUND = 'geohash/neighbours8_ngeohash.csv.gz';
const DIRECTIONS = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'] as const;
const lengthArb = fc.integer({ min: 1, max: 12 });

/** The definition: halve, keep the half with the point, east and north halves closed at their lower edge. */
function encodeByHalving({ lat, lng }: Point, length: number): string {
  const range = { lat: [-90, 90], lng: [-180, 180] };
  let hash = '';
  let bits = 0;
  for (let i = 0; i < 5 * length; i++) {
    const [axis, value] = i % 2 === 0 ? (['lng', lng] as const) : (['lat', lat] as const);
    const [low, high] = range[axis] as [number, number];
    const middle = (low + high) / 2;
    range[axis] = value >= middle ? [middle, high] : [low, middle];
    bits = bits * 2 + (value >= middle ? 1 : 0);
    if (i % 5 === 4) {
      hash += '0123456789bcdefghjkmnpqrstuvwxyz'.charAt(bits);
      bits = 0;
    }
  }
  return hash;
}

describe('GEO1 published vectors (need the real data)', () => {
  it.skipIf(!hasRealData(ENCODED))('encodes as python-geohash does, at every length', () => {
    const rows = readRealRows(ENCODED);
    expect(rows.length).toBe(4096);
    for (const [lat, lng, hash] of rows) {
      const point = { lat: Number(lat), lng: Number(lng) };
      for (let length = 1; length <= 12; length++) expect(encode(point, length)).toBe(hash?.slice(0, length));
    }
  });

  it.skipIf(!hasRealData(BOXES))('decodes to the boxes of python-geohash', () => {
    const rows = readRealRows(BOXES);
    expect(rows.length).toBe(4096);
    for (const [hash, minLat, maxLat, minLng, maxLng] of rows) {
      const box = { minLat: Number(minLat), minLng: Number(minLng), maxLat: Number(maxLat), maxLng: Number(maxLng) };
      const bounds = decode(hash as string);
      for (const edge of ['minLat', 'minLng', 'maxLat', 'maxLng'] as const) {
        expect(bounds[edge]).toBeCloseTo(box[edge], 9);
      }
    }
  });

  it.skipIf(!hasRealData(AROUND))('finds the neighbours that ngeohash finds', () => {
    const rows = readRealRows(AROUND);
    expect(rows.length).toBe(1000);
    for (const row of rows) {
      const around = neighbors(row[2] as string);
      expect(DIRECTIONS.map((direction) => around[direction])).toEqual(row.slice(3, 11));
    }
  });
});

describe('GEO1 encode', () => {
  it('agrees with the definition by halving, everywhere and at every length', () => {
    fc.assert(
      fc.property(pointArb, lengthArb, (p, length) => encode(p, length) === encodeByHalving(p, length)),
      {
        numRuns: 3000,
      },
    );
  });

  it('agrees with the definition on the edges of cells and a rounding error beside them', () => {
    const nudge = fc.constantFrom(0, 1e-14, -1e-14, 1e-16, -1e-16, 1e-300, -1e-300);
    fc.assert(
      fc.property(hashArb(1, 12), nudge, nudge, lengthArb, (hash, dLat, dLng, length) => {
        const { minLat, minLng } = decode(hash);
        const p = { lat: Math.max(-90, minLat + dLat), lng: Math.max(-180, minLng + dLng) };
        expect(encode(p, length)).toBe(encodeByHalving(p, length));
      }),
      { numRuns: 3000 },
    );
  });

  it('agrees with latlon-geohash', () => {
    fc.assert(
      fc.property(latArb, lngArb, lengthArb, (lat, lng, length) => {
        expect(encode({ lat, lng }, length)).toBe(LatLon.encode(lat, lng, length));
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees with ngeohash inside of cells (which counts an edge to the cell before it)', () => {
    fc.assert(
      fc.property(latArb, lngArb, lengthArb, (lat, lng, length) => {
        const { minLat, minLng } = decode(encode({ lat, lng }, 12));
        fc.pre(lat !== minLat && lng !== minLng);
        expect(encode({ lat, lng }, length)).toBe(ngeohash.encode(lat, lng, length));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the poles and lng 180 to the last row and column', () => {
    expect(encode({ lat: 90, lng: 180 }, 12)).toBe('zzzzzzzzzzzz');
    expect(encode({ lat: -90, lng: -180 }, 12)).toBe('000000000000');
    expect(encode({ lat: 90, lng: -180 }, 3)).toBe('bpb');
    expect(encode({ lat: 0, lng: 0 }, 5)).toBe('s0000');
    expect(encode({ lat: -1e-300, lng: -1e-300 }, 5)).toBe('7zzzz');
    expect(encode({ lat: -0, lng: -0 }, 5)).toBe('s0000');
  });

  it('knows a few cities', () => {
    expect(encode({ lat: 37.7749, lng: -122.4194 }, 6)).toBe('9q8yyk');
    expect(encode({ lat: 59.9139, lng: 10.7522 }, 7)).toBe('u4xsudv');
    expect(encode({ lat: -33.8688, lng: 151.2093 }, 5)).toBe('r3gx2');
  });

  it.each([
    [{ lat: Number.NaN, lng: 0 }, 'lat must be a number from -90 to 90, got NaN'],
    [{ lat: 0, lng: Number.NaN }, 'lng must be a number from -180 to 180, got NaN'],
    [{ lat: 91, lng: 0 }, 'lat must be a number from -90 to 90, got 91'],
    [{ lat: -90.0001, lng: 0 }, 'lat must be a number from -90 to 90, got -90.0001'],
    [{ lat: 0, lng: 180.5 }, 'lng must be a number from -180 to 180, got 180.5'],
    [{ lat: 0, lng: Number.NEGATIVE_INFINITY }, 'lng must be a number from -180 to 180, got -Infinity'],
  ])('refuses the point %o', (point, message) => {
    expect(() => encode(point, 6)).toThrow(new RangeError(message));
  });

  it.each([0, 13, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses the length %s', (length) => {
    expect(() => encode({ lat: 0, lng: 0 }, length)).toThrow(
      new RangeError(`a geohash length must be a whole number from 1 to 12, got ${length}`),
    );
  });
});

describe('decode and center', () => {
  it('give a box that holds the point, and a middle that is encoded to the same geohash', () => {
    fc.assert(
      fc.property(pointArb, lengthArb, (p, length) => {
        const hash = encode(p, length);
        expect(boundsContain(decode(hash), p)).toBe(true);
        expect(encode(center(hash), length)).toBe(hash);
      }),
    );
  });

  it('tile the globe: the sides are exact', () => {
    fc.assert(
      fc.property(hashArb(1, 12), (hash) => {
        const { minLat, minLng, maxLat, maxLng } = decode(hash);
        expect(encode({ lat: minLat, lng: minLng }, hash.length)).toBe(hash);
        const { n, e } = neighbors(hash);
        if (n === undefined) expect(maxLat).toBe(90);
        else expect(decode(n).minLat).toBe(maxLat);
        expect(decode(e).minLng).toBe(maxLng === 180 ? -180 : maxLng);
      }),
    );
  });

  it.each([
    ['', 'a geohash has 1 to 12 characters, got 0'],
    ['9q8yyk8ytpxr0', 'a geohash has 1 to 12 characters, got 13'],
    ['9q8a', '"9q8a" is not a geohash: character 4 ("a") is not one of 0123456789bcdefghjkmnpqrstuvwxyz'],
    ['9Q8', '"9Q8" is not a geohash: character 2 ("Q") is not one of 0123456789bcdefghjkmnpqrstuvwxyz'],
    ['9q é', '"9q é" is not a geohash: character 3 (" ") is not one of 0123456789bcdefghjkmnpqrstuvwxyz'],
  ])('refuses %j', (hash, message) => {
    for (const read of [decode, center, neighbors, parent, children, toGrid]) {
      expect(() => read(hash)).toThrow(new RangeError(message));
    }
    expect(isGeohash(hash)).toBe(false);
  });
});

describe('GEO1 neighbors', () => {
  const opposite: Readonly<Record<keyof Neighbors, keyof Neighbors>> = {
    n: 's',
    ne: 'sw',
    e: 'w',
    se: 'nw',
    s: 'n',
    sw: 'ne',
    w: 'e',
    nw: 'se',
  };

  it('are mutual, and agree with latlon-geohash away from the poles', () => {
    fc.assert(
      fc.property(hashArb(1, 12), (hash) => {
        const around = neighbors(hash);
        for (const direction of DIRECTIONS) {
          const cell = around[direction];
          if (cell === undefined) continue;
          expect(neighbors(cell)[opposite[direction]]).toBe(hash);
          expect(cell).toBe(LatLon.neighbours(hash)[direction]);
        }
      }),
    );
  });

  it('wrap at the antimeridian', () => {
    expect(neighbors('xbpbp').e).toBe('80000');
    expect(neighbors('80000').w).toBe('xbpbp');
    expect(decode(neighbors('xbpbp').e).minLng).toBe(-180);
    expect(neighbors('x').e).toBe('8');
  });

  it('end at the poles', () => {
    expect(neighbors('zzzzz')).toMatchObject({ n: undefined, ne: undefined, nw: undefined, e: 'bpbpb' });
    expect(neighbors('00000')).toMatchObject({ s: undefined, se: undefined, sw: undefined, w: 'pbpbp' });
    expect(neighbors('c')).toEqual({
      n: undefined,
      ne: undefined,
      nw: undefined,
      e: 'f',
      w: 'b',
      s: '9',
      se: 'd',
      sw: '8',
    });
  });
});

describe('parent, children, grid', () => {
  it('children are 32 parts of their parent', () => {
    fc.assert(
      fc.property(hashArb(1, 11), (hash) => {
        const parts = children(hash);
        expect(new Set(parts).size).toBe(32);
        for (const part of parts) {
          expect(parent(part)).toBe(hash);
          expect(boundsContain(decode(hash), center(part))).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('the ends of the ladder are refused', () => {
    expect(() => parent('9')).toThrow(new RangeError('the geohash "9" of one character has no parent'));
    expect(() => children('9q8yyk8ytpxr')).toThrow(
      new RangeError('the geohash "9q8yyk8ytpxr" of 12 characters has no children'),
    );
  });

  it('a grid position leads back to its geohash', () => {
    fc.assert(
      fc.property(hashArb(1, 12), (hash) => {
        const { x, y, length } = toGrid(hash);
        expect(fromGrid(x, y, length)).toBe(hash);
      }),
    );
  });

  it('isGeohash takes nothing but geohashes', () => {
    expect(isGeohash('9q8yy')).toBe(true);
    for (const value of [undefined, null, 5, {}, ['9'], '9q8l']) expect(isGeohash(value)).toBe(false);
  });
});
