// What objects say to each other and what the edge says to them. Each call has one `ask` and one `reply`; messages carry ids,
// epochs and durations, never another machine's time.
import type { Point } from '../geo/point.ts';
import type { CellId, HomeKey, OfferId, QuestionId, UserId } from '../protocol/ids.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Problem, ProblemCode } from '../protocol/problems.ts';
import type { CellLoad } from '../protocol/status.ts';
import type { OfferState, OfferView, PresenceView, QuestionView, UserEvent } from '../protocol/views.ts';
import type { MapRow } from './map-row.ts';
import type { Need } from './need.ts';
import type { Candidate, NewQuestion, OfferCopy, Ping, StreamItem, UserRecord } from './records.ts';
import type { ChangeCalls } from './resharding.ts';

/** Calls to a CellObject, by name. */
export type CellCalls = ChangeCalls & {
  // from the edge
  presence: {
    /** `at`: the raw point. It is used in the step that takes the ping, and kept nowhere. */
    ask: { readonly user: UserId; readonly ping: Ping; readonly at?: Point };
    reply: { readonly t: 'present'; readonly view: PresenceView };
  };
  ask: { ask: { readonly question: NewQuestion }; reply: QuestionReply };
  question: { ask: { readonly id: QuestionId; readonly user: UserId | null }; reply: QuestionReply };
  patch: {
    ask: { readonly id: QuestionId; readonly user: UserId | null; readonly point: Point };
    reply: QuestionReply;
  };
  cancel: {
    ask: { readonly id: QuestionId; readonly user: UserId | null; readonly reason?: 'key_reused' };
    reply: QuestionReply;
  };
  accept: { ask: { readonly offerId: OfferId; readonly user: UserId | null }; reply: OfferReply };
  decline: { ask: { readonly offerId: OfferId; readonly user: UserId | null }; reply: OfferReply };
  answer: {
    ask: { readonly offerId: OfferId; readonly user: UserId | null; readonly text: string };
    reply: OfferReply;
  };
  load: { ask: Record<never, never>; reply: CellLoad };
  /** Somebody wants to connect here. */
  enter: { ask: { readonly user: UserId }; reply: { readonly t: 'done' } };
  /** To a cell whose city is gone since this version of the map. */
  dissolve: { ask: { readonly version: number }; reply: { readonly t: 'done' } };
  // who holds a user
  recall: {
    ask: {
      readonly user: UserId;
      readonly epoch: number;
      /** On whose behalf, counted by the UserObject: one that was answered `kept` is answered so for ever. */
      readonly order?: number;
      /** The ping on whose behalf; without it, and without `leave`, the holder gives them up whatever came last. */
      readonly ping?: PingTime;
      /** The user leaves: only a ping of a higher number in the same session keeps them. */
      readonly leave?: { readonly session?: string; readonly seq?: number };
      /** Whether there is such a row at all: one that there is stays as it is. */
      readonly probe?: true;
    };
    reply: RecallReply;
  };
  forget: {
    /** `left`: nobody else has the user, who may stay connected. */
    ask: { readonly user: UserId; readonly epoch: number; readonly left?: boolean };
    reply: { readonly t: 'done' };
  };
  // matching across cells
  scout: {
    /** `beaconMs`: with fewer than `enough` people, or `limit` from callers of before, a beacon is left for so long. */
    ask: {
      readonly need: Need;
      readonly policy: Policy;
      readonly limit: number;
      readonly enough?: number;
      readonly beaconMs?: number;
    };
    reply: {
      readonly t: 'scouted';
      readonly candidates: readonly Candidate[];
      readonly beacon: boolean;
      /** Cells that hold people of this place too: those that fill it, or those that it has been split into. */
      readonly coOwners?: readonly CellId[];
    };
  };
  reserve: {
    ask: {
      readonly offerId: OfferId;
      readonly user: UserId;
      readonly need: Need;
      readonly policy: Policy;
      readonly copy: OfferCopy;
      readonly holdMs: number;
    };
    reply: { readonly t: 'held' } | { readonly t: 'refused'; readonly reason: string };
  };
  release: { ask: { readonly offerId: OfferId; readonly user: UserId }; reply: { readonly t: 'done' } };
  nudge: {
    ask: { readonly questionId: QuestionId; readonly candidate: Candidate };
    reply: { readonly t: 'tried' } | { readonly t: 'known' } | { readonly t: 'full' } | { readonly t: 'gone' };
  };
  /** The question's word that it has ended. */
  dropBeacon: { ask: { readonly questionId: QuestionId }; reply: { readonly t: 'done' } };
  // holds and inboxes
  state: { ask: { readonly offerId: OfferId; readonly user: UserId }; reply: StateReply };
  /** The holder's word that the user of a pending offer has gone. */
  absent: { ask: { readonly offerId: OfferId; readonly user: UserId }; reply: StateReply };
  /** Events of a user whose record is at home, for a socket that may still be here. */
  push: {
    ask: { readonly user: UserId; readonly events: readonly UserEvent[] };
    reply: { readonly t: 'done' };
  };
} & {
  // The record of a user, at its custodian: to a cell with the epoch at which it is said to hold the user.
  [K in keyof RecordCalls]: {
    readonly ask: RecordCalls[K]['ask'] & { readonly epoch?: number };
    readonly reply: RecordCalls[K]['reply'] | NotHere;
  };
};

