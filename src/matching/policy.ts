// The default policy, and a city's overrides laid over it.
import * as v from 'valibot';
import { present } from '../lib/assert.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { type Policy, type PolicyPatch, policyPatchSchema, policySchema } from '../protocol/policy.ts';
import { type FieldError, type Problem, problem } from '../protocol/problems.ts';

export const DEFAULT_POLICY: Policy = {
  gridLength: 7,
  radiusStepsM: [500, 1000, 1500, 2000, 3000, 5000, 8000],
  radiusDefaultM: 1500,
  radiusGrowth: [1, 1.5, 2, 3],
  weights: { nearness: 5, topicFit: 2, reputation: 1, idle: 1.5, freshness: 0.5 },
  idleFullMs: 600_000,
  pointAgeMaxMs: 300_000,
  cooldownMs: 10_000,
  offers: { ttlMs: 30_000, spare: 1, max: 60 },
  backOff: { firstMs: 5000, factor: 2, maxMs: 300_000 },
  question: { ttlDefaultMs: 900_000, ttlMaxMs: 86_400_000, openMax: 20 },
  presence: { ttlDefaultMs: 120_000, ttlMaxMs: 3_600_000, pingEveryS: 10, socketsMax: 5 },
  scoutCellsMax: 32,
  scoutTimeMs: 800,
  limits: { users: 1000, eventsPerS: 100, stepMs: 2, autoSplit: true, mergeAfterS: 86_400 },
};

/** The same overrides, of a city whose cells split by hand alone unless it says otherwise. Any JSON: what is wrong in it stays. */
export function splitByHand(patch: unknown): unknown {
  if (!isObject(patch) || (patch.limits !== undefined && !isObject(patch.limits))) return patch;
  return { ...patch, limits: { autoSplit: false, ...patch.limits } };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lays `patch` (any JSON) over the defaults; errors name each field that cannot be used. */
export function resolvePolicy(patch: unknown): Result<Policy, readonly FieldError[]> {
  const parsed = v.safeParse(policyPatchSchema, patch);
  if (!parsed.success) return err(fieldErrors(parsed.issues));
  const whole = v.safeParse(policySchema, merged(parsed.output));
  if (!whole.success) return err(fieldErrors(whole.issues));
  return ok(whole.output);
}

/**
 * Fields that contradict others of the policy, or the length of its city's cells. For policies that are sent: one that was stored
 * before somebody looked for this goes on as it is.
 */
export function contradictionsOf(policy: Policy, precision: number): readonly FieldError[] {
  const { gridLength, radiusStepsM, radiusDefaultM, question, presence, backOff } = policy;
  const least = (field: string, value: number, min: number, what: string, why = ''): readonly FieldError[] =>
    value >= min ? [] : [{ field, message: `must be at least ${what}, ${min}, not ${value}${why}` }];
  const farthestM = present(radiusStepsM.at(-1), 'radius step');
  const message = `must be at most the last of radiusStepsM, ${farthestM}, not ${radiusDefaultM}`;
  return [
    ...least('gridLength', gridLength, precision, 'the precision', ': a cell is not smaller than the grid'),
    ...(radiusDefaultM > farthestM ? [{ field: 'radiusDefaultM', message }] : []),
    ...least('backOff.maxMs', backOff.maxMs, backOff.firstMs, 'firstMs'),
    ...least('question.ttlMaxMs', question.ttlMaxMs, question.ttlDefaultMs, 'ttlDefaultMs'),
    ...least('presence.ttlMaxMs', presence.ttlMaxMs, presence.ttlDefaultMs, 'ttlDefaultMs'),
    ...least('presence.ttlMaxMs', presence.ttlMaxMs, presence.pingEveryS * 1000, 'pingEveryS in ms'),
  ];
}

/** As a city's request is refused, its fields named as they stand there. */
export function badPolicy(errors: readonly FieldError[]): Problem {
  const named = errors.map(({ field, message }) => ({
    field: field === 'policy' ? field : `policy.${field}`,
    message,
  }));
  const detail = named.map(({ field, message }) => `${field} ${message}`).join('; ');
  return { ...problem('bad_policy', detail), errors: named };
}

function merged(patch: PolicyPatch): unknown {
  const d = DEFAULT_POLICY;
  return {
    ...d,
    ...patch,
    weights: { ...d.weights, ...patch.weights },
    offers: { ...d.offers, ...patch.offers },
    backOff: { ...d.backOff, ...patch.backOff },
    question: { ...d.question, ...patch.question },
    presence: { ...d.presence, ...patch.presence },
    limits: { ...d.limits, ...patch.limits },
  };
}

function fieldErrors(issues: readonly v.BaseIssue<unknown>[]): readonly FieldError[] {
  return issues.map((issue) => ({
    field: (issue.path ?? []).map((part) => String(part.key)).join('.') || 'policy',
    message: issue.message,
  }));
}
