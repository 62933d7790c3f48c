// A cell of a city that is removed: nothing new, everything old as promised, and everybody told at the end.
import { describe, expect, it } from 'vitest';
import { cellHarness } from '../support/cell-harness.ts';
import { ana, bob, cem, newQuestion, qid } from '../support/names.ts';

type Harness = ReturnType<typeof cellHarness>;
const drain = (cell: Harness) =>
  cell.request({ t: 'load' }, { mapRow: { ...cell.mapRow, version: 2, draining: true } });
const gone = (cell: Harness) => cell.request({ t: 'dissolve', version: 3 });
const REFUSED = { t: 'problem', code: 'out_of_coverage' };

describe('a cell of a city that drains', () => {
  it('GONE1 takes no new question, and knows the old ones when they are asked again', () => {
    const cell = cellHarness();
    const first = cell.request({ t: 'ask', question: newQuestion({ key: 'k', bodyHash: 'h' }) });
    drain(cell);
    expect(cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) })).toMatchObject(REFUSED);
    expect(cell.request({ t: 'ask', question: newQuestion({ key: 'k', bodyHash: 'h' }) })).toEqual(first);
    cell.restart();
    expect(cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) })).toMatchObject(REFUSED);
    expect(cell.state().questions.size).toBe(1);
  });

  it('GONE1 goes on matching what was asked, with whoever comes, until it ends as promised', () => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion({ expiresInMs: 60_000 }) });
    expect(drain(cell)).toMatchObject({ questions: { dormant: 1 }, endsInMs: 60_000 });
    expect(cell.ping(bob)).toMatchObject({ t: 'present' });
    const offerId = cell.offerOf(qid(), bob);
    expect(cell.request({ t: 'accept', offerId, user: bob })).toMatchObject({ view: { state: 'accepted' } });
    expect(cell.request({ t: 'load' })).toMatchObject({ questions: { matched: 1 } });
    cell.advance(61_000);
    expect(cell.request({ t: 'load' })).toMatchObject({ questions: { expired: 1 }, endsInMs: 0 });
    expect(cell.events(ana, qid()).at(-1)).toBe('question.expired');
  });
});

describe('a cell of a city that is gone', () => {
  it('GONE1 sends everybody away, once, and nobody is matchable in it', () => {
    const cell = cellHarness();
    cell.connect(bob);
    cell.ping(cem);
    drain(cell);
    expect(gone(cell)).toEqual({ t: 'done' });
    const told = [{ user: bob, frame: { t: 'moved', reason: 'removed' }, close: true }];
    expect(cell.frames).toMatchObject(told);
    expect(cell.state().roster.size()).toBe(0);
    expect(gone(cell)).toEqual({ t: 'done' });
    cell.restart();
    expect(cell.frames).toHaveLength(1);
    expect(cell.ping(bob)).toEqual({ t: 'uninitialised' });
    expect(cell.ping(cem, {}, true)).toEqual({ t: 'uninitialised' });
    expect(cell.frames.at(-1)).toMatchObject({ user: cem, frame: { reason: 'removed' }, close: true });
    expect(cell.request({ t: 'ask', question: newQuestion() })).toEqual({ t: 'uninitialised' });
  });

  it('GONE1 keeps what ended in it for its day, and lives again by a newer row', () => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion() });
    drain(cell);
    cell.request({ t: 'cancel', id: qid(), user: ana });
    gone(cell);
    expect(cell.request({ t: 'question', id: qid(), user: ana })).toMatchObject({ view: { state: 'cancelled' } });
    expect(cell.request({ t: 'dissolve', version: 2 })).toEqual({ t: 'done' });
    cell.request({ t: 'load' }, { mapRow: { ...cell.mapRow, version: 4 } });
    expect(cell.ping(bob)).toMatchObject({ t: 'present' });
    expect(gone(cell), 'word of the removal that comes late').toEqual({ t: 'done' });
    expect(cell.ping(bob)).toMatchObject({ t: 'present' });
    expect(cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) })).toMatchObject({ t: 'question' });
  });
});
