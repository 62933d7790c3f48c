// How a question that found nobody tries again: longer sleeps, wider circles, and, where a circle has many cells, others each time.
import type { Policy } from '../protocol/policy.ts';

/** Sleep before the next try, in ms; `stage` counts the tries that found too few, from 1. */
export function sleepMs(policy: Policy, stage: number): number {
  const { firstMs, factor, maxMs } = policy.backOff;
  return Math.min(maxMs, Math.round(firstMs * factor ** Math.max(0, stage - 1)));
}

/** Radius at a stage, in metres: the asked radius grown by the policy, never beyond its last step. */
export function radiusAt(policy: Policy, askedM: number, stage: number): number {
  const growth = policy.radiusGrowth[Math.min(stage, policy.radiusGrowth.length - 1)] ?? 1;
  const cap = policy.radiusStepsM[policy.radiusStepsM.length - 1] ?? askedM;
  return Math.max(Math.min(askedM, cap), Math.min(cap, askedM * growth));
}

/** Whether a try at this stage looks no farther than the one before it. */
export const looksNoFarther = (policy: Policy, askedM: number, stage: number): boolean =>
  stage > 0 && radiusAt(policy, askedM, stage) === radiusAt(policy, askedM, stage - 1);

/** How often the circle has grown by this stage. */
export function widenings(policy: Policy, askedM: number, stage: number): number {
  let grown = 0;
  for (let s = 1; s <= Math.min(stage, policy.radiusGrowth.length); s++)
    if (!looksNoFarther(policy, askedM, s)) grown++;
  return grown;
}

/**
 * Which cells a try asks, of all that its circle touches: the nearest, and from the second try on, for half of them, the next
 * of the others in turn, so that nobody in the circle is out of reach for good.
 * @param nearestFirst any number of cells; @param most of them, a whole number; @param stage as in `sleepMs`, 0 at the first try.
 */
export function cellsAt<Cell>(nearestFirst: readonly Cell[], most: number, stage: number): readonly Cell[] {
  if (nearestFirst.length <= most) return nearestFirst;
  const near = stage === 0 ? most : Math.floor(most / 2);
  const others = nearestFirst.slice(near);
  const first = (stage * (most - near)) % others.length;
  return [...nearestFirst.slice(0, near), ...[...others, ...others].slice(first, first + most - near)];
}
