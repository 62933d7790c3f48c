// Questions with their offers and what they owe to whom: the types, the row, and when each wants attention.
import type { Point } from '../../geo/point.ts';
import { type EpochMs, epochMs, plusMs } from '../../lib/brand.ts';
import { versionedOf } from '../../lib/versioned.ts';
import type { StreamItem } from '../../messages/records.ts';
import type { Adjusted } from '../../protocol/adjusted.ts';
import type { CellId, QuestionId, UserId } from '../../protocol/ids.ts';
import { KEPT_AFTER_END_MS } from '../../protocol/limits.ts';
import type { ProblemCode } from '../../protocol/problems.ts';
import { lean, whole } from '../questions/lean.ts';
import { isLive, type Offer } from './offers.ts';

/** 2: what is owed does not repeat the text. */
const VERSION = 2;

/** A crash between a commit and its sends is repaired this long after it, should nothing else wake the object before. */
export const UNSENT_GUARD_MS = 30_000;

export type Phase =
  | {
      readonly t: 'open';
      /** When to try again: a try in flight, or one that found too few. */
      readonly retryAt: EpochMs | undefined;
    }
  | { readonly t: 'dormant'; readonly wakeAt: EpochMs }
  | { readonly t: 'matched' }
  | { readonly t: 'answered' | 'expired' | 'cancelled'; readonly endedAt: EpochMs };

export type Ended = Extract<Phase, { readonly endedAt: EpochMs }>;

export function hasEnded(phase: Phase): phase is Ended {
  return phase.t === 'answered' || phase.t === 'expired' || phase.t === 'cancelled';
}

/** What is owed to one user on behalf of one question, numbered from 1. `acked` may lag behind the truth, never lead it. */
export type Stream = {
  next: number;
  acked: number;
  items: StreamItem[];
  retryAt: EpochMs | undefined;
  call: number | undefined;
  failures: number;
  /** Volatile: the cell that is thought to have the user's record, and the epoch that their UserObject has named; absent: nobody knows. */
  at?: { readonly cell: CellId; readonly epoch?: number } | undefined;
};

export type Question = {
  readonly id: QuestionId;
  readonly asker: UserId;
  readonly key: string | undefined;
  readonly bodyHash: string | undefined;
  point: Point;
  readonly text: string;
  readonly topic: string | undefined;
  readonly languages: readonly string[];
  readonly askedRadiusM: number;
  readonly answersWanted: number;
  /** Of what was asked for. */
  readonly adjusted?: readonly Adjusted[];
  /** Tells two questions of one id apart; set once by the first cell, and carried along when the question is handed over. */
  readonly incarnation: number;
  readonly createdAt: EpochMs;
  readonly expiresAt: EpochMs;
  phase: Phase;
  /** How often its point has moved; absent: never. */
  moves?: number;
  /** The question of the same key, asked before it, in whose favour it was cancelled. */
  duplicateOf?: QuestionId;
  /** Why its asker might not have one more open: it was cancelled. */
  refused?: ProblemCode;
  /** Tries that found too few. */
  stage: number;
  nextAttempt: number;
  readonly offers: Offer[];
  readonly streams: Map<UserId, Stream>;
};

type StreamRow<Item> = { readonly u: UserId; readonly n: number; readonly a: number; readonly i: readonly Item[] };
/** `born`: the incarnation; absent in rows of before, where it was the time. */
type Row<Item> = Omit<Question, 'streams' | 'incarnation'> & {
  readonly born?: number;
  readonly streams: readonly StreamRow<Item>[];
};

export function encodeQuestion(question: Question): string {
  const { streams, incarnation: born, ...rest } = question;
  const rows: StreamRow<unknown>[] = [];
  for (const [u, stream] of streams)
    rows.push({ u, n: stream.next, a: stream.acked, i: stream.items.map((item) => lean(item, question.text)) });
  return JSON.stringify({ v: VERSION, ...rest, born, streams: rows });
}

export function decodeQuestion(text: string): Question {
  const { v: _, born, ...row } = versionedOf<Row<StreamItem>>([1, VERSION], 'questions', text);
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
  return { ...row, incarnation: born ?? row.createdAt, streams };
}

/** The same phase by a clock that is ahead or behind. */
export function phaseBy(move: (time: EpochMs) => EpochMs, phase: Phase): Phase {
  switch (phase.t) {
    case 'open':
      return { t: 'open', retryAt: phase.retryAt === undefined ? undefined : move(phase.retryAt) };
    case 'dormant':
      return { t: 'dormant', wakeAt: move(phase.wakeAt) };
    case 'matched':
      return phase;
    default:
      return { t: phase.t, endedAt: move(phase.endedAt) };
  }
}

/** The first time limit of the question, its offers or its unsent events. An open question always has one: its expiry. */
export function dueQuestion(question: Question, now: EpochMs): EpochMs {
  const { phase } = question;
  let due: number = hasEnded(phase) ? plusMs(phase.endedAt, KEPT_AFTER_END_MS) : question.expiresAt;
  if (phase.t === 'open' && phase.retryAt !== undefined) due = Math.min(due, phase.retryAt);
  if (phase.t === 'dormant') due = Math.min(due, phase.wakeAt);
  for (const offer of question.offers) if (isLive(offer)) due = Math.min(due, offer.until);
  for (const stream of question.streams.values()) {
    if (stream.items.length === 0) continue;
    due = Math.min(due, stream.retryAt ?? plusMs(now, UNSENT_GUARD_MS));
  }
  return epochMs(due);
}
