// Which question a call is about.
import { describe, expect, it } from 'vitest';
import { questionIn } from '../../../src/messages/about.ts';
import type { CellRequest, UserRequest } from '../../../src/messages/calls.ts';

const ID = 'q-9q8yyk8-00000001';
const OFFER = `${ID}.1`;
const OTHER = 'q-9q8yyk8-00000002.7';

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
    ['push', { offers: [{ id: OFFER }, { id: OTHER }], events: [] }],
    ['push', { offers: [], events: [{ data: { question: { id: ID } } }] }],
    ['push', { offers: [], events: [{ data: { questionId: ID } }] }],
  ])('is the question of %s %j', (t, rest) => {
    expect(questionIn({ t, ...rest } as unknown as CellRequest | UserRequest)).toBe(ID);
  });

  it.each(['presence', 'recall', 'take', 'claim', 'load'])('is no question for %s', (t) => {
    expect(questionIn({ t, user: 'ana' } as unknown as CellRequest | UserRequest)).toBeUndefined();
  });

  it('is no question for a push of nothing', () => {
    expect(questionIn({ t: 'push', offers: [], events: [] } as unknown as CellRequest)).toBeUndefined();
  });
});
