// The matcher of a cell against the brute-force reference: the same people in the same order, whatever the roster.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyMapRow } from '../../../src/cell/apply-map-row.ts';
import { emptyCell } from '../../../src/cell/restore.ts';
import type { CellState } from '../../../src/cell/state.ts';
import { type LiveResident, residentOf } from '../../../src/cell/tables/users.ts';
import { collectCandidates } from '../../../src/cell/users/holds.ts';
import { distanceM } from '../../../src/geo/distance.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import { refuse } from '../../../src/matching/filter.ts';
import { keepBest } from '../../../src/matching/score.ts';
import type { Candidate } from '../../../src/messages/records.ts';
import type { QuestionId, UserId } from '../../../src/protocol/ids.ts';
import { at, CELL, candidate, mapRow, oid, START, user } from '../support/names.ts';
import { needArb, peopleArb, policyArb } from './arbitraries.ts';
import { greatCircleM, maybe, type Person, referenceMatch } from './reference.ts';

const toResident = ({ busyWith, ...person }: Person) =>
  residentOf<LiveResident>({
    user: person.user as UserId,
    epoch: 1,
    phase: 'live',
    inbox: undefined,
    session: 's',
    seq: undefined,
    ttlMs: 60_000,
    pseudonym: 'p',
    profile: person.profile,
    point: person.point,
    pointAt: epochMs(person.pointAt),
    leaseUntil: epochMs(person.leaseUntil),
    idleSince: epochMs(person.idleSince),
    coolUntil: epochMs(person.coolUntil),
    reputation: person.reputation,
    blocked: person.blocked as readonly UserId[],
    holds: busyWith.map((questionId, i) => ({
      offerId: oid(i + 1, 90),
      questionId: questionId as QuestionId,
      text: '',
      point: person.point,
      distanceM: 0,
      state: 'pending',
      until: START,
    })),
  });

function cellOf(people: readonly Person[]): CellState {
  const state = emptyCell();
  applyMapRow(state, mapRow());
  for (const person of people) {
    state.users.set(person.user as UserId, toResident(person));
    state.roster.set(person.user as UserId, person.point);
  }
  return state;
}

describe('collect', () => {
  it('MATCH1 agrees with the reference on who and in which order', () => {
    let matched = 0;
    fc.assert(
      fc.property(peopleArb(40), needArb, policyArb, fc.integer({ min: 0, max: 12 }), (people, need, policy, limit) => {
        const mine = collectCandidates(cellOf(people), need, policy, limit, START);
        const reference = referenceMatch(need, policy, people, people.length, START);
        // The formulas differ in the last digits: compare scores, and the set of people where no tie is cut.
        expect(mine).toHaveLength(Math.min(limit, reference.length));
        mine.forEach((one, i) => {
          expect(one.score).toBeCloseTo(reference[i]?.score ?? Number.NaN, 6);
          const same = reference.find((other) => other.user === one.user);
          expect(same?.score).toBeCloseTo(one.score, 6);
          expect(same?.distanceM).toBeCloseTo(one.distanceM, 3);
          expect(one.cell).toBe(CELL);
        });
        expect(new Set(mine.map((one) => one.user)).size).toBe(mine.length);
        matched += mine.length;
      }),
      { numRuns: 400 },
    );
    expect(matched, 'the property is not vacuous').toBeGreaterThan(600);
  });

  it('RULE1 MATCH1 the filter says no exactly where the reference does', () => {
    const reasons = new Set<string>();
    fc.assert(
      fc.property(peopleArb(5), needArb, policyArb, (people, need, policy) => {
        for (const person of people) {
          const reason = refuse(need, policy, toResident(person), START);
          expect(typeof reason === 'number').toBe(maybe(need, policy, person, START));
          reasons.add(String(typeof reason === 'number' ? 'none' : reason));
        }
      }),
      { numRuns: 1000 },
    );
    expect([...reasons].sort(), 'every reason was met').toEqual(
      [
        'asker',
        'blocked',
        'capacity',
        'cooling',
        'excluded',
        'far',
        'held',
        'language',
        'lease',
        'none',
        'stale',
        'topic',
      ].sort(),
    );
  });

  it('the two formulas of distance agree to a millimetre', () => {
    fc.assert(
      fc.property(fc.integer({ min: -9000, max: 9000 }), fc.integer({ min: -9000, max: 9000 }), (east, north) => {
        expect(distanceM(at(), at(east, north))).toBeCloseTo(greatCircleM(at(), at(east, north)), 3);
      }),
    );
  });
});

describe('keepBest', () => {
  it('MATCH1 keeps what a sort would keep, in its order, ties by distance and id', () => {
    const one = fc
      .record({
        score: fc.integer({ min: 0, max: 3 }),
        distanceM: fc.integer({ min: 0, max: 2 }),
        name: fc.integer({ min: 0, max: 400 }),
      })
      .map(({ name, ...rest }) => candidate(user(`u${name}`), CELL, rest));
    fc.assert(
      fc.property(
        fc.uniqueArray(one, { maxLength: 40, selector: (c) => c.user }),
        fc.integer({ min: 1, max: 10 }),
        (all, limit) => {
          const list: Candidate[] = [];
          for (const each of all) keepBest(list, each, limit);
          const sorted = [...all].sort(
            (a, b) => b.score - a.score || a.distanceM - b.distanceM || (a.user < b.user ? -1 : 1),
          );
          expect(list.map((c) => c.user)).toEqual(sorted.slice(0, limit).map((c) => c.user));
        },
      ),
    );
  });
});
