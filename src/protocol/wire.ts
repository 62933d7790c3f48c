// What clients may send, as schemas: every body and query of the public interface, units in the names.
import * as v from 'valibot';
import { cleaned, folded, isBlank } from '../lib/text.ts';
import { type CellId, isCellId, isCityId, isOfferId, isQuestionId, type OfferId, type QuestionId } from './ids.ts';
import {
  ANSWERS_WANTED_MAX,
  CAPACITY_MAX,
  LANGUAGES_MAX,
  QUESTIONS_PAGE_MAX,
  TEXT_LENGTH_MAX,
  TOPICS_MAX,
  WAIT_S_MAX,
} from './limits.ts';
import { policyPatchSchema } from './policy.ts';

export const TOO_LONG = `must have at most ${TEXT_LENGTH_MAX.toLocaleString('en')} characters`;
const TOPIC = /^[\p{L}\p{N}][\p{L}\p{N}\p{M} ._:/&+-]{0,63}$/u;
const TOPIC_LENGTH_MAX = 256;
/** As JSON has it: what a body takes for a number, a query takes too. */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const LANGUAGE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/;
const SESSION = /^[A-Za-z0-9._:-]{1,64}$/;
const DAY_S = 24 * 3600;

const number = (min: number, max: number, what: string) => {
  const message = `must be ${what} from ${min} to ${max}`;
  return v.pipe(v.number(message), v.minValue(min, message), v.maxValue(max, message));
};
const whole = (min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
};
const list = (item: v.GenericSchema<string>, max: number, sameness: (text: string) => string) =>
  v.pipe(
    v.array(item, 'must be a list of texts'),
    v.maxLength(max, `must have at most ${max} items`),
    v.transform((items): readonly string[] => {
      const seen = new Set<string>();
      // Each thing once, as it was given first.
      return items.filter((text) => seen.size < seen.add(sameness(text)).size);
    }),
  );
/** Many languages write `null` for what is not there. */
export const optional = <const Schema extends v.GenericSchema>(schema: Schema) =>
  v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  );

const lat = number(-90, 90, 'a number');
const lng = number(-180, 180, 'a number');
/** Kept as it was given; blanks around it are nobody's business. */
const topic = v.pipe(
  v.string('must be a string'),
  v.check(
    (value) => value.length <= TOPIC_LENGTH_MAX && TOPIC.test(value.trim().normalize('NFC')) && !isBlank(value),
    'must be 1 to 64 letters, digits, spaces or any of . _ : / & + -, and begin with a letter or digit',
  ),
);
const topics = list(topic, TOPICS_MAX, folded);
// Language tags mean the same in any case, so they are compared in one.
const language = v.pipe(
  v.string('must be a string'),
  v.regex(LANGUAGE, 'must be a language tag, such as "en" or "pt-BR"'),
  v.toLowerCase(),
);
const languages = list(language, LANGUAGES_MAX, (tag) => tag);
const text = v.pipe(
  v.string('must be a string'),
  v.transform(cleaned),
  v.check((value) => lengthOf(value) <= TEXT_LENGTH_MAX, TOO_LONG),
  v.check((value) => !isBlank(value), 'must not be empty'),
);
const session = v.pipe(
  v.string('must be a string'),
  v.regex(SESSION, 'must be 1 to 64 letters, digits or any of . _ : -'),
);
const seq = whole(0, Number.MAX_SAFE_INTEGER);
const cell = v.pipe(
  v.string('must be a string'),
  v.check(isCellId, 'must be a geohash of 3 to 7 characters'),
  v.transform((value) => value as CellId),
);

/** Strict objects complain about the whole; these words are for whoever reads `errors`. */
const object = <const Entries extends v.ObjectEntries>(entries: Entries) =>
  v.strictObject(entries, (issue) => {
    if (issue.path === undefined) return 'must be a JSON object';
    return issue.expected === 'never' ? 'is not a field of this request' : 'is required';
  });

const capacity = whole(0, CAPACITY_MAX);
const ttlS = number(1, DAY_S, 'a number');
const presenceEntries = {
  lat,
  lng,
  accuracyM: optional(number(0, 1_000_000, 'a number')),
  topics: optional(topics),
  languages: optional(languages),
  capacity: optional(capacity),
  ttlS: optional(ttlS),
  session: optional(session),
  seq: optional(seq),
  cell: optional(cell),
};
const questionEntries = {
  text,
  topic: optional(topic),
  languages: optional(languages),
  radiusM: optional(number(1, 100_000, 'a number')),
  answersWanted: optional(whole(1, ANSWERS_WANTED_MAX)),
  expiresInS: optional(number(1, 7 * DAY_S, 'a number')),
};

export const presenceSchema = object(presenceEntries);
export const questionSchema = object({ lat, lng, ...questionEntries });
/** Over a socket a question without a point is asked where the asker is. */
export const questionHereSchema = object({ lat: optional(lat), lng: optional(lng), ...questionEntries });
export const patchSchema = object({ lat, lng });
export const answerSchema = object({ text });
export const ackSchema = object({ seq, cell: optional(cell) });
export const emptySchema = object({});

