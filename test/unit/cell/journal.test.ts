// What a cell records: numbered without gaps, in the rows that it is about, and gathered.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordsIn } from '../../../sim/recorded.ts';
import { WAITING_MAX } from '../../../src/cell/journal.ts';
import { loadCell } from '../../../src/cell/restore.ts';
import { decodeJournal, splitRecords } from '../../../src/cell/tables/journal.ts';
import type { StoredRow } from '../../../src/lib/versioned.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, cem, newQuestion, qid, user } from '../support/names.ts';

const GATHER_MS = 600_000;
const DAY_MS = 86_400_000;

/** Rows of the journal: the numbers in each. */
const gathered = (cell: CellHarness): readonly (readonly number[])[] =>
  cell.store.read('journal', 0, 10_000).map(({ key, value }) => decodeJournal(key, value).records.map(({ n }) => n));

const numbers = (cell: CellHarness): readonly number[] =>
  recordsIn([...cell.store.read('journal', 0, 10_000), ...cell.store.load()]).map(({ n }) => n);

const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, i) => i + 1);

describe('the journal', () => {
  it('JRN1 is numbered without gaps, whatever happens, over restarts', () => {
    const act = fc.oneof(
      fc.record({
        t: fc.constant('ping' as const),
        who: fc.integer({ min: 0, max: 5 }),
        east: fc.integer({ min: -9, max: 9 }),
      }),
      fc.record({
        t: fc.constantFrom('ask' as const, 'cancel' as const, 'accept' as const),
        n: fc.integer({ min: 1, max: 6 }),
      }),
      fc.record({ t: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 400_000 }) }),
      fc.record({ t: fc.constant('restart' as const) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        const cell = cellHarness();
        for (const one of acts) {
          if (one.t === 'ping') cell.ping(user(`u${one.who}`), { point: at(one.east * 200), ttlMs: 60_000 });
          else if (one.t === 'ask') cell.request({ t: 'ask', question: newQuestion({ id: qid(one.n) }) });
          else if (one.t === 'cancel') cell.request({ t: 'cancel', id: qid(one.n), user: ana });
          else if (one.t === 'wait') cell.advance(one.ms);
          else if (one.t === 'restart') cell.restart();
          else {
            const offer = cell.state().questions.get(qid(one.n))?.offers.at(-1);
            if (offer !== undefined) cell.request({ t: 'accept', offerId: offer.id, user: offer.user });
          }
        }
        expect(numbers(cell)).toEqual(upTo(cell.state().journalLast));
        const inRows = gathered(cell).flat();
        expect(inRows).toEqual(upTo(inRows.length));
      }),
      { numRuns: 60 },
    );
  });

  it('JRN1 knows users by their pseudonym alone', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request({ t: 'ask', question: newQuestion() });
    cell.request({ t: 'accept', offerId: cell.offerOf(qid(), bob), user: bob });
    expect(JSON.stringify(cell.journal())).not.toMatch(/bob|ana/);
    expect(cell.journal().map(({ t }) => t)).toEqual([
      'user.entered',
      'question.asked',
      'offer.made',
      'offer.accepted',
    ]);
  });

  it('JRN1 costs no row of its own: records wait in the rows that they are about', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request({ t: 'ask', question: newQuestion() });
    cell.request({ t: 'accept', offerId: cell.offerOf(qid(), bob), user: bob });
    cell.ping(cem);
    cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) });
    expect(gathered(cell)).toEqual([]);
    const waits = (table: string, key: string): readonly string[] =>
      splitRecords(cell.store.get(table, key) ?? '').records.map(({ n, t }) => `${n} ${t}`);
    expect(waits('users', bob)).toEqual(['1 user.entered']);
    expect(waits('questions', qid())).toEqual(['2 question.asked', '3 offer.made', '4 offer.accepted']);
    expect(waits('users', cem)).toEqual(['5 user.entered']);
    expect(waits('questions', qid(2))).toEqual(['6 question.asked', '7 offer.made']);
  });

  it('JRN1 gathers when so many wait, and rows lose what was gathered when they are written next', () => {
    const cell = cellHarness();
    cell.ping(bob);
    for (let n = 1; cell.state().journalLast < WAITING_MAX - 1; n++)
      cell.request({ t: 'ask', question: newQuestion({ id: qid(n), asker: user(`asker-${n}`) }) });
    expect(gathered(cell)).toEqual([]);
    cell.request({ t: 'ask', question: newQuestion({ id: qid(999) }) });
    expect(gathered(cell)).toEqual([upTo(cell.state().journalLast)]);
    const inRow = (): readonly unknown[] => splitRecords(cell.store.get('users', bob) ?? '').records;
    expect(inRow()).toHaveLength(1);
    cell.ping(bob, { profile: { topics: ['food'] } });
    expect(inRow()).toEqual([]);
  });

  it('JRN1 gathers with an alarm that is due anyway, when ten minutes have passed, and arms none for it', () => {
    const cell = cellHarness();
    cell.ping(bob, { ttlMs: 3_600_000 });
    cell.setNow(cell.now() + GATHER_MS - 1);
    // The first counts, not the last.
    cell.ping(cem, { ttlMs: 3_600_000 });
    cell.step({ t: 'alarm' });
    expect(gathered(cell)).toEqual([]);
    cell.setNow(cell.now() + 1);
    cell.step({ t: 'tick' });
    expect(gathered(cell)).toEqual([]);
    cell.step({ t: 'alarm' });
    expect(gathered(cell)).toEqual([[1, 2]]);
  });

  it('JRN1 a row that goes has what waits in it gathered in the same transaction', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.ping(cem);
    cell.request({ t: 'recall', user: bob, epoch: 1 });
    expect(gathered(cell)).toEqual([]);
    const { rows } = cell.step({
      t: 'request',
      envelope: { request: { t: 'forget', user: bob, epoch: 1 } },
      token: 900,
    });
    expect(rows.map(({ table, value }) => [table, value === null])).toEqual([
      ['users', true],
      ['journal', false],
    ]);
    expect(gathered(cell)).toEqual([[1, 2, 3]]);
  });

  it('JRN1 so has a question that is forgotten', () => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion() });
    cell.request({ t: 'cancel', id: qid(), user: ana });
    cell.setNow(cell.now() + 2 * DAY_MS);
    const { rows } = cell.step({ t: 'tick' });
    expect(rows.map(({ table, value }) => [table, value === null])).toEqual([
      ['questions', true],
      ['journal', false],
    ]);
    expect(gathered(cell)).toEqual([[1, 2, 3]]);
  });

  it('JRN1 says what was lost with a row that cannot be read', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request({ t: 'ask', question: newQuestion({ radiusM: 100 }) });
    const rows = [...cell.store.load()].map((row): StoredRow => (row.table === 'users' ? { ...row, value: '{' } : row));
    const state = loadCell(rows, () => undefined);
    expect(state.waiting.map(({ record }) => [record.n, record.t])).toEqual([
      [1, 'journal.lost'],
      [2, 'question.asked'],
      [3, 'offer.made'],
    ]);
  });
});

describe('a step in which a great deal ends', () => {
  it('BOUND2 writes its records to as many rows as they need, numbered without gaps', () => {
    const cell = cellHarness({ checked: false });
    for (let n = 1; n <= 1500; n++)
      cell.request({
        t: 'ask',
        question: newQuestion({ id: qid(n), asker: user(`asker-${n}`), expiresInMs: 600_000 }),
      });
    cell.setNow(cell.now() + 3_600_000);
    const rows = cell.step({ t: 'alarm' }).rows.filter(({ table }) => table === 'journal');
    const records = rows.map(({ key, value }) => decodeJournal(key, value ?? '').records);
    expect(records.flat().filter(({ t }) => t === 'question.expired')).toHaveLength(1500);
    for (const one of records) expect(one.length).toBeLessThanOrEqual(1000);
    expect(gathered(cell).flat()).toEqual(upTo(cell.state().journalLast));
  });
});
