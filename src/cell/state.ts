// What a cell knows. Everything under "durable" has a row on disk; everything under "volatile" may vanish at any moment.
import type { Bounds } from '../geo/bounds.ts';
import type { Point } from '../geo/point.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { Birth } from '../messages/birth.ts';
import type { PingTime } from '../messages/calls.ts';
import type { Need } from '../messages/need.ts';
import type { Candidate, HoldRecord, Ping, StreamItem, Veil } from '../messages/records.ts';
import type { Op } from '../messages/resharding.ts';
import type { Adjusted } from '../protocol/adjusted.ts';
import type { CellId, OfferId, QuestionId, UserId } from '../protocol/ids.ts';
import type { Profile } from '../protocol/profile.ts';
import type { OfferState } from '../protocol/views.ts';
import type { Agenda } from './agenda.ts';
import type { ScoutBudget } from './questions/scout-budget.ts';
import type { Questions } from './questions/shelf.ts';
import type { Sleepers } from './questions/sleepers.ts';
import type { Meter } from './strain/meter.ts';
import type { Connection } from './users/connections.ts';
import type { Roster } from './users/roster.ts';

/**
 * The slot that an offer takes at a user held here. `until` asks the question's cell, and `askAt` before that if it is there; neither
 * frees by itself.
 */
export type Hold = Omit<HoldRecord, 'leftMs'> & { readonly until: EpochMs; readonly askAt?: EpochMs };

/**
 * A user held here. `lapsed`: the lease has ended, the row stays for its last hold. `frozen` after a recall, or when the record
 * goes home by itself: not matchable, takes no holds, waits until somebody else has what it says.
 */
export type Held = {
  readonly user: UserId;
  readonly epoch: number;
  phase: 'live' | 'lapsed' | 'frozen';
  /** When a frozen row last asked whether it may go. */
  frozenAt: EpochMs | undefined;
  /** Set when the record goes home by itself: when it is sent next, unless it was taken. */
  returnAt?: EpochMs;
  /** The newest recall that was answered `kept`: a copy of it is answered the same. */
  keptFor?: number;
  /** Volatile: the same, of a recall that nobody counted. */
  keptPing?: PingTime;
  session: string;
  seq: number | undefined;
  profile: Profile;
  /** The square that others see, and how it follows; without a veil it follows at once. */
  point: Point;
  veil?: Veil | undefined;
  pointAt: EpochMs;
  leaseUntil: EpochMs;
  ttlMs: number;
  idleSince: EpochMs;
  coolUntil: EpochMs;
  readonly reputation: number;
  readonly pseudonym: string;
  readonly blocked: readonly UserId[];
  /** How many events await the user's acknowledgement, as their UserObject told last; absent: few. */
  unread?: number | undefined;
  readonly holds: Map<OfferId, Hold>;
  readonly holdsQuestion: (id: QuestionId) => boolean;
};

/** A user who pings here and is claimed: visible, not matchable. */
export type Arriving = {
  readonly user: UserId;
  ping: Ping;
  pingAt: EpochMs;
  leaseUntil: EpochMs;
  /** Whether a row keeps it: only once a ping was acknowledged before the grant. */
  stored: boolean;
  retryAt: EpochMs | undefined;
  /** Which claim of the user this ping's first one was, once the UserObject has said so. */
  order: number | undefined;
  /** Whether a claim for this ping may have been heard before, or its sender been answered, though nobody said what came of it. */
  again: boolean;
  /** Volatile: the claim in flight, the ping that it is for, and the epochs whose grants came too late. */
  call: number | undefined;
  claimed: Ping | undefined;
  fence: number;
  /** Volatile: who waits for the outcome; those who did when the claim went out come first, so many. */
  tokens: Waiting[];
  asked: number;
};

export type Waiting = {
  readonly token: Token;
  readonly socket: boolean;
  /** Of the ping that is to be answered. */
  readonly adjusted?: readonly Adjusted[];
};

/** Names a caller that waits; given by the shell, meaningless here. */
export type Token = number;

/** An attempt to win one user, from the reserve to the end; its state decides, the hold never does. */
export type Offer = {
  readonly id: OfferId;
  readonly user: UserId;
  /** Where the user was held when it was made. */
  readonly cell: CellId;
  readonly distanceM: number;
  readonly score: number;
  /** `reserving`: not an offer yet; `void`: never becomes one. */
  state: OfferState | 'reserving' | 'void';
  readonly triedAt: EpochMs;
  madeAt: EpochMs | undefined;
  /** The time limit: of the reserve, then of the pending offer, then of the accepted one. */
  until: EpochMs;
  answer: { readonly text: string; readonly at: EpochMs } | undefined;
};

