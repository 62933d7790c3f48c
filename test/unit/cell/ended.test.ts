// Questions that have ended: on the disk alone, and as good as ever when somebody asks for them.
import { describe, expect, it } from 'vitest';
import type { CellReply } from '../../../src/messages/calls.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { answerAll, healthyMap } from '../support/family.ts';
import { ana, bob, newQuestion, oid, qid } from '../support/names.ts';

const MANY = 50;
const DAY_MS = 86_400_000;
const inMemory = (cell: CellHarness): number => [...cell.state().questions.present()].length;
const ask = (cell: CellHarness, n: number) =>
  cell.request({ t: 'ask', question: newQuestion({ id: qid(n), text: `text ${n}` }) });
const cancel = (cell: CellHarness, n: number) => cell.request({ t: 'cancel', id: qid(n), user: ana });
const cancelled = (more: Parameters<typeof cellHarness>[0] = {}): CellHarness => {
  const cell = cellHarness(more);
  for (let n = 1; n <= MANY; n++) {
    ask(cell, n);
    cancel(cell, n);
  }
  return cell;
};
const seen = (reply: CellReply): unknown => (reply as { readonly view?: unknown }).view ?? reply;

describe('LIST2 a question that has ended and owes nothing', () => {
  it('leaves memory, and is read when it is asked for, as often as it is, without a row', () => {
    const cell = cancelled();
    expect(inMemory(cell)).toBe(0);
    expect(cell.state().questions.size).toBe(MANY);
    const rows = JSON.stringify([...cell.store.load()]);
    for (const n of [1, 7, MANY, 7]) {
      const view = seen(cell.request({ t: 'question', id: qid(n), user: ana }));
      expect(view).toMatchObject({ id: qid(n), state: 'cancelled', text: `text ${n}` });
      expect(inMemory(cell)).toBe(0);
    }
    expect(JSON.stringify([...cell.store.load()])).toBe(rows);
  });

  it('OFFER1 ONCE1 gives the same answers as before: to retries, to late words about its offers, to strangers', () => {
    const cell = cellHarness();
    cell.ping(bob);
    ask(cell, 1);
    cell.request({ t: 'accept', offerId: oid(1), user: bob });
    const given = cell.request({ t: 'answer', offerId: oid(1), user: bob, text: 'yes' });
    expect(inMemory(cell)).toBe(0);
    expect(cell.request({ t: 'answer', offerId: oid(1), user: bob, text: 'yes' })).toEqual(given);
    expect(cell.request({ t: 'answer', offerId: oid(1), user: bob, text: 'no' })).toMatchObject({
      code: 'offer_answered',
    });
    expect(seen(ask(cell, 1))).toMatchObject({ state: 'answered' });
    expect(cancel(cell, 1)).toMatchObject({ code: 'question_ended' });
    expect(cell.request({ t: 'question', id: qid(1), user: bob })).toMatchObject({ code: 'unknown_question' });
    expect(cell.request({ t: 'state', offerId: oid(1), user: bob })).toMatchObject({ live: false });
    expect(inMemory(cell)).toBe(0);
  });

  it('stays in memory while it owes somebody news', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    ask(cell, 1);
    cancel(cell, 1);
    expect(inMemory(cell)).toBe(1);
    cell.answer('deliver', { t: 'failed' });
    expect(inMemory(cell), 'nothing is on its way, and much is owed').toBe(1);
    cell.advance(2000);
    while (cell.open.length > 0) cell.answer('deliver', { t: 'stored', upTo: 9 });
    expect(inMemory(cell)).toBe(0);
  });

  it('is there after a crash, is counted, and goes a day after its end', () => {
    const cell = cancelled();
    cell.restart();
    expect(inMemory(cell)).toBe(0);
    expect(cell.request({ t: 'load' })).toMatchObject({ questions: { cancelled: MANY, open: 0 } });
    cell.advance(DAY_MS - 60_000);
    expect(seen(cell.request({ t: 'question', id: qid(3), user: ana }))).toMatchObject({ state: 'cancelled' });
    cell.advance(120_000);
    expect(cell.rows('questions')).toEqual([]);
    expect(cell.state().questions.size).toBe(0);
    expect(cell.request({ t: 'question', id: qid(3), user: ana })).toMatchObject({ code: 'unknown_question' });
  });

  it('SPLIT3 is handed over with the others, after those that go on', () => {
    const cell = cancelled({ manual: ['init', 'rows', 'swap', 'adopt', 'filled'] });
    ask(cell, MANY + 1);
    cell.request({ t: 'split' });
    answerAll(cell, healthyMap);
    const handed: string[] = [];
    for (let send = cell.open.find(({ request }) => request.t === 'adopt'); send !== undefined; ) {
      if (send.request.t === 'adopt') handed.push(...send.request.questions);
      cell.answer(send, { t: 'done' });
      send = cell.open.find(({ request }) => request.t === 'adopt');
    }
    const states = handed.map((row) => (JSON.parse(row) as { readonly phase: { readonly t: string } }).phase.t);
    expect(states).toEqual(['dormant', ...Array.from({ length: MANY }, () => 'cancelled')]);
    expect(cell.state().questions.size).toBe(0);
    expect(cell.rows('questions')).toEqual([]);
  });

  it('KEEP3 that cannot be read any more is lost alone', () => {
    const cell = cancelled();
    cell.store.commit({ rows: [{ table: 'questions', key: qid(2), value: '{' }], alarmAt: undefined });
    expect(cell.request({ t: 'question', id: qid(2), user: ana })).toMatchObject({ code: 'question_lost' });
    expect(seen(cell.request({ t: 'question', id: qid(3), user: ana }))).toMatchObject({ state: 'cancelled' });
  });
});
