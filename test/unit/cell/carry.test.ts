// What a question is worth to another cell: the same, by that cell's clock.

import { describe, expect, it } from 'vitest';
import { pack, unpack } from '../../../src/cell/resharding/carry.ts';
import { viewAnswer } from '../../../src/cell/view.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { at, bob, newQuestion, oid, qid } from '../support/names.ts';

describe('a question that another cell takes over', () => {
  it('KEEP1 has as long as it had, and its answers are of the time that was told', () => {
    const cell = cellHarness();
    cell.ping(bob, { point: at(10) });
    cell.request({ t: 'ask', question: newQuestion() });
    const offerId = oid(1);
    expect(cell.request({ t: 'accept', offerId, user: bob })).toMatchObject({ t: 'offer' });
    cell.advance(700);
    expect(cell.request({ t: 'answer', offerId, user: bob, text: 'Yes' })).toMatchObject({ t: 'offer' });
    const now = cell.now();
    const question = cell.state().questions.get(qid());
    if (question === undefined) throw new Error('it is there');
    const there = epochMs(now + 1234);
    const carried = unpack(pack(question, now), there);
    expect(carried.expiresAt - there).toBe(question.expiresAt - now);
    expect(there - carried.createdAt).toBe(now - question.createdAt);
    const answers = [carried, question].map(({ offers }) => offers[0] && viewAnswer(offers[0]));
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.text).toBe('Yes');
  });
});
