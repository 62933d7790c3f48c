// JRN1: what a cell records is numbered without gaps, waits in a row, and is gathered once, in order; what it tells of offers is what
// became of them. COUNT1, when insights read it, rests on this.
import { decodeJournal, type JournalRecord } from '../../src/cell/tables/journal.ts';
import { type CellId, type OfferId, questionOf } from '../../src/protocol/ids.ts';
import { recordsIn } from '../recorded.ts';
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

export const journalChecker: MakeChecker = ({ world, ledger, report }) => {
  const gathered = new Map<CellId, number>();
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
      gathered.delete(node.id as CellId);
      for (const id of ledger.lost.questions) ended.delete(id);
    },
    committed: (node, { rows }) => {
      if (node.kind !== 'cell') return;
      let before = last.get(node.id) ?? 0;
      for (const record of recordsIn(rows)) {
        if (record.n <= before) continue;
        if (record.n !== before + 1) report('JRN1', `${node.id} recorded ${record.n} after ${before}`);
        if (record.t === 'journal.lost') report('JRN1', `${node.id} has lost ${record.n}`);
        before = record.n;
        read(node.id, record);
      }
      last.set(node.id, before);
      for (const { table, key, value } of rows) {
        if (table !== 'journal' || value === null) continue;
        for (const { n } of decodeJournal(key, value).records) {
          const earlier = gathered.get(node.id) ?? 0;
          if (n !== earlier + 1) report('JRN1', `${node.id} gathered ${n} after ${earlier}`);
          gathered.set(node.id, n);
        }
      }
    },
    healed: () => {
      for (const node of world.cells.values()) {
        const kept = new Set(recordsIn(node.store.load()).map(({ n }) => n));
        for (let n = (gathered.get(node.id) ?? 0) + 1; n <= (last.get(node.id) ?? 0); n++)
          if (!kept.has(n)) report('JRN1', `${node.id} has ${n} in no row`);
      }
    },
  };
};
