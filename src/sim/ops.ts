// The simulated city team: splits and merges cells by hand at random moments, and insists until somebody has heard.
import { children, parent } from '../geo/geohash.ts';
import type { Prng } from '../lib/prng.ts';
import type { CellId } from '../protocol/ids.ts';
import type { CellRequest } from '../protocol/messages.ts';
import type { World } from './world.ts';

const TIMEOUT_MS = 15_000;
const TRIES_MAX = 5;
const LENGTH_MAX = 7;

export type Ops = { readonly split: () => void; readonly merge: () => void };

export function ops(world: World, draw: Prng): Ops {
  const insist = (cell: CellId, request: CellRequest, tries: number): void =>
    world.request(world.cell(cell), request, TIMEOUT_MS, (reply) => {
      if (reply.t === 'failed' && tries > 1) world.after(draw.below(5000), () => insist(cell, request, tries - 1));
    });
  return {
    split: () => {
      const leaves = [...world.map.leaves().keys()].filter((cell) => cell.length < LENGTH_MAX);
      if (leaves.length > 0) insist(draw.pick(leaves), { t: 'split' }, TRIES_MAX);
    },
    merge: () => {
      const leaves = world.map.leaves();
      const families = [...new Set([...leaves.keys()].map((cell) => parent(cell) as CellId))].filter((one) =>
        children(one).every((child) => leaves.has(child as CellId)),
      );
      if (families.length === 0) return;
      const cell = draw.pick(families);
      insist(cell, { t: 'merge', birth: world.map.familyBirth(cell) }, TRIES_MAX);
    },
  };
}
