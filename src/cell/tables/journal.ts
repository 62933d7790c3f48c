// What a cell records of what happened: one row for each transaction, numbered without gaps. Users appear by pseudonym alone.
import { type EpochMs, epochMs } from '../../lib/brand.ts';
import { versioned } from '../../lib/versioned.ts';
import type { OfferId, QuestionId } from '../../protocol/ids.ts';

export type JournalRecord =
  | { readonly t: 'cell.split' | 'cell.merged' | 'cell.filled'; readonly op: number }
  | { readonly t: 'clock.healed'; readonly leadMs: number }
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

const VERSION = 1;

export const encodeJournal = (at: EpochMs, records: readonly JournalRecord[]): string =>
  JSON.stringify({ v: VERSION, at, records });

export function decodeJournal(text: string): { readonly at: EpochMs; readonly records: readonly JournalRecord[] } {
  const row = versioned<{ at: number; records: readonly JournalRecord[] }>(VERSION, 'journal', text);
  return { at: epochMs(row.at), records: row.records };
}
