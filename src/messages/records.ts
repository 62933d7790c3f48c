// The records that messages carry: of users, of questions and their offers, of a cell's load. They hold ids, epochs and durations,
// never another machine's time.
import type { Point } from '../geo/point.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { Adjusted } from '../protocol/adjusted.ts';
import type { CellId, OfferId, QuestionId, UserId } from '../protocol/ids.ts';
import type { TermName } from '../protocol/policy.ts';
import type { ProblemCode } from '../protocol/problems.ts';
import type { Profile } from '../protocol/profile.ts';
import type { EventBody, OfferState, OfferView, QuestionState, UserEvent } from '../protocol/views.ts';

/** One sign of life of a user at a snapped point. */
export type Ping = {
  readonly point: Point;
  /** Absent: what is known stays; for a newcomer the defaults. */
  readonly profile: Partial<Profile>;
  readonly ttlMs?: number;
  readonly session: string;
  /** Rising within a session; absent: order of arrival. */
  readonly seq?: number;
  /** The point of a socket's address, which says nothing of a profile: it counts only for who has given one before. */
  readonly opening?: true;
};

/** A copy of a question as its offers show it. */
export type OfferCopy = {
  readonly questionId: QuestionId;
  readonly text: string;
  readonly topic?: string;
  readonly point: Point;
};

export type HoldRecord = OfferCopy & {
  readonly offerId: OfferId;
  readonly distanceM: number;
  readonly state: 'reserved' | 'pending' | 'accepted';
  readonly leftMs: number;
  /** When the offer ends, in its question's words. Absent before it was told, and in records of before. */
  readonly expiresAt?: string;
};

/** The point of a record without a lease: nobody needs to know where its user was. */
export const NOWHERE: Point = { lat: 0, lng: 0 };

/** How late what others see of a user follows them over two opposite sides of a square, in sides of it. */
export type Border = {
  /** Drawn once, until they leave: below or west, above or east. */
  readonly lean: readonly [number, number];
  /** These, for each crossing anew. */
  readonly margin: number;
  readonly delayMs: number;
  readonly far: number;
  /** Since when they have been beyond, by the clock of their cell; absent: they are not. */
  readonly since?: number;
};

export type Veil = {
  readonly lat: Border;
  readonly lng: Border;
  /** The square of the last ping, and whether they were driven there; absent before the first, and in rows of before. */
  readonly last?: { readonly square: Point; readonly leapt: boolean };
};

/** What goes with a user from cell to cell. */
export type UserRecord = {
  readonly v: 1;
  readonly profile: Profile;
  /** The square that others see. */
  readonly point: Point;
  /** With the lease it ends. */
  readonly veil?: Veil;
  readonly pointAgeMs: number;
  /** 0: the lease has ended. */
  readonly leaseLeftMs: number;
  readonly idleMs: number;
  readonly coolLeftMs: number;
  /** 0 to 1; 0.5 for a newcomer. */
  readonly reputation: number;
  /** By which journals know the user; destroyed when the user is erased. */
  readonly pseudonym: string;
  readonly blocked: readonly UserId[];
  readonly holds: readonly HoldRecord[];
  /** Its times are counted from when the record was made. Absent in records of before, and of who has none: then there is none to take. */
  readonly inbox?: PackedInbox;
};

/** Somebody suitable, where they are held, with every normalised term (0 to 1) of the score. */
export type Candidate = {
  readonly user: UserId;
  readonly cell: CellId;
  readonly distanceM: number;
  readonly score: number;
  readonly terms: Readonly<Record<TermName, number>>;
};

export type NewQuestion = {
  readonly id: QuestionId;
  /** What the same key made of it under the secrets of before. */
  readonly formerIds?: readonly QuestionId[];
  readonly asker: UserId;
  readonly key?: string;
  readonly bodyHash?: string;
  readonly point: Point;
  readonly text: string;
  readonly topic?: string;
  readonly languages: readonly string[];
  readonly radiusM?: number;
  readonly answersWanted: number;
  readonly expiresInMs?: number;
  /** By whoever made it of what a client asked for. */
  readonly adjusted?: readonly Adjusted[];
};

/** What has become of a user's own offer, for the hold that it has. */
export type OfferChange = {
  readonly id: OfferId;
  readonly state: OfferState;
  readonly leftMs: number;
  readonly view?: OfferView;
};

/** One numbered item of what a question owes a user. */
export type StreamItem = {
  readonly n: number;
  /** To be put in the inbox. */
  readonly event?: EventBody;
  readonly offer?: OfferChange;
  /**
   * The state of the user's own question, for their index of questions and keys: the first item of a question registers it, and says how
   * many may be open where it was asked.
   */
  readonly question?: { readonly state: QuestionState; readonly key?: string; readonly openMax?: number };
};

/** What one question has told a user, as their record keeps it. */
export type Known = {
  /** Which question of this id: a later one begins its stream anew. */
  readonly incarnation: number;
  /** The last item stored. */
  n: number;
  purgeAt: EpochMs;
  /** News before the next event was lost with a disk. */
  gap?: true;
  /** The user's own question. */
  question: OwnQuestion | undefined;
};

export type OwnQuestion = {
  readonly state: QuestionState;
  readonly key: string | undefined;
  readonly at: EpochMs;
  readonly endedAt: EpochMs | undefined;
  /** There was no room for it, for this reason: it is to be cancelled, and does not count. */
  readonly refused?: ProblemCode;
};

/** An inbox as a row or a message carries it. In a row its times are of the clock that it is read by. */
export type PackedInbox = {
  /** The last number that was given to an event. */
  readonly seq: number;
  readonly events: readonly UserEvent[];
  readonly known: readonly (readonly [QuestionId, Known])[];
};
