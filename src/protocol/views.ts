// What users see, as JSON: question, offer, answer and event, in the shapes of the public interface.
import type { Adjusted } from './adjusted.ts';
import type { CellId, OfferId, QuestionId } from './ids.ts';

export type QuestionState = 'open' | 'dormant' | 'matched' | 'answered' | 'expired' | 'cancelled';
/** Nothing more happens to a question in one of these. */
export const ENDED_STATES: ReadonlySet<QuestionState> = new Set(['answered', 'expired', 'cancelled']);
export type OfferState = 'pending' | 'accepted' | 'answered' | 'declined' | 'expired' | 'withdrawn';

export type AnswerView = { readonly offerId: OfferId; readonly text: string; readonly at: string };

export type QuestionView = {
  readonly id: QuestionId;
  readonly state: QuestionState;
  readonly text: string;
  readonly topic?: string;
  readonly lat: number;
  readonly lng: number;
  readonly radiusM: number;
  readonly answersWanted: number;
  readonly offersPending: number;
  readonly offersAccepted: number;
  readonly answers: readonly AnswerView[];
  readonly attempts: number;
  /** It was cancelled as another question of the same key was asked before it: that one lives. */
  readonly duplicateOf?: QuestionId;
  /** It was cancelled as its asker may not have one more: the code that the ask would have been refused with. */
  readonly refused?: string;
  /** What its city has other bounds for. */
  readonly adjusted?: readonly Adjusted[];
  readonly wakeAt?: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly cell: CellId;
};

/** A question in an event: how it stands, and what its id stands for is read by it. A text and fifty answers in each event would fill rows. */
export type QuestionNews = Omit<QuestionView, 'text' | 'answers' | 'adjusted'> & { readonly offersAnswered: number };

export type OfferView = {
  readonly id: OfferId;
  readonly questionId: QuestionId;
  readonly state: OfferState;
  readonly text: string;
  readonly topic?: string;
  readonly lat: number;
  readonly lng: number;
  readonly distanceM: number;
  readonly expiresAt: string;
};

export type EventType =
  | 'offer.made'
  | 'offer.withdrawn'
  | 'offer.expired'
  | 'question.matched'
  | 'question.dormant'
  | 'question.answered'
  | 'question.expired'
  | 'question.cancelled';

export type EventBody = {
  readonly type: EventType;
  /** ISO 8601, by the clock of the question's cell. */
  readonly at: string;
  /** Events of the same question before it were lost with a disk. */
  readonly gap?: true;
  /** So much waits to be acknowledged that its texts were left out: the question, or the offer, is to be read. */
  readonly cut?: true;
  /** An offer for `offer.*`; `{question, answer?, offerId?}` for `question.*`. */
  readonly data:
    | OfferView
    | { readonly question: QuestionNews; readonly answer?: AnswerView; readonly offerId?: OfferId };
};

/** An event in a user's inbox; `seq` is numbered by the custodian of the user's record alone, without gaps. */
export type UserEvent = EventBody & { readonly seq: number };

export type PresenceView = {
  readonly cell: CellId;
  readonly city: string;
  readonly expiresAt: string;
  readonly offers: readonly OfferView[];
  /** When the client should ping next: longer while the cell is under pressure. */
  readonly pingEveryS: number;
  /** What this ping asked for and the city has other bounds for. */
  readonly adjusted?: readonly Adjusted[];
};