export type Phase =
  | {
      readonly t: 'open';
      /** When to try again: a try in flight, or one that found too few. */
      readonly retryAt: EpochMs | undefined;
    }
  | { readonly t: 'dormant'; readonly wakeAt: EpochMs }
  | { readonly t: 'matched' }
  | { readonly t: 'answered' | 'expired' | 'cancelled'; readonly endedAt: EpochMs };

/** What is owed to one user on behalf of one question, numbered from 1. `acked` may lag behind the truth, never lead it. */
export type Stream = {
  next: number;
  acked: number;
  items: StreamItem[];
  retryAt: EpochMs | undefined;
  call: number | undefined;
  failures: number;
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
  readonly born: number;
  readonly createdAt: EpochMs;
  readonly expiresAt: EpochMs;
  phase: Phase;
  /** How often its point has moved; absent: never. */
  moves?: number;
  /** The question of the same key, asked before it, in whose favour it was cancelled. */
  duplicateOf?: QuestionId;
  /** Tries that found too few. */
  stage: number;
  nextAttempt: number;
  readonly offers: Offer[];
  readonly streams: Map<UserId, Stream>;
};

/** A dormant question of another cell that wants to hear of arrivals here. */
export type Beacon = { readonly need: Need; readonly until: EpochMs };

/** One try in flight. */
export type Round = {
  readonly question: QuestionId;
  readonly needed: Need;
  readonly deadline: EpochMs;
  /** Cells not asked yet, nearest first. */
  readonly queue: { readonly cell: CellId; readonly distanceM: number }[];
  readonly candidates: Candidate[];
  /** Who refused: in the tries that this one repeats, `carried` of them, and in this one. */
  readonly voided: UserId[];
  readonly carried: number;
  inFlight: number;
  /** Every cell that is or was to be asked in this try. */
  readonly known: Set<CellId>;
  /** Cells that answered without leaving a beacon. */
  unlit: number;
  readonly repeat: number;
  /** Nobody waits for it: its scouts go after the calls of users. */
  readonly isByTime: boolean;
  /** A sleeper's, by time, no farther than the last: arrivals are told by the beacons, so that its scouts have a budget. */
  readonly isSafetyNet: boolean;
};

/** A user's socket here, and how many points in a row lay outside the cell. */
export type CellSocket = {
  session: string;
  outside: number;
  /** Absent until a ping that came over it was taken. */
  heard?: boolean;
};

/** What is put off for a user, until their turn comes. */
export type PutOff = { arrival: boolean; row: boolean };

/** What a call in flight is for. */
export type Pending =
  | { readonly t: 'claim'; readonly user: UserId }
  | { readonly t: 'scout'; readonly question: QuestionId; readonly round: Round; readonly cell: CellId }
  | { readonly t: 'reserve'; readonly offer: OfferId; readonly cell: CellId }
  | { readonly t: 'deliver'; readonly question: QuestionId; readonly user: UserId }
  | { readonly t: 'nudge'; readonly question: QuestionId; readonly user: UserId }
  | { readonly t: 'hold'; readonly offer: OfferId; readonly user: UserId }
  | { readonly t: 'where'; readonly user: UserId }
  | { readonly t: 'return'; readonly user: UserId; readonly epoch: number }
  | { readonly t: 'release' }
  | { readonly t: 'dropBeacon' }
  | { readonly t: 'take'; readonly user: UserId }
  | { readonly t: 'errand'; readonly lane: string; readonly errand: Errand };

/** What is to be done for a change of the map; `op` tells whether it still is. */
export type Errand = {
  readonly op: Op;
  readonly what: 'init' | 'ready' | 'retire' | 'rows' | 'swap' | 'adopt' | 'take' | 'filled' | 'handed';
  readonly cell: CellId | undefined;
  readonly questions?: readonly QuestionId[];
};

/** One errand after the other goes down a lane; one that failed is repeated later. */
export type Lane = { call: number | undefined; failures: number; retryAt: EpochMs | undefined };

