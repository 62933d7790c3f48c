// Finding the leaf of a point, and what is free beside leaves, against looking at every leaf.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freeCells } from '../../../src/geo/free-cells.ts';
import { children, decode, encode } from '../../../src/geo/geohash.ts';
import { codesOf, findLeaf, leafIndex, prefixCode, startCode } from '../../../src/geo/leaf-index.ts';
import type { Point } from '../../../src/geo/point.ts';
import { prng } from '../../../src/lib/prng.ts';
import { hashArb, pointArb } from './arbitraries.ts';
import { randomLeaves, rootsAround } from './leaves.ts';

function lookUp(index: ReturnType<typeof leafIndex>, point: Point): string | undefined {
  const { prefix, code } = codesOf(point);
  const part = index.part(prefix);
  return part?.cells[findLeaf(part, code)];
}

describe('leafIndex', () => {
  it('finds for any point the leaf whose name begins its geohash, or none', () => {
    for (const middle of [
      { lat: 60, lng: 10 },
      { lat: 0, lng: 180 },
      { lat: 89, lng: -100 },
    ]) {
      const leaves = randomLeaves(prng(7), rootsAround(middle), 3000);
      const index = leafIndex(leaves);
      const random = prng(8);
      for (let i = 0; i < 5000; i++) {
        const lng = middle.lng + 6 * random.unit() - 3;
        const point = { lat: Math.min(90, middle.lat + 4 * random.unit() - 2), lng: lng > 180 ? lng - 360 : lng };
        const hash = encode(point, 7);
        const expected = [3, 4, 5, 6, 7].map((length) => hash.slice(0, length)).find((cell) => leaves.has(cell));
        expect(lookUp(index, point)).toBe(expected);
      }
    }
  });

  it('codes of a point are those of its geohash of 7', () => {
    fc.assert(
      fc.property(pointArb, (p) => {
        const hash = encode(p, 7);
        expect(codesOf(p)).toEqual({ prefix: prefixCode(hash), code: startCode(hash) });
      }),
    );
  });

  it('a leaf holds its corner, and ends before the next', () => {
    fc.assert(
      fc.property(hashArb(3, 7), (cell) => {
        const index = leafIndex([cell]);
        const { minLat, minLng, maxLat, maxLng } = decode(cell);
        expect(lookUp(index, { lat: minLat, lng: minLng })).toBe(cell);
        if (maxLng < 180) expect(lookUp(index, { lat: minLat, lng: maxLng })).toBeUndefined();
        if (maxLat < 90) expect(lookUp(index, { lat: maxLat, lng: minLng })).toBeUndefined();
      }),
    );
  });

  it('refuses what is not a leaf, and leaves that overlap', () => {
    for (const cell of ['9q', '9q8yy9q8', '', '9qa']) {
      expect(() => leafIndex([cell])).toThrow(new RangeError(`"${cell}" is not a geohash of 3 to 7 characters`));
    }
    expect(() => leafIndex(['9q8yy', '9q8yz', '9q8y'])).toThrow('leaves overlap: "9q8y" holds "9q8yy"');
    expect(() => leafIndex(['9q8yy', '9q8yy'])).toThrow('leaves overlap: "9q8yy" holds "9q8yy"');
  });
});

describe('freeCells', () => {
  it('leaves alone what is free, drops what is covered, divides what holds leaves', () => {
    const leaves = leafIndex(['9q8yy', '9q8z', '9q9p0b']);
    expect(freeCells(['9q8yv', '9q8yy', '9q8yyk', '9q8z3'], leaves)).toEqual(['9q8yv']);
    expect(freeCells(['9q8y'], leaves)).toEqual(children('9q8y').filter((cell) => cell !== '9q8yy'));
    const around = freeCells(['9q9p'], leaves);
    expect(around.length).toBe(31 + 31);
    expect(around).not.toContain('9q9p0b');
  });

  it('with the leaves there were, they fill exactly what both covered', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(
          hashArb(3, 7).map((h) => `u4x${h.slice(3)}`),
          { maxLength: 20 },
        ),
        (seed, wanted) => {
          const leaves = randomLeaves(prng(seed), ['u4x'], 200);
          const cells = [...new Set(wanted)].filter((cell) => !wanted.some((w) => w !== cell && cell.startsWith(w)));
          const free = freeCells(cells, leafIndex(leaves));
          const all = leafIndex([...leaves, ...free]);
          for (const cell of free) expect(cells.some((c) => cell.startsWith(c))).toBe(true);
          for (const cell of cells) {
            const { minLat, minLng } = decode(cell);
            expect(lookUp(all, { lat: minLat, lng: minLng })).toBeDefined();
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
