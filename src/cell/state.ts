// What a cell knows. Everything under "durable" has a row on disk; everything under "volatile" may vanish at any moment.
import type { Bounds } from '../geo/bounds.ts';
import type { EpochMs } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { Near, Search } from '../matching/search.ts';
import type { MapRow } from '../messages/map-row.ts';
import type { Op } from '../messages/resharding.ts';
import type { CellId, OfferId, QuestionId, UserId } from '../protocol/ids.ts';
import type { QuestionView } from '../protocol/views.ts';
import type { Waiter } from '../record/waiting.ts';
import type { Agenda } from './agenda.ts';
import type { Meter } from './backpressure/meter.ts';
import type { ScoutBudget } from './questions/scout-budget.ts';
import type { Questions } from './questions/shelf.ts';
import type { Sleepers } from './questions/sleepers.ts';
import type { Beacon } from './tables/beacons.ts';
import type { PendingClaim, Token } from './tables/claims.ts';
import type { Transfer } from './tables/incoming.ts';
import type { Waiting } from './tables/journal.ts';
import type { Role } from './tables/role.ts';
import type { Resident } from './tables/users.ts';
import type { Connection } from './users/connections.ts';
import type { Roster } from './users/roster.ts';

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
  | { readonly t: 'scout'; readonly question: QuestionId; readonly search: Search; readonly cell: CellId }
  | { readonly t: 'reserve'; readonly offer: OfferId; readonly cell: CellId }
  | { readonly t: 'deliver'; readonly question: QuestionId; readonly user: UserId }
  | { readonly t: 'nudge'; readonly question: QuestionId; readonly user: UserId }
  | { readonly t: 'hold'; readonly offer: OfferId; readonly user: UserId }
  | { readonly t: 'where'; readonly user: UserId }
  | { readonly t: 'return'; readonly user: UserId; readonly epoch: number }
  | { readonly t: 'release' }
  | { readonly t: 'dropBeacon' }
  | { readonly t: 'missing' }
  | { readonly t: 'take'; readonly user: UserId }
  | { readonly t: 'task'; readonly lane: string; readonly task: Task };

/** What is to be done for a change of the map; `op` tells whether it still is. */
export type Task = {
  readonly op: Op;
  readonly what: 'init' | 'ready' | 'retire' | 'rows' | 'swap' | 'adopt' | 'take' | 'filled' | 'handed';
  readonly cell: CellId | undefined;
  readonly questions?: readonly QuestionId[];
};

/** One task after the other goes down a lane; one that failed is repeated later. */
export type Lane = { call: number | undefined; failures: number; retryAt: EpochMs | undefined };

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

type Common = {
  // durable
  role: Role;
  readonly users: Map<UserId, Resident>;
  readonly claims: Map<UserId, PendingClaim>;
  readonly questions: Questions;
  readonly beacons: Map<QuestionId, Beacon>;
  readonly transfers: Map<UserId, Transfer>;
  /** The last number that was given to a record. */
  journalLast: number;
  /** In rows of their owners until they are gathered into one of the journal, in the order of their numbers. */
  readonly waiting: Waiting[];
  /** The largest time seen; `now` never goes below it, unless the machine's clock has proved to have been far ahead. */
  clock: EpochMs;
  // derived
  near: readonly Near[];
  readonly roster: Roster;
  /** Whose lease has ended and whose records are here, those that have just lapsed last. */
  readonly lapsed: Set<UserId>;
  readonly sleepers: Sleepers;
  readonly agenda: Agenda;
  /** What needs no alarm of its own: see tables/indexes.ts. */
  readonly lazyAgenda: Agenda;
  /** When the rest of each user ends who has one: an arrival, where somebody sleeps. */
  readonly rests: Agenda;
  // volatile
  readonly meter: Meter;
  /** What ops was last told, and when; at first that nothing is here. `isFilled`: everybody of the cells before was here by then. */
  readonly lastReport: { band: number; at: EpochMs; isFilled: boolean };
  /** Under pressure: when each user's moves are worked off, and what waits for that. */
  readonly turns: Agenda;
  readonly putOff: Map<UserId, PutOff>;
  armedAt: EpochMs | undefined;
  behind: Clock['behind'];
  /** What the sweep's list was last told. */
  busyUntil: EpochMs;
  readonly searches: Map<QuestionId, Search>;
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
  /** Who waits for what the custodian of the asker's record says of a question that was stored. */
  readonly askers: Map<QuestionId, { readonly tokens: Token[]; readonly view: QuestionView }>;
  /** Who waits for events of somebody whose record lies here. */
  readonly waiters: (Waiter & { readonly user: UserId })[];
  nextCall: number;
};

/** It has never been told of its row of the map: it decides nothing, and says so. */
export type UninitialisedCell = Common & { readonly mapRow: undefined; readonly bounds: undefined };

export type CellState = Common & { mapRow: MapRow; bounds: Bounds };

export type AnyCell = UninitialisedCell | CellState;

export const isInitialised = (state: AnyCell): state is CellState => state.mapRow !== undefined;
