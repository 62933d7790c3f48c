// JRN1: a cell's journal is numbered without gaps, one row for each transaction in which something happened; what it tells of
// offers is what became of them. COUNT1, when insights read it, rests on this.
import type { JournalRecord } from '../../cell/journal.ts';
import type { CellId, OfferId } from '../../protocol/ids.ts';
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

export const journalChecker: MakeChecker = ({ report }) => {
  const last = new Map<CellId, number>();
  const told = new Map<OfferId, string>();
  const read = (cell: CellId, record: JournalRecord): void => {
    if (!('o' in record)) return;
    const before = told.get(record.o) ?? 'nothing';
    if (!(AFTER[record.t] ?? []).includes(before))
      report('JRN1', `${cell} tells ${record.t} of ${record.o} after ${before}`);
    told.set(record.o, record.t);
  };
  return {
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
