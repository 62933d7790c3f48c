// A city's business rules as data: the schema that a rollout validates and that cells obey. Defaults are in matching/policy.ts.
import * as v from 'valibot';

const number = (min: number, max: number) => {
  const message = takes(`a number from ${min} to ${max}`);
  return v.pipe(v.number(message), v.minValue(min, message), v.maxValue(max, message));
};
const whole = (min: number, max: number) => {
  const message = takes(`a whole number from ${min} to ${max}`);
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
};
const list = <const Item extends v.GenericSchema<number>>(item: Item, itemsMax: number) => {
  const message = takes(`a list of 1 to ${itemsMax} numbers`);
  return v.pipe(v.array(item, message), v.minLength(1, message), v.maxLength(itemsMax, message));
};
const section = <const Entries extends v.ObjectEntries>(name: string, entries: Entries) =>
  v.strictObject(entries, (issue) => {
    if (issue.path === undefined) return `must be an object, not ${shown(issue.input)}`;
    if (issue.expected !== 'never') return 'is required';
    return `is not a field of ${name}, which has ${Object.keys(entries).join(', ')}`;
  });

const metres = number(50, 100_000);
const weight = number(0, 1000);
/** What each term of the score counts for. */
const weights = section('weights', {
  nearness: weight,
  topicFit: weight,
  reputation: weight,
  idle: weight,
  freshness: weight,
});

const HOUR_MS = 3_600_000;
/** The highest limit that a city may set for a cell. */
export const EVENTS_PER_S_MAX = 100_000;

export const policySchema = section('the policy', {
  /** Geohash length of the privacy grid: 7 is about 150 m. */
  gridLength: whole(5, 9),
  /** Allowed radii, rising; the first is the floor, the last the cap, a request is rounded up. */
  radiusStepsM: v.pipe(
    list(metres, 16),
    v.check((steps) => steps.every((m, i) => i === 0 || m > (steps[i - 1] as number)), takes('numbers that rise')),
  ),
  /** Default radius of a question that names none. */
  radiusDefaultM: metres,
  /** Factor by which a question's radius grows at each stage of sleep, capped by the last step. */
  radiusGrowth: v.pipe(
    list(number(1, 100), 16),
    v.check(
      (growth) => growth.every((g, i) => i === 0 || g >= (growth[i - 1] as number)),
      takes('numbers that do not fall'),
    ),
  ),
  weights: v.pipe(
    weights,
    v.check(
      (w) => Object.values(w).some((weight) => weight > 0),
      'must have at least one weight above 0: with all at 0 nobody is better than anybody',
    ),
  ),
  /** Idle time that earns the whole fairness term. */
  idleFullMs: whole(1000, 24 * HOUR_MS),
  /** A point older than this makes its user unmatchable. */
  pointAgeMaxMs: whole(5000, 24 * HOUR_MS),
  /** Rest after an offer that was declined or ran out. */
  cooldownMs: whole(0, HOUR_MS),
  offers: section('offers', {
    /** Time that a user has to accept. */
    ttlMs: whole(1000, HOUR_MS),
    /** Offers open at once beyond the answers still wanted. */
    spare: whole(0, 50),
    /** Offers a question may make in its life. */
    max: whole(1, 500),
  }),
  /** Sleep before each new try: first, times factor, at most max. */
  backOff: section('backOff', {
    firstMs: whole(1000, HOUR_MS),
    factor: number(1, 10),
    maxMs: whole(1000, 6 * HOUR_MS),
  }),
  question: section('question', {
    ttlDefaultMs: whole(10_000, 24 * HOUR_MS),
    ttlMaxMs: whole(10_000, 7 * 24 * HOUR_MS),
    /** Questions that one user may have open. */
    openMax: whole(1, 100_000),
  }),
  presence: section('presence', {
    ttlDefaultMs: whole(10_000, HOUR_MS),
    ttlMaxMs: whole(10_000, 24 * HOUR_MS),
    /** How often a client is to ping in normal times. */
    pingEveryS: whole(1, 3600),
    /** Sockets of one user in one cell; beyond, the oldest is closed. */
    socketsMax: whole(1, 100),
  }),
  /** Cells beyond the question's own that one try may ask. */
  scoutCellsMax: whole(0, 200),
  /** Time that a try waits for other cells. */
  scoutTimeMs: whole(50, 10_000),
  /** What one cell is to carry in normal times; at twice any of them it splits. */
  limits: section('limits', {
    users: whole(1, 15_000),
    /** A platform's objects carry some hundreds; a machine of its own, whose cells nothing else shares, more. */
    eventsPerS: number(0.1, EVENTS_PER_S_MAX),
    /** Mean time of a step, reckoned from the work that was counted: a platform's clock stands still within a step. */
    stepMs: number(0.01, 100),
    /** False: cells split, and are merged again, by hand alone. */
    autoSplit: v.boolean(takes('true or false')),
    /** Parts that have carried little for so long are merged again; 0: never. */
    mergeAfterS: whole(0, (30 * 24 * HOUR_MS) / 1000),
  }),
});

export type Policy = Readonly<v.InferOutput<typeof policySchema>>;
export type TermName = keyof Policy['weights'];
/** A list has all the fields that are needed where none is. */
const notList = <const Section extends v.GenericSchema>(schema: Section) =>
  v.pipe(
    v.unknown(),
    v.check(
      (value) => !Array.isArray(value),
      ({ input }) => `must be an object, not ${shown(input)}`,
    ),
    schema,
  );
/** What a city may override: any part of any section. */
export const policyPatchSchema = notList(
  v.partial(
    section('the policy', {
      ...policySchema.entries,
      weights: notList(v.partial(weights)),
      offers: notList(v.partial(policySchema.entries.offers)),
      backOff: notList(v.partial(policySchema.entries.backOff)),
      question: notList(v.partial(policySchema.entries.question)),
      presence: notList(v.partial(policySchema.entries.presence)),
      limits: notList(v.partial(policySchema.entries.limits)),
    }),
  ),
);
export type PolicyPatch = v.InferOutput<typeof policyPatchSchema>;

/** What a field takes, and what was sent instead. */
function takes(what: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) => `must be ${what}, not ${shown(input)}`;
}

function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing');
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
