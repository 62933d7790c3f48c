// What a cell knows. Everything under "durable" has a row on disk; everything under "volatile" may vanish at any moment.
import type { Bounds } from '../geo/bounds.ts';
import type { Point } from '../geo/point.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { CellId, OfferId, QuestionId, UserId } from '../protocol/ids.ts';
import type { Birth, Candidate, HoldRecord, Need, OfferCopy, Ping, Profile, StreamItem } from '../protocol/messages.ts';
import type { OfferState } from '../protocol/views.ts';
import type { Agenda } from './agenda.ts';
import type { PutOff } from './coalesce.ts';
import type { Meter } from './meter.ts';
import type { Roster } from './roster.ts';
import type { Sleepers } from './sleepers.ts';

/** The slot that an offer takes at a user held here. `until` asks the question's cell; it never frees by itself. */
export type Hold = Omit<HoldRecord, 'leftMs'> & { readonly until: EpochMs };

/**
 * A user held here. `lapsed`: the lease has ended, the row stays for its last hold. `frozen` after a recall: not matchable,
 * takes no holds, waits for `forget`.
 */
export type Held = {
  readonly user: UserId;
  readonly epoch: number;
  phase: 'live' | 'lapsed' | 'frozen';
  /** When a frozen row last asked whether it may go. */
  frozenAt: EpochMs | undefined;
  session: string;
  seq: number | undefined;
  profile: Profile;
  point: Point;
  pointAt: EpochMs;
  leaseUntil: EpochMs;
  ttlMs: number;
  idleSince: EpochMs;
  coolUntil: EpochMs;
  readonly reputation: number;
  readonly pseudonym: string;
  readonly blocked: readonly UserId[];
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
  /** Volatile: the claim in flight, and the epochs whose grants came too late. */
  call: number | undefined;
  fence: number;
  /** Volatile: who waits for the outcome. */
  tokens: Waiting[];
};

export type Waiting = { readonly token: Token; readonly socket: boolean };

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
  readonly createdAt: EpochMs;
  readonly expiresAt: EpochMs;
  phase: Phase;
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
  /** Cells that answered without leaving a beacon. */
  unlit: number;
  readonly repeat: number;
};

/** A user's socket here, and how many points in a row lay outside the cell. */
export type CellSocket = {
  session: string;
  outside: number;
  /** Absent until a ping that came over it was taken. */
  heard?: boolean;
};

/** What a call in flight is for. */
export type Pending =
  | { readonly t: 'claim'; readonly user: UserId }
  | { readonly t: 'scout'; readonly question: QuestionId; readonly round: Round; readonly cell: CellId }
  | { readonly t: 'reserve'; readonly offer: OfferId; readonly cell: CellId }
  | { readonly t: 'deliver'; readonly question: QuestionId; readonly user: UserId }
  | { readonly t: 'nudge'; readonly question: QuestionId; readonly user: UserId }
  | { readonly t: 'hold'; readonly offer: OfferId; readonly user: UserId }
  | { readonly t: 'where'; readonly user: UserId }
  | { readonly t: 'release' };

export type Near = { readonly cell: CellId; readonly bounds: Bounds };

export type CellState = {
  // durable
  birth: Birth | undefined;
  readonly users: Map<UserId, Held>;
  readonly arriving: Map<UserId, Arriving>;
  readonly questions: Map<QuestionId, Question>;
  readonly beacons: Map<QuestionId, Beacon>;
  journalLast: number;
  /** The largest time seen; `now` never goes below it. */
  clock: EpochMs;
  // derived
  near: readonly Near[];
  bounds: Bounds | undefined;
  readonly roster: Roster;
  readonly sleepers: Sleepers;
  readonly agenda: Agenda;
  /** What needs no alarm of its own: see watch.ts. */
  readonly slack: Agenda;
  // volatile
  readonly meter: Meter;
  /** What ops was last told, and when; at first that nothing is here. */
  readonly told: { band: number; at: EpochMs };
  /** Under pressure: when each user's moves are worked off, and what waits for that. */
  readonly turns: Agenda;
  readonly putOff: Map<UserId, PutOff>;
  armedAt: EpochMs | undefined;
  /** What the sweep's list was last told. */
  busyUntil: EpochMs;
  readonly rounds: Map<QuestionId, Round>;
  readonly calls: Map<number, Pending>;
  /** Questions of beacons that were told of a user here, until the reserve comes or the time is up. */
  readonly nudging: Map<QuestionId, UserId>;
  readonly sockets: Map<UserId, CellSocket>;
  nextCall: number;
};

export type { OfferCopy };
