// Topics: compared folded, kept as they were given.
import { describe, expect, it } from 'vitest';
import { sleepers } from '../../../src/cell/questions/sleepers.ts';
import { namesTopic, topicKey } from '../../../src/matching/topics.ts';
import { need, qid } from '../support/names.ts';

describe('EDGE5 topics', () => {
  it.each([
    ['bikes', 'Bikes '],
    ['Bikes ', 'bikes'],
    ['caf\u00e9', 'Cafe\u0301'],
  ])('%s and %s meet, whoever writes which', (one, other) => {
    expect(namesTopic(['food', one], other)).toBe(true);
    expect(namesTopic([other], one)).toBe(true);
    expect(topicKey(one)).toBe(topicKey(other));
  });

  it('others do not', () => {
    expect(namesTopic(['food', 'bike'], 'bikes')).toBe(false);
    expect(namesTopic([], 'bikes')).toBe(false);
  });

  it('sleepers that say one topic in two ways are one group', () => {
    const index = sleepers();
    index.add(need({ questionId: qid(1), topic: 'Bikes ' }));
    index.add(need({ questionId: qid(2), topic: 'bikes' }));
    index.add(need({ questionId: qid(3), topic: 'cars' }));
    expect([...index.groups()].map(({ ids }) => ids.size).sort()).toEqual([1, 2]);
  });
});
