// FX1: that something is not here may be the word of an instance whose disk has moved on without it: it must fail at a write, and be heard by
// nobody.
import { describe, expect, it } from 'vitest';
import type { CellRequest } from '../../../src/messages/calls.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { bob, EAST, newQuestion, oid, qid } from '../support/names.ts';

const OP = { by: EAST, n: 9 };

describe('FX1 an answer on which others decide goes through a write', () => {
  const written = (asked: CellRequest): number => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion() });
    const before = cell.store.rowsWritten();
    cell.request(asked);
    return cell.store.rowsWritten() - before;
  };

  it.each([
    ['nobody is held here, so another cell may be granted them', { t: 'recall', user: bob, epoch: 1 }],
    ['there is no such offer, so its slot is free', { t: 'state', offerId: oid(1, 9, EAST), user: bob }],
    ['all is filled, so whoever fills it waits no more', { t: 'filled', op: OP, from: EAST, beacons: [] }],
    ['nobody is handed over, so they are told to nobody', { t: 'handed', op: OP, from: EAST }],
    ['there is no such question, so its beacon goes', { t: 'nudge', questionId: qid(9, EAST), candidate: {} } as never],
  ] as readonly [string, CellRequest][])('%s', (_, asked) => {
    expect(written(asked)).toBe(1);
  });

  it('what is read, or final, costs none', () => {
    expect(written({ t: 'question', id: qid(9, EAST), user: bob })).toBe(0);
    expect(written({ t: 'load' })).toBe(0);
  });
});
