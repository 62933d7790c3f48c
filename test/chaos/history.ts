// What the clients did and saw: all that the checks know. Times are milliseconds since 1970, by the one clock of the machine.
import type { OfferId, QuestionId, UserId } from '../../src/protocol/ids.ts';
import type { OfferView, QuestionView, UserEvent } from '../../src/protocol/views.ts';

/** `unknown`: no definite answer came, however often it was tried. */
export type Outcome<T = unknown> =
  | { readonly t: 'done'; readonly value: T }
  | { readonly t: 'refused'; readonly code: string }
  | { readonly t: 'unknown' };

export type Member = { readonly user: UserId; readonly capacity: number };

export type Ask = {
  readonly user: UserId;
  readonly key?: string;
  readonly text: string;
  readonly answersWanted: number;
  /** `again`: the key and body of an acknowledged one; `other`: its key with another body. */
  readonly kind: 'first' | 'again' | 'other';
  readonly outcome: Outcome<{ readonly id: QuestionId; readonly answersWanted: number }>;
};

export type Deed = {
  readonly verb: 'accept' | 'decline' | 'answer';
  readonly user: UserId;
  readonly offer: OfferId;
  /** Of the first try: it may have been done at any time since. */
  readonly sentAt: number;
  readonly text?: string;
  readonly outcome: Outcome;
};

export type Cancel = { readonly user: UserId; readonly question: QuestionId; readonly outcome: Outcome };

/** One event as it came over a socket or in a page, again and again until it was acknowledged. */
export type Received = { readonly user: UserId; readonly event: UserEvent };

/** A status that the service must never give. */
export type Fault = { readonly user: UserId; readonly status: number; readonly call: string; readonly body: string };

/** How it all stands when faults have stopped and everything has had time to end. */
export type Final = {
  /** By id, as its asker reads it; undefined: the service does not know it. */
  readonly questions: ReadonlyMap<QuestionId, QuestionView | undefined>;
  /** What the index of each user lists. */
  readonly listed: ReadonlyMap<UserId, readonly QuestionView[]>;
  /** All that is still in each inbox. */
  readonly inbox: ReadonlyMap<UserId, readonly UserEvent[]>;
  readonly offers: ReadonlyMap<UserId, readonly OfferView[]>;
  /** What the cell that holds the user believes to be live. */
  readonly held: ReadonlyMap<UserId, readonly OfferView[]>;
};

export type History = {
  readonly members: readonly Member[];
  readonly asks: readonly Ask[];
  readonly deeds: readonly Deed[];
  readonly cancels: readonly Cancel[];
  readonly received: readonly Received[];
  /** The numbers of the events that the app was handed, in that order. */
  readonly handled: ReadonlyMap<UserId, readonly number[]>;
  /** The highest number that an acknowledgement was sent for, whether or not it arrived. */
  readonly acknowledged: ReadonlyMap<UserId, number>;
  readonly faults: readonly Fault[];
  readonly final: Final;
};
