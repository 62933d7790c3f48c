// JRN1: a cell's journal is numbered without gaps, one row for each transaction in which something happened; what it tells of
// offers is what became of them. COUNT1, when insights read it, rests on this.
import type { JournalRecord } from '../../src/cell/tables/journal.ts';
import { type CellId, type OfferId, questionOf } from '../../src/protocol/ids.ts';
import type { MakeChecker } from './checker.ts';

/** What may follow what in the life of one offer. */
const AFTER: Readonly<Record<string, readonly string[]>> = {
  'offer.made': ['nothing'],
  'offer.accepted': ['offer.made'],
  'offer.answered': ['offer.accepted'],
  'offer.declined': ['offer.made'],
  'offer.expired': ['offer.made', 'offer.accepted'],
  'offer.withdrawn': ['offer.made'],
};

export const journalChecker: MakeChecker = ({ ledger, report }) => {
  const last = new Map<CellId, number>();
  const told = new Map<OfferId, string>();
  const ended = new Set<string>();
  /** KEEP1: an end is final, also within one step: the last state of the row would not show it. */
  const readEnd = (record: JournalRecord): void => {
    const id = 'o' in record ? questionOf(record.o) : 'q' in record ? record.q : undefined;
    if (id === undefined) return;
    const ends =
      record.t === 'question.answered' || record.t === 'question.expired' || record.t === 'question.cancelled';
    const after = ends || record.t === 'offer.made' || record.t === 'question.dormant' || record.t === 'question.woken';
    if (ended.has(id) && after) report('KEEP1', `${id} had ended, and then ${record.t}`);
    if (ends) ended.add(id);
  };
  const read = (cell: CellId, record: JournalRecord): void => {
    readEnd(record);
    if (!('o' in record) || ledger.lost.questions.has(questionOf(record.o))) return;
    const before = told.get(record.o) ?? 'nothing';
    if (!(AFTER[record.t] ?? []).includes(before))
      report('JRN1', `${cell} tells ${record.t} of ${record.o} after ${before}`);
    told.set(record.o, record.t);
  };
  return {
    // It counts from one again, and a question that is asked again under the id of a lost one begins anew.
    lost: (node) => {
      last.delete(node.id as CellId);
      for (const id of ledger.lost.questions) ended.delete(id);
    },
    committed: (node, { rows }) => {
      if (node.kind !== 'cell') return;
      const written = rows.filter(({ table }) => table === 'journal');
      if (written.length > 1) report('JRN1', `${node.id} wrote ${written.length} journal rows in one transaction`);
      for (const { key, value } of written) {
        const before = last.get(node.id) ?? 0;
        if (Number(key) !== before + 1) report('JRN1', `${node.id} wrote ${key} after ${before}`);
        last.set(node.id, Number(key));
        for (const record of (JSON.parse(value ?? '{}') as { records: JournalRecord[] }).records) read(node.id, record);
      }
    },
  };
};
