// Calls that no cell of this version sends: unknown, forged, late, for somebody or something that is not here.
import { describe, expect, it } from 'vitest';
import type { CellRequest } from '../../../src/messages/calls.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { ana, bob, EAST, newQuestion, oid, qid } from '../support/names.ts';
import { userHarness } from '../support/user-harness.ts';

const strange = [
  [
    'an accept of an offer that never was',
    { t: 'accept', offerId: oid(9, 9, EAST), user: bob },
    { t: 'problem', code: 'unknown_offer' },
  ],
  [
    'a state of an offer that never was',
    { t: 'state', offerId: oid(9, 9, EAST), user: bob },
    { t: 'state', live: false },
  ],
  [
    'an absence at an offer that never was',
    { t: 'absent', offerId: oid(9, 9, EAST), user: bob },
    { t: 'state', live: false },
  ],
  ['a nudge for a question that is gone', { t: 'nudge', questionId: qid(9, EAST), candidate: {} }, { t: 'gone' }],
  ['a recall of a user who is not here', { t: 'recall', user: bob, epoch: 7 }, { t: 'no_row' }],
  ['a forget of a user who is not here', { t: 'forget', user: bob, epoch: 7 }, { t: 'done' }],
  ['a release of a hold that never was', { t: 'release', user: bob, offerId: oid(9, 9, EAST) }, { t: 'done' }],
  ['a push for a user who is not here', { t: 'push', user: bob, events: [] }, { t: 'done' }],
  ['a call of a later version', { t: 'teleport', user: bob }, { t: 'problem', code: 'unknown_call' }],
] as const;

describe('a cell', () => {
  it.each(strange)('OWN1, VOID1: answers %s, and nothing that is stored changes', (_what, request, expected) => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion() });
    const before = cell.rows('questions');
    expect(cell.request(request as unknown as CellRequest)).toMatchObject(expected);
    expect(cell.rows('questions')).toEqual(before);
    expect(cell.rows('users')).toEqual([]);
  });

  it('answers a reply to a call that it never made, or made in an earlier life, with nothing', () => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion() });
    const before = cell.rows('questions');
    cell.step({ t: 'reply', call: 4711, reply: { t: 'granted', epoch: 9, record: null } });
    cell.restart();
    cell.step({ t: 'reply', call: 1, reply: { t: 'held' } });
    expect(cell.rows('users')).toEqual([]);
    expect(cell.rows('questions')).toEqual(before);
  });
});

describe('a UserObject', () => {
  it('CLAIM4: answers a call of a later version, and holds who it held', () => {
    const user = userHarness(ana);
    expect(user.request({ t: 'abduct', user: ana } as never)).toMatchObject({ t: 'problem', code: 'unknown_call' });
    expect(user.request({ t: 'where', user: ana })).toMatchObject({ cell: null, epoch: 0 });
  });
});
