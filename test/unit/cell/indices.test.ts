// The indices of a cell (roster, agenda, sleepers) against versions that are too simple to be wrong.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agenda } from '../../../src/cell/agenda.ts';
import { sleepers } from '../../../src/cell/questions/sleepers.ts';
import { roster } from '../../../src/cell/users/roster.ts';
import { distanceM } from '../../../src/geo/distance.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import type { QuestionId, UserId } from '../../../src/protocol/ids.ts';
import { at, need, qid, user } from '../support/names.ts';

describe('the roster', () => {
  const act = fc.record({
    who: fc.integer({ min: 0, max: 150 }),
    goes: fc.boolean(),
    eastM: fc.integer({ min: -3000, max: 3000 }),
    northM: fc.integer({ min: -3000, max: 3000 }),
  });

  it('MATCH1 finds everybody within a circle, whoever came, moved and left', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 300 }), fc.integer({ min: 50, max: 4000 }), (acts, radiusM) => {
        const indexed = roster();
        const naive = new Map<UserId, ReturnType<typeof at>>();
        for (const { who, goes, eastM, northM } of acts) {
          const id = user(`u${who}`);
          if (goes) {
            indexed.delete(id);
            naive.delete(id);
          } else {
            indexed.set(id, at(eastM, northM));
            naive.set(id, at(eastM, northM));
          }
        }
        expect(indexed.size()).toBe(naive.size);
        const seen: UserId[] = [];
        indexed.around(at(200, -300), radiusM, (id) => seen.push(id));
        expect(new Set(seen).size).toBe(seen.length);
        for (const id of seen) expect(naive.has(id)).toBe(true);
        const within = [...naive].filter(([, point]) => distanceM(point, at(200, -300)) <= radiusM).map(([id]) => id);
        expect(seen).toEqual(expect.arrayContaining(within));
        // A box, not the whole cell: its corners are at most √2 away.
        for (const id of seen) {
          expect(distanceM(naive.get(id) ?? at(), at(200, -300))).toBeLessThanOrEqual(radiusM * 1.4143);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('MATCH1 finds people over the antimeridian', () => {
    const indexed = roster();
    indexed.set(user('west'), { lat: -17, lng: 179.999 });
    indexed.set(user('east'), { lat: -17, lng: -179.999 });
    const seen: string[] = [];
    indexed.around({ lat: -17, lng: -179.9995 }, 500, (id) => seen.push(id));
    expect(seen.sort()).toEqual(['east', 'west']);
  });
});

describe('the agenda', () => {
  type Act = { readonly key: string; readonly at: number | undefined } | { readonly until: number };
  const act: fc.Arbitrary<Act> = fc.oneof(
    fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      at: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
    }),
    fc.record({ until: fc.integer({ min: 0, max: 50 }) }),
  );

  it('ALARM1 names the earliest time, and gives what is due in order of time and name', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 400 }), (acts) => {
        const indexed = agenda();
        const naive = new Map<string, number>();
        const first = () => [...naive].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))[0];
        for (const one of acts) {
          if ('key' in one) {
            indexed.set(one.key, one.at === undefined ? undefined : epochMs(one.at));
            if (one.at === undefined) naive.delete(one.key);
            else naive.set(one.key, one.at);
            expect(indexed.get(one.key)).toBe(one.at);
          } else {
            const top = first();
            const due = top !== undefined && top[1] <= one.until ? top[0] : undefined;
            if (due !== undefined) naive.delete(due);
            expect(indexed.takeDue(epochMs(one.until))).toBe(due);
          }
          expect(indexed.next()).toBe(first()?.[1]);
        }
      }),
    );
  });

  it('ALARM1 stays right and small when leases are renewed for ever', () => {
    const indexed = agenda();
    for (let i = 0; i < 20_000; i++) indexed.set(`u:${i % 7}`, epochMs(1000 + i));
    expect(indexed.next()).toBe(20_993);
    indexed.set('u:0', epochMs(5));
    expect(indexed.takeDue(epochMs(5))).toBe('u:0');
    expect(indexed.get('u:0')).toBeUndefined();
  });
});

describe('the sleepers', () => {
  const kinds = [
    {},
    { topic: 'food' },
    { languages: ['en'] },
    { radiusM: 900 },
    { point: at(10) },
    { topic: 'food', languages: ['en', 'de'] },
  ];
  const act = fc.record({
    n: fc.integer({ min: 1, max: 12 }),
    kind: fc.option(fc.integer({ min: 0, max: kinds.length - 1 }), { nil: undefined }),
  });

  it('MATCH1 keep each question in the one group of its need, oldest first', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const indexed = sleepers();
        const naive = new Map<QuestionId, number>();
        for (const { n, kind } of acts) {
          const id = qid(n);
          if (kind === undefined) {
            indexed.delete(id);
            naive.delete(id);
          } else {
            indexed.add(need({ questionId: id, ...kinds[kind] }));
            if (naive.get(id) !== kind) {
              naive.delete(id);
              naive.set(id, kind);
            }
          }
        }
        const groups = [...indexed.groups()].map(({ ids }) => [...ids]);
        const expected = Object.values(Object.groupBy([...naive], ([, kind]) => kind)).map((group) =>
          (group ?? []).map(([id]) => id),
        );
        const sorted = (lists: QuestionId[][]) => lists.map((ids) => ids.join()).sort();
        expect(sorted(groups)).toEqual(sorted(expected));
        expect(indexed.size()).toBe(naive.size);
        for (const n of [1, 5, 12]) expect(indexed.has(qid(n))).toBe(naive.has(qid(n)));
      }),
    );
  });

  it('MATCH1 take the asker and those who were asked before for no difference of need', () => {
    const indexed = sleepers();
    indexed.add(need({ questionId: qid(1) }));
    indexed.add(need({ questionId: qid(2), asker: user('zoe'), excluded: [user('bob')] }));
    expect([...indexed.groups()]).toHaveLength(1);
  });
});