/** What is asked of whoever has the record of a user. */
export type RecordCalls = {
  deliver: {
    ask: {
      readonly user: UserId;
      readonly questionId: QuestionId;
      /**
       * Tells two questions of one id apart (a key that is used again once its question is forgotten makes the same id): a later
       * one has a higher number. Compared with its like alone, never with a clock.
       */
      readonly incarnation: number;
      /** How long the receiver must remember this stream. */
      readonly keepMs: number;
      /** The last item that was acknowledged: what the receiver does not know of it is lost. */
      readonly after?: number;
      readonly items: readonly StreamItem[];
    };
    reply: {
      readonly t: 'stored';
      readonly upTo: number;
      readonly duplicateOf?: QuestionId;
      /** Why the asker may not have one more question open: this one is to end. */
      readonly refused?: ProblemCode;
    };
  };
  events: {
    ask: { readonly user: UserId; readonly after: number; readonly limit: number; readonly waitMs: number };
    /** `reset`: no event has a number as high as `after`; the page is the first from the beginning. */
    reply: {
      readonly t: 'events';
      readonly items: readonly UserEvent[];
      readonly next: number;
      readonly reset?: true;
    };
  };
  ack: { ask: { readonly user: UserId; readonly seq: number }; reply: { readonly t: 'acked'; readonly seq: number } };
  questions: {
    ask: { readonly user: UserId; readonly after?: string; readonly limit: number };
    reply: { readonly t: 'questions'; readonly ids: readonly QuestionId[]; readonly next?: string };
  };
  offers: { ask: { readonly user: UserId }; reply: { readonly t: 'offers'; readonly items: readonly OfferView[] } };
};

/** A cell's word that it is not the custodian. `missing`: it has no row of the epoch that was named. */
export type NotHere = { readonly t: 'not_here'; readonly missing: boolean };
/** A UserObject's word of who is. */
export type Elsewhere = { readonly t: 'elsewhere'; readonly cell: CellId; readonly epoch: number };

/** What a question says of an offer to whoever keeps a hold for it. */
export type StateReply = {
  readonly t: 'state';
  readonly live: boolean;
  readonly state?: OfferState;
  readonly leftMs: number;
};
export type QuestionReply = { readonly t: 'question'; readonly view: QuestionView };
export type OfferReply = {
  readonly t: 'offer';
  readonly view: OfferView;
  readonly answer?: { readonly offerId: OfferId; readonly text: string; readonly at: string };
};

