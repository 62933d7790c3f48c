// Rows of a cell: JSON with a version; an unknown version is refused by name.
import { type EpochMs, epochMs } from '../lib/brand.ts';
import { versioned, versionedOf } from '../lib/versioned.ts';
import { DEFAULT_POLICY } from '../matching/policy.ts';
import type { Birth } from '../messages/birth.ts';
import type { StreamItem } from '../messages/records.ts';
import type { OfferId, UserId } from '../protocol/ids.ts';
import type { JournalRecord } from './journal.ts';
import { lean, whole } from './questions/lean.ts';
import type { Arriving, Beacon, Held, Hold, Life, Question, Stream, Taking } from './state.ts';

const VERSION = 1;
/** 2: a frozen row may be on its way home, and knows which recalls came to nothing. 3: how what others see follows. */
const USER_VERSION = 3;
/** 2: what is owed does not repeat the text. */
const QUESTION_VERSION = 2;

/** The tables of a cell, for whoever makes them. */
export const CELL_TABLES = [
  { name: 'meta', kind: 'all' },
  { name: 'users', kind: 'all' },
  { name: 'arriving', kind: 'all' },
  { name: 'questions', kind: 'all' },
  { name: 'beacons', kind: 'all' },
  { name: 'taking', kind: 'all' },
  { name: 'journal', kind: 'log' },
] as const;

export const encodeBirth = (birth: Birth): string => JSON.stringify({ v: VERSION, ...birth });

/** What the policy has learnt since the row was written has its default. */
export function decodeBirth(text: string): Birth {
  const birth = versioned<Birth>(VERSION, 'meta', text);
  const { policy } = birth;
  const d = DEFAULT_POLICY;
  const question = { ...d.question, ...policy.question };
  const presence = { ...d.presence, ...policy.presence };
  return { ...birth, policy: { ...d, ...policy, question, presence, limits: { ...d.limits, ...policy.limits } } };
}

export const encodeLife = (life: Life): string => JSON.stringify({ v: VERSION, ...life });
export const decodeLife = (text: string): Life => versioned<Life>(VERSION, 'meta', text);

export const encodeTaking = ({ user, epoch }: Taking): string => JSON.stringify({ v: VERSION, user, epoch });

export function decodeTaking(text: string): Taking {
  const { user, epoch } = versioned<Pick<Taking, 'user' | 'epoch'>>(VERSION, 'taking', text);
  return { user, epoch, retryAt: undefined, call: undefined, fence: 0 };
}

type UserRow = Omit<Held, 'holds' | 'holdsQuestion'> & { readonly holds: readonly Hold[] };

export function encodeUser(held: Held): string {
  const { holdsQuestion: _, keptPing: _volatile, holds, ...rest } = held;
  return JSON.stringify({ v: USER_VERSION, ...rest, holds: [...holds.values()] });
}

export function decodeUser(text: string): Held {
  const { v: _, ...row } = versionedOf<UserRow>([1, 2, USER_VERSION], 'users', text);
  return held(row);
}

/** Builds a user held here from its fields. */
export function held(fields: Omit<Held, 'holds' | 'holdsQuestion'> & { readonly holds: readonly Hold[] }): Held {
  const holds = new Map<OfferId, Hold>(fields.holds.map((hold) => [hold.offerId, asked(hold)]));
  return {
    ...fields,
    holds,
    holdsQuestion: (id) => {
      for (const hold of holds.values()) if (hold.questionId === id) return true;
      return false;
    },
  };
}

export function encodeArriving(arriving: Arriving): string {
  const { user, ping, pingAt, leaseUntil, retryAt, order } = arriving;
  return JSON.stringify({ v: VERSION, user, ping, pingAt, leaseUntil, retryAt, order });
}

export function decodeArriving(text: string): Arriving {
  const row = versioned<Pick<Arriving, 'user' | 'ping' | 'pingAt' | 'leaseUntil' | 'retryAt' | 'order'>>(
    VERSION,
    'arriving',
    text,
  );
  return { ...row, stored: true, again: true, call: undefined, claimed: undefined, fence: 0, tokens: [], asked: 0 };
}

/** Rows of before do not say when an accepted hold is to be asked about: at once. */
const asked = (hold: Hold): Hold =>
  hold.state === 'accepted' && hold.askAt === undefined ? { ...hold, askAt: epochMs(0) } : hold;

type StreamRow<Item> = { readonly u: UserId; readonly n: number; readonly a: number; readonly i: readonly Item[] };
type QuestionRow<Item> = Omit<Question, 'streams'> & { readonly streams: readonly StreamRow<Item>[] };

export function encodeQuestion(question: Question): string {
  const { streams, ...rest } = question;
  const rows: StreamRow<unknown>[] = [];
  for (const [u, stream] of streams)
    rows.push({ u, n: stream.next, a: stream.acked, i: stream.items.map((item) => lean(item, question.text)) });
  return JSON.stringify({ v: QUESTION_VERSION, ...rest, streams: rows });
}

export function decodeQuestion(text: string): Question {
  const { v: _, ...row } = versionedOf<QuestionRow<StreamItem>>([1, QUESTION_VERSION], 'questions', text);
  const streams = new Map<UserId, Stream>();
  for (const { u, n, a, i } of row.streams) {
    streams.set(u, {
      next: n,
      acked: a,
      items: i.map((item) => whole(item, row.text)),
      retryAt: undefined,
      call: undefined,
      failures: 0,
    });
  }
  return { ...row, born: row.born ?? row.createdAt, streams };
}

export const encodeBeacon = (beacon: Beacon): string => JSON.stringify({ v: VERSION, ...beacon });
export const decodeBeacon = (text: string): Beacon => versioned<Beacon>(VERSION, 'beacons', text);

export const encodeJournal = (at: EpochMs, records: readonly JournalRecord[]): string =>
  JSON.stringify({ v: VERSION, at, records });

export function decodeJournal(text: string): { readonly at: EpochMs; readonly records: readonly JournalRecord[] } {
  const row = versioned<{ at: number; records: readonly JournalRecord[] }>(VERSION, 'journal', text);
  return { at: epochMs(row.at), records: row.records };
}
