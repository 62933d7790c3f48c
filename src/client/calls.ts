// What a user can call, over HTTP or a socket: what the client offers and a connection falls back to.
import type { OfferId, QuestionId } from '../protocol/ids.ts';
import type { AnswerView, OfferView, PresenceView, QuestionView, UserEvent } from '../protocol/views.ts';
import type { ClientPoint, ClientProfile } from './pings.ts';
import type { Call } from './transport.ts';

export type NewQuestion = {
  readonly lat: number;
  readonly lng: number;
  readonly text: string;
  readonly topic?: string;
  readonly languages?: readonly string[];
  readonly radiusM?: number;
  readonly answersWanted?: number;
  readonly expiresInS?: number;
  /** The Idempotency-Key; minted when absent. Give your own to be safe over restarts of the app too. */
  readonly key?: string;
};

export type ClientPresence = ClientPoint &
  ClientProfile & { readonly session?: string; readonly seq?: number; readonly cell?: string };

/** How often a call is tried again, and a signal to give it up. */
export type CallOptions = Pick<Call, 'retriesMax' | 'signal'>;
export type EventsQuery = CallOptions & {
  readonly after?: number;
  readonly waitS?: number;
  /** The cell that held the user last, which is asked first; the client fills it in. */
  readonly cell?: string;
};
export type EventsPage = {
  readonly items: readonly UserEvent[];
  readonly next: number;
  /** `after` was beyond the last event: this is the first page from the beginning. */
  readonly reset?: boolean;
};

/** Each may be repeated: the second time gets the answer of the first. */
export type Calls = {
  readonly presence: (ping: ClientPresence, options?: CallOptions) => Promise<PresenceView>;
  readonly ask: (question: NewQuestion, options?: CallOptions) => Promise<QuestionView>;
  readonly move: (id: QuestionId, point: ClientPoint, options?: CallOptions) => Promise<QuestionView>;
  readonly cancel: (id: QuestionId, options?: CallOptions) => Promise<QuestionView>;
  readonly accept: (id: OfferId, options?: CallOptions) => Promise<OfferView>;
  readonly decline: (id: OfferId, options?: CallOptions) => Promise<OfferView>;
  readonly answer: (id: OfferId, text: string, options?: CallOptions) => Promise<AnswerView>;
  readonly events: (query?: EventsQuery) => Promise<EventsPage>;
  readonly acknowledge: (seq: number, options?: CallOptions) => Promise<void>;
};

export type QuestionPage = {
  readonly items: readonly QuestionView[];
  /** Where the next page begins; absent: there is none. */
  readonly next?: string;
  /** Questions whose place cannot be read just now. */
  readonly unavailable?: readonly { readonly id: QuestionId; readonly code: string }[];
};
