// Every reason to leave somebody out, at its edge.
import { describe, expect, it } from 'vitest';
import { plusMs } from '../../../src/lib/brand.ts';
import { type Askable, refuse } from '../../../src/matching/filter.ts';
import { ana, at, bob, need, policyWith, qid, START } from '../support/names.ts';

const policy = policyWith({ pointAgeMaxMs: 300_000 });
const who = (more: Partial<Askable> = {}): Askable => ({
  user: bob,
  profile: { topics: [], languages: [], capacity: 1 },
  point: at(300),
  pointAt: START,
  leaseUntil: plusMs(START, 60_000),
  idleSince: START,
  coolUntil: START,
  reputation: 0.5,
  blocked: [],
  holds: { size: 0 },
  holdsQuestion: () => false,
  ...more,
});
const profile = (more: Partial<Askable['profile']>): Partial<Askable> => ({ profile: { ...who().profile, ...more } });
const wants = { topic: 'food', languages: ['en', 'de'] };

describe('RULE1 the filter', () => {
  it('answers the distance for somebody who fits', () => {
    expect(refuse(need(), policy, who(), START)).toBeCloseTo(300, 0);
    const farM = refuse(need(), policy, who(), START) as number;
    expect(refuse(need({ radiusM: farM }), policy, who(), START), 'at the very edge of the circle').toBe(farM);
    expect(refuse(need({ radiusM: farM - 0.001 }), policy, who(), START)).toBe('far');
  });

  it.each<[string, Parameters<typeof need>[0], Partial<Askable>, string | undefined]>([
    ['the asker', {}, { user: ana }, 'asker'],
    ['a lease that ends now', {}, { leaseUntil: START }, 'lease'],
    ['a lease of one more millisecond', {}, { leaseUntil: plusMs(START, 1) }, undefined],
    ['a point as old as allowed', {}, { pointAt: plusMs(START, -300_000) }, 'stale'],
    ['a point a millisecond younger', {}, { pointAt: plusMs(START, -299_999) }, undefined],
    ['another topic', wants, profile({ topics: ['cars'] }), 'topic'],
    ['the topic among others', wants, profile({ topics: ['cars', 'food'] }), undefined],
    ['any topic', wants, profile({ topics: [] }), undefined],
    ['a question without a topic', {}, profile({ topics: ['cars'] }), undefined],
    ['another language', wants, profile({ languages: ['fr'] }), 'language'],
    ['a shared language', wants, profile({ languages: ['fr', 'de'] }), undefined],
    ['any language', wants, profile({ languages: [] }), undefined],
    ['a question in any language', {}, profile({ languages: ['fr'] }), undefined],
    ['offered before', { excluded: [bob] }, {}, 'excluded'],
    ['blocks the asker', {}, { blocked: [ana] }, 'blocked'],
    ['rests still', {}, { coolUntil: plusMs(START, 1) }, 'cooling'],
    ['rested until now', {}, { coolUntil: START }, undefined],
    ['full', {}, { holds: { size: 1 } }, 'capacity'],
    ['more than full, since the capacity was lowered', {}, { holds: { size: 3 } }, 'capacity'],
    ['one slot left', {}, { ...profile({ capacity: 2 }), holds: { size: 1 } }, undefined],
    ['holds this question', {}, { holdsQuestion: (id) => id === qid(1, '9q8yz') }, 'held'],
    ['holds another question', {}, { holdsQuestion: (id) => id === qid(7) }, undefined],
    ['outside the circle', { radiusM: 299 }, {}, 'far'],
    ['inside the circle', { radiusM: 301 }, {}, undefined],
  ])('%s', (_, wanted, more, reason) => {
    const outcome = refuse(need(wanted), policy, who(more), START);
    expect(typeof outcome === 'number' ? undefined : outcome).toBe(reason);
  });
});
