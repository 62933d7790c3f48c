// A question that ends in the very step in which somebody becomes free stays as it ended.
import { describe, expect, it } from 'vitest';
import { cellHarness } from '../support/cell-harness.ts';
import { ana, bob, cem, newQuestion, qid } from '../support/names.ts';

const BOTH_END_MS = 20_000;

describe('a slot that is freed in the step in which a question ends', () => {
  it('KEEP1, KEEP2: goes to nobody: the question stays expired, and its asker is told once', () => {
    const cell = cellHarness({ policy: { cooldownMs: 0 } });
    cell.ping(bob, { profile: { capacity: 1 }, ttlMs: 60_000 });
    cell.request({ t: 'ask', question: newQuestion({ expiresInMs: BOTH_END_MS }) });
    cell.request({ t: 'accept', offerId: cell.offerOf(qid(), bob), user: bob });
    cell.request({ t: 'ask', question: newQuestion({ id: qid(2), asker: cem, expiresInMs: BOTH_END_MS }) });
    expect(cell.question(qid(2)).phase.t).toBe('dormant');
    cell.advance(BOTH_END_MS);
    expect(cell.question(qid()).phase.t).toBe('expired');
    expect(cell.question(qid(2)).phase.t).toBe('expired');
    cell.advance(BOTH_END_MS);
    expect(cell.events(ana, qid()).filter((type) => type === 'question.expired')).toHaveLength(1);
    expect(cell.events(cem, qid(2)).filter((type) => type === 'question.expired')).toHaveLength(1);
    expect(cell.events(bob, qid(2))).toEqual([]);
  });
});
