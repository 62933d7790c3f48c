// What clients were told: the side of every promise that can be checked from outside.
import type { Point } from '../src/geo/point.ts';
import type { OfferId, QuestionId, UserId } from '../src/protocol/ids.ts';
import type { Profile } from '../src/protocol/profile.ts';
import type { UserEvent } from '../src/protocol/views.ts';

export type Ledger = {
  /** Questions whose 201 reached (or was on its way to) the asker. */
  readonly asked: Map<QuestionId, { readonly asker: UserId; readonly key: string | undefined }>;
  readonly accepted: Map<OfferId, UserId>;
  readonly answered: Map<OfferId, UserId>;
  readonly cancelled: Set<QuestionId>;
  /** Events each device has seen, by inbox number, and how far it has acknowledged. */
  readonly seen: Map<string, { readonly user: UserId; readonly events: Map<number, UserEvent> }>;
  readonly acked: Map<UserId, number>;
  /** The point of the last ping that was acknowledged to somebody who sends one after the other, until they send the next. */
  readonly present: Map<
    UserId,
    { readonly point: Point; readonly at: number; readonly session: string; readonly seq: number }
  >;
  /** What users said of themselves last, once it was acknowledged and until they say something else. */
  readonly words: Map<UserId, { readonly profile: Profile }>;
  /** Users who have said anything at all by a ping. */
  readonly spoken: Set<UserId>;
  /** Whose leave was answered, until they ping again; `numbered`: pings from before it can be told by their numbers. */
  readonly left: Map<UserId, { readonly numbered: boolean }>;
  /** Whose last ping asked for a lease that ends before their next one: between the two they are matchable nowhere. */
  readonly brief: Set<UserId>;
  /** Answers that contradict what was answered before, by the rule that they break. */
  readonly contradictions: { readonly rule: string; readonly what: string }[];
  /** What lay on a disk that was lost, and nowhere else as far as is known: no promise is kept about these. */
  readonly lost: { readonly questions: Set<string>; readonly users: Set<UserId> };
  /** Pings that were refused as overtaken, although all before them had been answered and none had been sent since. */
  readonly overtaken: { readonly user: UserId; readonly sentAt: number }[];
};

export const newLedger = (): Ledger => ({
  asked: new Map(),
  accepted: new Map(),
  answered: new Map(),
  cancelled: new Set(),
  seen: new Map(),
  acked: new Map(),
  present: new Map(),
  words: new Map(),
  spoken: new Set(),
  left: new Map(),
  brief: new Set(),
  contradictions: [],
  lost: { questions: new Set(), users: new Set() },
  overtaken: [],
});
