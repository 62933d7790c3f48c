// What a cell records of what happened, numbered without gaps. A record is written in the transaction of what it tells of, in the row
// that this is about, and waits there until it is gathered into a row of the journal with others. Users appear by pseudonym alone.
import type { EpochMs } from '../../lib/brand.ts';
import { versionedOf } from '../../lib/versioned.ts';
import type { OfferId, QuestionId } from '../../protocol/ids.ts';

export type JournalRecord =
  | { readonly t: 'cell.split' | 'cell.merged' | 'cell.filled'; readonly op: number }
  | { readonly t: 'clock.healed'; readonly leadMs: number }
  /** The row that it waited in could not be read. */
  | { readonly t: 'journal.lost' }
  | { readonly t: 'user.entered' | 'user.left'; readonly who: string }
  | { readonly t: 'question.asked'; readonly q: QuestionId; readonly topic?: string }
  | {
      readonly t: 'question.dormant' | 'question.woken' | 'question.moved';
      readonly q: QuestionId;
      readonly stage: number;
    }
  | {
      readonly t: 'question.answered' | 'question.expired' | 'question.cancelled';
      readonly q: QuestionId;
      readonly topic?: string;
      readonly answers: number;
      readonly ageMs: number;
    }
  | {
      readonly t: 'offer.made' | 'offer.accepted';
      readonly o: OfferId;
      readonly topic?: string;
      readonly distanceM: number;
      readonly score: number;
      readonly waitMs: number;
    }
  | {
      readonly t: 'offer.answered' | 'offer.declined' | 'offer.expired' | 'offer.withdrawn';
      readonly o: OfferId;
      readonly topic?: string;
    };

/** 2: records have numbers of their own; until then all records of one transaction had that of their row. */
const VERSION = 2;

export type Numbered = JournalRecord & { readonly n: number; readonly at: EpochMs };

/** The row that a record is about. */
export type Owner = { readonly table: 'users' | 'questions' | 'meta'; readonly key: string };

/** A record that is in its owner's row and in no row of the journal yet. */
export type Waiting = Owner & { readonly record: Numbered };

/** @param at of the gathering. */
export const encodeJournal = (at: EpochMs, records: readonly Numbered[]): string =>
  JSON.stringify({ v: VERSION, at, records });

export function decodeJournal(
  key: string,
  text: string,
): { readonly at: EpochMs; readonly records: readonly Numbered[] } {
  const row = versionedOf<{ readonly at: EpochMs; readonly records: readonly (Numbered | JournalRecord)[] }>(
    [1, VERSION],
    'journal',
    text,
  );
  return { at: row.at, records: row.records.map((record) => ({ n: Number(key), at: row.at, ...record })) };
}

/** Quotes in a text are escaped: these characters in this order are of no text. */
const MARK = ',"journal":[';

/** The row with what waits in it. */
export function withRecords(row: string, records: readonly Numbered[]): string {
  return records.length === 0 ? row : `${row.slice(0, -1)},"journal":${JSON.stringify(records)}}`;
}

/** A row without what waits in it, and that. */
export function splitRecords(text: string): { readonly row: string; readonly records: readonly Numbered[] } {
  const at = text.lastIndexOf(MARK);
  if (at < 0) return { row: text, records: [] };
  return {
    row: `${text.slice(0, at)}}`,
    records: JSON.parse(text.slice(at + MARK.length - 1, -1)) as readonly Numbered[],
  };
}