export const citySchema = object({
  name: v.string('must be a string'),
  // GeoJSON has its own reader, which says where it is wrong.
  boundary: v.looseObject({}, 'must be a GeoJSON object'),
  precision: optional(v.number('must be a whole number')),
  policy: optional(policyPatchSchema),
  locationHint: optional(v.string('must be a string')),
});

/** Query parameters are texts. */
const decimal = v.pipe(v.string(), v.regex(NUMBER, 'must be a number'), v.transform(Number));
/** `cell`: the one that held the user last, as it is likely to have their record. */
export const recordQuerySchema = object({ cell: v.optional(cell) });
export const eventsQuerySchema = object({
  after: v.optional(v.pipe(decimal, seq)),
  waitS: v.optional(v.pipe(decimal, number(0, WAIT_S_MAX, 'a number'))),
  cell: v.optional(cell),
});
/** `after`: `next` of the page before. */
export const questionsQuerySchema = object({
  after: v.optional(
    v.pipe(
      v.string('must be a string'),
      v.regex(/^[0-9a-z]{1,11}\.q-[0-9a-z-]{1,60}$/, 'must be `next` of the page before'),
    ),
  ),
  limit: v.optional(v.pipe(decimal, whole(1, QUESTIONS_PAGE_MAX))),
  cell: v.optional(cell),
});
/** Which of the session's pings the leave comes after. */
export const leaveQuerySchema = object({
  session: v.optional(session),
  seq: v.optional(v.pipe(decimal, seq)),
});
/** Items between commas, each percent-encoded once more than the query itself, or not: no item holds a comma or a percent sign. */
const commaList = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): readonly string[] => {
    try {
      return dataset.value === '' ? [] : dataset.value.split(',').map(decodeURIComponent);
    } catch {
      addIssue({ message: 'must be items between commas, each percent-encoded' });
      return NEVER;
    }
  }),
);
export const streamQuerySchema = object({
  lat: v.optional(v.pipe(decimal, lat)),
  lng: v.optional(v.pipe(decimal, lng)),
  topics: v.optional(v.pipe(commaList, topics)),
  languages: v.optional(v.pipe(commaList, languages)),
  capacity: v.optional(v.pipe(decimal, capacity)),
  ttlS: v.optional(v.pipe(decimal, ttlS)),
  session: v.optional(session),
  seq: v.optional(v.pipe(decimal, seq)),
  cell: v.optional(cell),
});
const flag = v.pipe(
  v.string(),
  v.picklist(['true', 'false'], 'must be true or false'),
  v.transform((value) => value === 'true'),
);
export const cityQuerySchema = object({
  /** Says what would change, and changes nothing. */
  dryRun: v.optional(flag),
  /** The version of the city that the change is for; 0: none yet. */
  ifVersion: v.optional(v.pipe(decimal, seq)),
});
export const cellsQuerySchema = object({
  city: v.pipe(v.string('must be a string'), v.check(isCityId, 'must be the id of a city')),
  /** The last cell of the page before. */
  after: v.optional(cell),
  /** Only those that lie in this cell. */
  within: v.optional(cell),
  /** False: names alone, without a call to each cell. */
  load: v.optional(flag),
});
/** Looking at a cell is a call to it, and one request may make a thousand. */
export const CELLS_PAGE_MAX = 900;
export const CELL_NAMES_PAGE_MAX = 10_000;
export const statusQuerySchema = object({
  city: v.optional(v.pipe(v.string('must be a string'), v.check(isCityId, 'must be the id of a city'))),
  /** How many of the hottest cells are shown. */
  cells: v.optional(
    v.pipe(
      decimal,
      v.integer('must be a whole number'),
      v.minValue(1, 'must be 1 or more'),
      v.maxValue(200, 'must be 200 or less'),
    ),
  ),
});
export const STATUS_CELLS_DEFAULT = 20;
export const emptyQuerySchema = object({});

export const questionIdSchema = v.pipe(
  v.string('must be a string'),
  v.check(isQuestionId, 'must be the id of a question'),
  v.transform((value) => value as QuestionId),
);
export const offerIdSchema = v.pipe(
  v.string('must be a string'),
  v.check(isOfferId, 'must be the id of an offer'),
  v.transform((value) => value as OfferId),
);

/** The schema of a query: an object whose entries name its parameters. */
export type QuerySchema = ReturnType<typeof object<v.ObjectEntries>>;

export type PresenceInput = v.InferOutput<typeof presenceSchema>;
export type QuestionHereInput = v.InferOutput<typeof questionHereSchema>;
export type LeaveQuery = v.InferOutput<typeof leaveQuerySchema>;
export type StreamQuery = v.InferOutput<typeof streamQuerySchema>;

/** In characters as people count them, roughly: an emoji of one code point is one. */
function lengthOf(value: string): number {
  // Code points are at most the code units: most texts need no counting.
  return value.length <= TEXT_LENGTH_MAX ? value.length : [...value].length;
}

export const diskSchema = v.strictObject({
  full: v.boolean(),
  freeBytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
});
