// Rows of a UserObject as versions 1 and 2 wrote them: inboxes lay in tables of their own.
import type { StoredRow } from '../../../src/lib/versioned.ts';
import { ana, CELL, qid, record, START } from './names.ts';

const row = (table: string, key: string, value: object): StoredRow => ({ table, key, value: JSON.stringify(value) });

export const HELD = { t: 'held', cell: CELL, since: START } as const;

export const formerMeta = (v: 1 | 2, more: object = {}): StoredRow =>
  row('meta', 'meta', {
    v,
    user: ana,
    pseudonym: 'u-9',
    epoch: 3,
    holding: { t: 'free' },
    record: record({ leaseLeftMs: 0 }),
    session: 's',
    seq: 4,
    order: 6,
    lastSeq: 0,
    ...more,
  });

/** @param more such as the user's own question, or what was known of an offer */
export const formerKnown = (n: number, more: object = {}): StoredRow =>
  row('known', qid(n), { v: 1, born: 1, n: 1, lastSeq: 0, purgeAt: START + 600_000, ...more });

export const formerEvent = (seq: number): StoredRow =>
  row('inbox', String(seq), { v: 1, seq, type: 'question.dormant', at: '', data: { question: { id: qid(1) } } });

/** An inbox with events 8 to 12, of two questions, one of them the user's own. */
export const formerInbox = (): readonly StoredRow[] => [
  formerKnown(1, {
    n: 9,
    lastSeq: 12,
    question: { state: 'open', key: 'k', at: START - 5000 },
    offer: { id: `${qid(1)}.1`, state: 'expired', view: {}, endedAt: START - 900 },
  }),
  formerKnown(2, { born: 7, n: 3, lastSeq: 11, purgeAt: START + 90_000 }),
  ...[8, 9, 10, 11, 12].map(formerEvent),
];
