// How a question that found nobody tries again: longer sleeps, wider circles.
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
