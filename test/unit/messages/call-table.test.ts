// Which question a call is about.
import { describe, expect, it } from 'vitest';
import { CELL_CALLS, questionIn, traitsOf, USER_CALLS } from '../../../src/messages/call-table.ts';
import type { CellRequest, UserRequest } from '../../../src/messages/calls.ts';

const ID = 'q-9q8yyk8-00000001';
const OFFER = `${ID}.1`;
const OTHER = 'q-9q8yyk8-00000002';

describe('what a call is about', () => {
  it.each([
    ['ask', { question: { id: ID } }],
    ['question', { id: ID }],
    ['patch', { id: ID }],
    ['cancel', { id: ID }],
    ['scout', { need: { questionId: ID } }],
    ['deliver', { questionId: ID }],
    ['nudge', { questionId: ID }],
    ['accept', { offerId: OFFER }],
    ['decline', { offerId: OFFER }],
    ['answer', { offerId: OFFER }],
    ['reserve', { offerId: OFFER }],
    ['release', { offerId: OFFER }],
    ['state', { offerId: OFFER }],
    ['absent', { offerId: OFFER }],
    ['push', { events: [{ data: { question: { id: ID } } }, { data: { questionId: OTHER } }] }],
    ['push', { events: [{ data: { questionId: ID } }] }],
  ])('is the question of %s %j', (t, rest) => {
    expect(questionIn({ t, ...rest } as unknown as CellRequest | UserRequest)).toBe(ID);
  });

  it.each(['presence', 'recall', 'take', 'claim', 'load', 'missing', 'events', 'ack', 'questions', 'offers'])(
    'is no question for %s',
    (t) => {
      expect(questionIn({ t, user: 'ana' } as unknown as CellRequest | UserRequest)).toBeUndefined();
    },
  );

  it('is no question for a push of nothing', () => {
    expect(questionIn({ t: 'push', events: [] } as unknown as CellRequest)).toBeUndefined();
  });
});

describe('what is true of a call', () => {
  it('LOAD7 is refused in the order in which a cell refuses: scouts first, then pings, asks, and answers last', () => {
    const above = (t: keyof typeof CELL_CALLS) => traitsOf(t).shedAbove ?? Number.POSITIVE_INFINITY;
    const order = ['scout', 'presence', 'ask', 'accept', 'cancel', 'reserve'] as const;
    expect([...order].sort((a, b) => above(a) - above(b))).toEqual(order);
    for (const t of ['adopt', 'recall', 'push', 'load'] as const) expect(above(t)).toBe(Number.POSITIVE_INFINITY);
  });

  it('OWN3 is answered by whoever hears it, and never refused, where it is for the record of a user', () => {
    for (const t of ['deliver', 'events', 'ack', 'questions', 'offers'] as const) {
      expect(traitsOf(t)).toMatchObject({ answeredBy: 'anybody' });
      expect(traitsOf(t), t).not.toHaveProperty('shedAbove');
      expect(Object.keys(USER_CALLS)).toContain(t);
    }
  });

  it('is for the owner of its question, which it must name, or else for whoever hears it', () => {
    for (const [t, { about, answeredBy }] of Object.entries(CELL_CALLS))
      if (answeredBy === 'owner') expect(about, t).not.toBe(CELL_CALLS.load.about);
  });

  it('of a newer isolate is no failure here', () => {
    expect(traitsOf('teleport' as never)).toMatchObject({ answeredBy: 'anybody' });
    expect(questionIn({ t: 'teleport' } as never)).toBeUndefined();
  });
});