export type LifePhase =
  | { readonly t: 'leaf' }
  /** Still a leaf: its children are made ready, then the map swaps them in. `version`: of its row, named by the swap. */
  | { readonly t: 'splitting'; readonly op: Op; readonly version: number | undefined }
  /** No leaf: the parent of leaves that are to be one again. */
  | { readonly t: 'merging'; readonly op: Op; readonly versions: readonly number[] | undefined }
  /** A leaf, or about to be one, whose predecessors `from` have not handed over their questions yet; `untold` of that at all. */
  | { readonly t: 'filling'; readonly op: Op; readonly from: readonly CellId[]; readonly untold: boolean }
  /** No leaf any more: hands over to its successors what it has. */
  | {
      readonly t: 'handing';
      readonly op: Op;
      readonly to: readonly CellId[];
      /** Every successor knows that it has all questions; that nobody is held here any more. */
      readonly filled: boolean;
      readonly handed: boolean;
    };

export type Life = {
  readonly phase: LifePhase;
  /** Operations that this cell has led, and the last one of its parent that it has heard of. */
  readonly led: number;
  readonly heard: number;
  /** By which operation it was filled, and predecessors who may still hold people of this place. */
  readonly origin: Op | undefined;
  readonly behind: readonly CellId[];
};

/** A user whom a predecessor hands over, until the UserObject has granted or refused it. */
export type Taking = {
  readonly user: UserId;
  readonly epoch: number;
  retryAt: EpochMs | undefined;
  call: number | undefined;
  fence: number;
};

export type Near = { readonly cell: CellId; readonly bounds: Bounds };

/** How far a change of the map has come, as far as it needs not be remembered: every message of it may be repeated. */
export type Change = {
  readonly lanes: Map<string, Lane>;
  /** Cells that have acknowledged the present stage. */
  readonly ready: Set<CellId>;
  /** Questions to hand over, by successor; made when first needed. */
  parcels: Map<CellId, QuestionId[]> | undefined;
  /** What the questions needed that were frozen by the hand-over, and until when. */
  needs: readonly Beacon[];
  /** When each user's successor was last told of them, and when the next may be. */
  readonly told: Map<UserId, EpochMs>;
  tellAt: EpochMs | undefined;
  /** How many people there were when the first were told of. */
  crowd: number | undefined;
  /** After a split that was lost: not before. */
  restUntil: EpochMs;
};

export type CellState = {
  // durable
  birth: Birth | undefined;
  life: Life;
  readonly users: Map<UserId, Held>;
  readonly arriving: Map<UserId, Arriving>;
  readonly questions: Questions;
  readonly beacons: Map<QuestionId, Beacon>;
  readonly taking: Map<UserId, Taking>;
  journalLast: number;
  /** The largest time seen; `now` never goes below it, unless the machine's clock has proved to have been far ahead. */
  clock: EpochMs;
  // derived
  near: readonly Near[];
  bounds: Bounds | undefined;
  readonly roster: Roster;
  readonly sleepers: Sleepers;
  readonly agenda: Agenda;
  /** What needs no alarm of its own: see watch.ts. */
  readonly slack: Agenda;
  /** When the rest of each user ends who has one: an arrival, where somebody sleeps. */
  readonly rests: Agenda;
  // volatile
  readonly meter: Meter;
  /** What ops was last told, and when; at first that nothing is here. `isFilled`: everybody of the cells before was here by then. */
  readonly told: { band: number; at: EpochMs; isFilled: boolean };
  /** Under pressure: when each user's moves are worked off, and what waits for that. */
  readonly turns: Agenda;
  readonly putOff: Map<UserId, PutOff>;
  armedAt: EpochMs | undefined;
  behind: Clock['behind'];
  /** What the sweep's list was last told. */
  busyUntil: EpochMs;
  readonly rounds: Map<QuestionId, Round>;
  /** Users whose records are on their way home, until that was answered. */
  readonly returning: Set<UserId>;
  readonly calls: Map<number, Pending>;
  /** Questions of beacons that were told of a user here, until the reserve comes or the time is up. */
  readonly nudging: Map<QuestionId, UserId>;
  /** Who was suitable for the beacon of such a question meanwhile: held against it again once that is over. */
  readonly passedOver: Map<QuestionId, Set<UserId>>;
  /** Where the beacons of this cell's questions lie, as far as is known, and for which need each was left. */
  readonly lit: Map<QuestionId, Map<CellId, string>>;
  /** What tries by time may still spend. */
  readonly scouts: ScoutBudget;
  /** Questions whose rows could not be read, and were set aside. */
  readonly lost: Set<QuestionId>;
  readonly sockets: Map<UserId, CellSocket>;
  /** Every socket of each user, where the shell has told of them. */
  readonly connections: Map<UserId, readonly Connection[]>;
  readonly change: Change;
  nextCall: number;
};
