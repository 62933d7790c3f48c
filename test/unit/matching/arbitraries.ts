// Random people, questions and policies, crowded enough that every filter bites and every tie occurs.
import fc from 'fast-check';
import type { Need } from '../../../src/messages/need.ts';
import type { Policy } from '../../../src/protocol/policy.ts';
import { at, byTerm, need, policyWith, qid, START, user } from '../support/names.ts';
import type { Person } from './reference.ts';

const topics = fc.subarray(['food', 'Cars ', 'boats', 'cafe\u0301']);
const languages = fc.subarray(['en', 'de', 'fr']);
const users = ['ana', 'bob', 'cem', 'dee', 'eva'];
const metres = fc.oneof(fc.integer({ min: -1200, max: 1200 }), fc.constantFrom(0, 100, 500));
const ago = (maxMs: number) => fc.integer({ min: 0, max: maxMs }).map((ms) => START - ms);
const around = (ms: number) => fc.oneof(fc.integer({ min: -ms, max: ms }), fc.constant(0)).map((d) => START + d);

export const personArb = (name: string): fc.Arbitrary<Person> =>
  fc.record({
    user: fc.constant(name),
    profile: fc.record({ topics, languages, capacity: fc.integer({ min: 0, max: 3 }) }),
    point: fc.tuple(metres, metres).map(([east, north]) => at(east, north)),
    pointAt: fc.oneof({ weight: 3, arbitrary: ago(4000) }, { weight: 1, arbitrary: ago(400_000) }),
    leaseUntil: fc.integer({ min: -10_000, max: 100_000 }).map((d) => START + d),
    idleSince: ago(900_000),
    coolUntil: fc.oneof({ weight: 4, arbitrary: fc.constant(START - 1) }, { weight: 1, arbitrary: around(5000) }),
    reputation: fc.double({ min: 0, max: 1, noNaN: true }),
    blocked: fc.subarray(users, { maxLength: 1 }),
    busyWith: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.subarray([qid(1), qid(2), qid(3)], { maxLength: 2 }) },
    ),
  });

/** Up to `max` people, some of whom are the asker and those whom others block. */
export const peopleArb = (max: number): fc.Arbitrary<readonly Person[]> =>
  fc
    .integer({ min: 0, max })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, i) => personArb(users[i] ?? `u${i}`))));

export const needArb: fc.Arbitrary<Need> = fc
  .record({
    n: fc.integer({ min: 1, max: 4 }),
    asker: fc.constantFrom(...users),
    east: metres,
    north: metres,
    radiusM: fc.constantFrom(500, 1000, 1500, 3000),
    topic: fc.option(fc.constantFrom('food', 'FOOD', 'cars', 'Caf\u00e9'), { nil: undefined }),
    languages,
    excluded: fc.subarray(users, { maxLength: 2 }),
  })
  .map(({ n, asker, east, north, topic, excluded, ...rest }) =>
    need({
      ...rest,
      ...(topic === undefined ? {} : { topic }),
      questionId: qid(n),
      asker: user(asker),
      point: at(east, north),
      excluded: excluded.map(user),
    }),
  );

const weight = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 10, noNaN: true }));

export const policyArb: fc.Arbitrary<Policy> = fc
  .record({
    weights: fc.record(byTerm(() => weight)),
    pointAgeMaxMs: fc.integer({ min: 5000, max: 600_000 }),
    idleFullMs: fc.integer({ min: 1000, max: 900_000 }),
  })
  .map(policyWith);