/** Calls to a UserObject, by name. */
export type UserCalls = {
  claim: {
    ask: {
      readonly user: UserId;
      readonly cell: CellId;
      readonly session: string;
      readonly seq?: number;
      /** As an earlier answer to a claim of this same ping gave it: repeating a claim makes it no newer. */
      readonly order?: number;
      /** How old the ping is; 0 when absent. */
      readonly ageMs?: number;
      /** Not for a ping: the holder of this epoch hands the user over. */
      readonly transfer?: number;
      /** The ping says a word of the profile. */
      readonly changes?: true;
      /** The ping was acknowledged before anybody here had heard of it. */
      readonly repeated?: true;
      /** Refused with `stranger` where no profile of the user is known. */
      readonly opening?: true;
    };
    reply: ClaimReply;
  };
  /** A cell gives a user up of itself: the lease has ended. The row stays, frozen, until this was answered. */
  returnRecord: {
    ask: {
      readonly user: UserId;
      readonly cell: CellId;
      readonly epoch: number;
      readonly record: UserRecord;
      /** Of the newest ping that it took. */
      readonly session: string;
      readonly seq?: number;
    };
    reply: { readonly t: 'returned' };
  };
  // from the edge
  /** Answered once nobody holds the user and nothing on its way can change that; `busy` until then. */
  leave: {
    ask: { readonly user: UserId; readonly session?: string; readonly seq?: number };
    reply: { readonly t: 'done' };
  };
  where: {
    ask: { readonly user: UserId };
    /** `free`: that cell was the last to hold the user, and none does now. */
    reply: {
      readonly t: 'where';
      readonly cell: CellId | null;
      readonly epoch: number;
      readonly free?: true;
      /** That cell holds the user, and nobody wants them of it. */
      readonly held?: true;
    };
  };
  /** The cell that is named as the holder has no row of this epoch. */
  missing: {
    ask: { readonly user: UserId; readonly cell: CellId; readonly epoch: number };
    reply: { readonly t: 'done' };
  };
} & {
  [K in keyof RecordCalls]: {
    readonly ask: RecordCalls[K]['ask'];
    readonly reply: RecordCalls[K]['reply'] | Elsewhere | { readonly t: 'pending'; readonly retryMs: number };
  };
};

/** Which of several pings it is: by number within a session, else by age. */
export type PingTime = { readonly session: string; readonly seq?: number; readonly ageMs: number };

export type RecallReply =
  /** With the number of the newest ping that the holder took. */
  | { readonly t: 'record'; readonly record: UserRecord; readonly session?: string; readonly seq?: number }
  | { readonly t: 'no_row' }
  /** The holder has a newer ping: nothing was frozen, and the user stays. */
  | { readonly t: 'kept'; readonly session: string; readonly seq?: number };

export type ClaimReply =
  | {
      readonly t: 'granted';
      readonly epoch: number;
      readonly record: UserRecord | null;
      readonly order?: number;
      /** To who is handed the user: the newest ping that the holder before took, so that no older one takes them back. */
      readonly newest?: { readonly session: string; readonly seq?: number };
    }
  | { readonly t: 'pending'; readonly retryMs: number; readonly order?: number }
  | { readonly t: 'refused' }
  /** The claim is for a socket's opening, and its user has never given a profile. */
  | { readonly t: 'stranger' };

export type CellCallName = keyof CellCalls;
export type UserCallName = keyof UserCalls;
export type CellRequest = { [K in CellCallName]: { readonly t: K } & CellCalls[K]['ask'] }[CellCallName];
export type UserRequest = { [K in UserCallName]: { readonly t: K } & UserCalls[K]['ask'] }[UserCallName];

/**
 * A cell that is not a leaf names its successors; an uninitialised one, or one behind `version`, asks for its map row; one that is not
 * filled yet asks for patience.
 */
export type CellElse =
  | Problem
  | { readonly t: 'moved'; readonly to: readonly CellId[] }
  | { readonly t: 'uninitialised' }
  | { readonly t: 'pending'; readonly retryMs: number };
export type CellReply<K extends CellCallName = CellCallName> = CellCalls[K]['reply'] | CellElse;
export type UserReply<K extends UserCallName = UserCallName> = UserCalls[K]['reply'] | Problem;

/** What a caller wraps a cell call in: `version` of the map row that it routed by, and the row itself once it was asked for. */
export type CellEnvelope = {
  readonly request: CellRequest;
  readonly version?: number;
  readonly mapRow?: MapRow;
  readonly trace?: string;
};
export type UserEnvelope = { readonly request: UserRequest; readonly trace?: string };

/** Where a call goes. `home` is resolved to the leaf that covers the key. */
export type Address =
  | { readonly to: 'cell'; readonly cell: CellId }
  | { readonly to: 'home'; readonly key: HomeKey }
  | { readonly to: 'user'; readonly user: UserId }
  | { readonly to: 'map' };
