// A city's business rules as data: the schema that a rollout validates and that cells obey. Defaults are in matching/policy.ts.
import * as v from 'valibot';

const ms = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const metres = v.pipe(v.number(), v.minValue(50), v.maxValue(100_000));
const weight = v.pipe(v.number(), v.minValue(0), v.maxValue(1000));
const weights = v.strictObject({
  nearness: weight,
  topicFit: weight,
  reputation: weight,
  idle: weight,
  freshness: weight,
});

const HOUR_MS = 3_600_000;

export const policySchema = v.strictObject({
  /** Geohash length of the privacy grid: 7 is about 150 m. */
  gridLength: v.pipe(v.number(), v.integer(), v.minValue(5), v.maxValue(9)),
  /** Allowed radii, rising; the first is the floor, the last the cap, a request is rounded up. */
  radiusStepsM: v.pipe(
    v.array(metres),
    v.minLength(1),
    v.maxLength(16),
    v.check((steps) => steps.every((m, i) => i === 0 || m > (steps[i - 1] as number)), 'must rise'),
  ),
  /** Default radius of a question that names none. */
  radiusDefaultM: metres,
  /** Factor by which a question's radius grows at each stage of sleep, capped by the last step. */
  radiusGrowth: v.pipe(
    v.array(v.pipe(v.number(), v.minValue(1), v.maxValue(100))),
    v.minLength(1),
    v.maxLength(16),
    v.check((growth) => growth.every((g, i) => i === 0 || g >= (growth[i - 1] as number)), 'must not fall'),
  ),
  weights: v.pipe(
    weights,
    v.check(
      (w) => w.nearness + w.topicFit + w.reputation + w.idle + w.freshness > 0,
      'at least one weight must be above 0',
    ),
  ),
  /** Idle time that earns the whole fairness term. */
  idleFullMs: ms(1000, 24 * HOUR_MS),
  /** A point older than this makes its user unmatchable. */
  pointAgeMaxMs: ms(5000, 24 * HOUR_MS),
  /** Rest after an offer that was declined or ran out. */
  cooldownMs: ms(0, HOUR_MS),
  offers: v.strictObject({
    /** Time that a user has to accept. */
    ttlMs: ms(1000, HOUR_MS),
    /** Offers open at once beyond the answers still wanted. */
    spare: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(50)),
    /** Offers a question may make in its life. */
    max: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(500)),
  }),
  /** Sleep before each new try: first, times factor, at most max. */
  backOff: v.strictObject({
    firstMs: ms(1000, HOUR_MS),
    factor: v.pipe(v.number(), v.minValue(1), v.maxValue(10)),
    maxMs: ms(1000, 6 * HOUR_MS),
  }),
  question: v.strictObject({ ttlDefaultMs: ms(10_000, 24 * HOUR_MS), ttlMaxMs: ms(10_000, 7 * 24 * HOUR_MS) }),
  presence: v.strictObject({ ttlDefaultMs: ms(10_000, HOUR_MS), ttlMaxMs: ms(10_000, 24 * HOUR_MS) }),
  /** Cells beyond the question's own that one try may ask. */
  scoutCellsMax: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(200)),
  /** Time that a try waits for other cells. */
  scoutTimeMs: ms(50, 10_000),
  /** What one cell is to carry in normal times; at twice any of them it splits. */
  limits: v.strictObject({
    users: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(15_000)),
    eventsPerS: v.pipe(v.number(), v.minValue(1), v.maxValue(500)),
    /** Mean time of a step, reckoned from the work that was counted: a platform's clock stands still within a step. */
    stepMs: v.pipe(v.number(), v.minValue(0.01), v.maxValue(100)),
    /** False: cells split by hand alone. */
    autoSplit: v.boolean(),
  }),
});

export type Policy = Readonly<v.InferOutput<typeof policySchema>>;
/** What a city may override: any part of any section. */
export const policyPatchSchema = v.partial(
  v.strictObject({
    ...policySchema.entries,
    weights: v.partial(weights),
    offers: v.partial(policySchema.entries.offers),
    backOff: v.partial(policySchema.entries.backOff),
    question: v.partial(policySchema.entries.question),
    presence: v.partial(policySchema.entries.presence),
    limits: v.partial(policySchema.entries.limits),
  }),
);
export type PolicyPatch = v.InferOutput<typeof policyPatchSchema>;
