// Random leaf sets for tests: cells of mixed lengths of which none holds another.
import { children, encode } from '../../../src/geo/geohash.ts';
import type { Point } from '../../../src/geo/point.ts';
import type { Prng } from '../../../src/lib/prng.ts';

/** Starts from the cells and splits some at random, down to length 7, until there are about `count`; drops one in twenty. */
export function randomLeaves(random: Prng, roots: Iterable<string>, count: number): ReadonlySet<string> {
  const leaves = [...new Set(roots)];
  while (leaves.length < count) {
    const at = random.below(leaves.length);
    const cell = leaves[at] as string;
    if (cell.length >= 7) continue;
    leaves[at] = leaves.at(-1) as string;
    leaves.pop();
    leaves.push(...children(cell));
  }
  return new Set(leaves.filter(() => !random.chance(1, 20)));
}

/** The cells of length 3 at the point and around it, over the antimeridian too. */
export function rootsAround({ lat, lng }: Point): ReadonlySet<string> {
  const roots = new Set<string>();
  for (const dLat of [-1.4, 0, 1.4]) {
    for (const dLng of [-2.8, -1.4, 0, 1.4, 2.8]) {
      const turned = lng + dLng;
      const wrapped = turned > 180 ? turned - 360 : turned < -180 ? turned + 360 : turned;
      roots.add(encode({ lat: Math.max(-90, Math.min(90, lat + dLat)), lng: wrapped }, 3));
    }
  }
  return roots;
}
