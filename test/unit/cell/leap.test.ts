// Leaps: nobody on foot makes one, wherever they walk and however seldom they ping.
import { describe, expect, it } from 'vitest';
import { isLeap } from '../../../src/cell/users/leap.ts';
import { distanceM } from '../../../src/geo/distance.ts';
import { wrapLng } from '../../../src/geo/point.ts';
import { shifted } from '../../../src/geo/shifted.ts';
import { snap } from '../../../src/geo/snap.ts';
import { prng } from '../../../src/lib/prng.ts';

const GRID = 7;

describe('PRIV3 a leap', () => {
  it('is made by nobody who walks two metres a second, at any latitude, over the antimeridian, in any direction', () => {
    const draw = prng(1).unit;
    for (let i = 0; i < 5000; i++) {
      const from = { lat: 160 * draw() - 80, lng: i % 3 === 0 ? 180 - 0.01 * draw() : 360 * draw() - 180 };
      const gapMs = 1000 * Math.ceil(600 * draw());
      const farM = (2 * gapMs) / 1000;
      const angle = 2 * Math.PI * draw();
      const flat = shifted(from, farM * Math.cos(angle), farM * Math.sin(angle));
      const to = { lat: flat.lat, lng: wrapLng(flat.lng) };
      // The globe is not flat: what was walked is what lies between.
      const walkedMs = (distanceM(from, to) / 2) * 1000;
      expect(
        isLeap(snap(from, GRID), snap(to, GRID), Math.max(gapMs, walkedMs), GRID),
        JSON.stringify({ from, to }),
      ).toBe(false);
    }
  });

  it('is made by a cab that goes ten metres a second for a minute, and within a square or to the next by nobody', () => {
    const from = snap({ lat: 37.77, lng: -122.41 }, GRID);
    expect(isLeap(from, snap(shifted(from, 0, 600), GRID), 60_000, GRID)).toBe(true);
    expect(isLeap(from, from, 0, GRID)).toBe(false);
    expect(isLeap(from, snap(shifted(from, 150, 120), GRID), 0, GRID)).toBe(false);
  });
});
