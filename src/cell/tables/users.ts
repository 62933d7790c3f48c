// Users of whom the cell is the holder: the type, the row, and when each wants attention.
import type { Point } from '../../geo/point.ts';
import { type EpochMs, epochMs, plusMs } from '../../lib/brand.ts';
import { versionedOf } from '../../lib/versioned.ts';
import type { PingTime } from '../../messages/calls.ts';
import { type HoldRecord, NOWHERE, type PackedInbox, type Veil } from '../../messages/records.ts';
import type { OfferId, QuestionId, UserId } from '../../protocol/ids.ts';
import type { Profile } from '../../protocol/profile.ts';
import type { Inbox } from '../../record/inbox.ts';
import { packInbox, unpackInbox } from '../../record/packed.ts';
import type { Agenda } from '../agenda.ts';
import { type Agendas, dueKey, watch } from './indexes.ts';

/** 2: a frozen row may be on its way home, and knows which recalls came to nothing. 3: how what others see follows. 4: the inbox. */
const VERSION = 4;

/** Who comes back to the same cell within that time costs no call. */
const LAPSED_STAYS_MS = 24 * 3_600_000;

/** A frozen row whose `forget` was lost asks after itself this often. */
const FROZEN_ASKS_MS = 60_000;

/**
 * The slot that an offer takes at a user held here. `until` asks the question's cell, and `askAt` before that if it is there; neither
 * frees by itself.
 */
export type Hold = Omit<HoldRecord, 'leftMs'> & { readonly until: EpochMs; readonly askAt?: EpochMs };

type Common = {
  readonly user: UserId;
  readonly epoch: number;
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
  /** Absent in rows from before inboxes went with their users, until the UserObject was asked for it. */
  inbox: Inbox | undefined;
  readonly holds: Map<OfferId, Hold>;
  readonly holdsQuestion: (id: QuestionId) => boolean;
};

type Answers = {
  /** The newest recall that was answered `kept`: a copy of it is answered the same. */
  keptFor?: number;
  /** Volatile: the same, of a recall that nobody counted. */
  keptPing?: PingTime;
};

export type LiveResident = Common & Answers & { readonly phase: 'live' };

/** The lease has ended: matchable nowhere, without a point, and custodian of the record until it goes home. */
export type LapsedResident = Common & Answers & { readonly phase: 'lapsed'; readonly lapsedAt: EpochMs };

/** After a recall, or when the record goes home by itself: not matchable, takes no holds, waits until somebody else has what it says. */
export type FrozenResident = Common & {
  readonly phase: 'frozen';
  /** When it last asked whether it may go. */
  frozenAt: EpochMs;
  /** Set when the record goes home by itself: when it is sent next, unless it was taken. */
  returnAt?: EpochMs;
  /** Volatile: it has asked whether it may go, and has answered no recall since. */
  asks?: boolean;
};

/** A user held here. */
export type Resident = LiveResident | LapsedResident | FrozenResident;

type Fields<Of extends Resident> = Of extends Resident
  ? Omit<Of, 'holds' | 'holdsQuestion'> & { readonly holds: readonly Hold[] }
  : never;

type RowOf<Of extends Resident> = Of extends Resident
  ? Omit<Fields<Of>, 'inbox'> & { readonly inbox?: PackedInbox }
  : never;
type Row = RowOf<LiveResident> | RowOf<LapsedResident> | RowOf<FrozenResident>;

/** Builds a user held here from its fields. */
export function residentOf<Of extends Resident>(fields: Fields<Of>): Of {
  const holds = new Map<OfferId, Hold>(fields.holds.map((hold) => [hold.offerId, asked(hold)]));
  const holdsQuestion = (id: QuestionId): boolean => {
    for (const hold of holds.values()) if (hold.questionId === id) return true;
    return false;
  };
  return { ...fields, holds, holdsQuestion } as unknown as Of;
}

// One phase becomes another in place: the roster, the agenda and whoever looks at it share the resident.

/** Nobody needs to know any more where they were. */
export function lapsed(resident: LiveResident, now: EpochMs): LapsedResident {
  resident.point = NOWHERE;
  resident.veil = undefined;
  return Object.assign<Common & Answers, Pick<LapsedResident, 'phase' | 'lapsedAt'>>(resident, {
    phase: 'lapsed',
    lapsedAt: now,
  });
}

export function revived(resident: LapsedResident): LiveResident {
  return Object.assign<Common & Answers, Pick<LiveResident, 'phase'>>(resident, { phase: 'live' });
}

export function frozen(resident: LiveResident | LapsedResident, now: EpochMs): FrozenResident {
  return Object.assign<Common, Pick<FrozenResident, 'phase' | 'frozenAt'>>(resident, {
    phase: 'frozen',
    frozenAt: now,
  });
}

/** As one whose lease has ended: only a ping makes them matchable again. */
export function thawed(
  { frozenAt: _, returnAt: _gone, asks: _asks, ...row }: FrozenResident,
  now: EpochMs,
): LapsedResident {
  return { ...row, point: NOWHERE, veil: undefined, phase: 'lapsed', lapsedAt: now };
}

/** Rows of before do not say when an accepted hold is to be asked about: at once. */
const asked = (hold: Hold): Hold =>
  hold.state === 'accepted' && hold.askAt === undefined ? { ...hold, askAt: epochMs(0) } : hold;

export function encodeUser(resident: Resident): string {
  const {
    holdsQuestion: _,
    keptPing: _kept,
    asks: _asks,
    holds,
    inbox,
    ...rest
  } = resident as FrozenResident & Answers;
  const packed = inbox === undefined ? {} : { inbox: packInbox(inbox) };
  return JSON.stringify({ v: VERSION, ...rest, holds: [...holds.values()], ...packed });
}

export function decodeUser(text: string): Resident {
  const { v: _, inbox: packed, ...row } = versionedOf<Row>([1, 2, 3, VERSION], 'users', text);
  const inbox = packed === undefined ? undefined : unpackInbox(packed);
  if (row.phase === 'live') return residentOf({ ...row, inbox });
  // Until version 4 a lapsed row stayed for its last hold alone, and did not say since when.
  if (row.phase === 'lapsed') return residentOf({ ...row, inbox, lapsedAt: row.lapsedAt ?? row.leaseUntil });
  // Rows of version 1 do not say when they were frozen.
  return residentOf({ ...row, inbox, frozenAt: row.frozenAt ?? row.leaseUntil });
}

/** When the question of a hold is asked what became of it. */
export const dueHold = ({ until, askAt }: Hold): EpochMs => askAt ?? until;

export const dueHome = ({ lapsedAt }: LapsedResident): EpochMs => plusMs(lapsedAt, LAPSED_STAYS_MS);

/**
 * The end of the lease while it runs, or the time of the first hold; a lapsed row: when it goes home; a frozen one: when to ask whether it
 * may go, or to send it home again.
 */
export function dueResident(resident: Resident): EpochMs | undefined {
  if (resident.phase === 'frozen') return resident.returnAt ?? plusMs(resident.frozenAt, FROZEN_ASKS_MS);
  let due: number = resident.phase === 'live' ? resident.leaseUntil : dueHome(resident);
  for (const hold of resident.holds.values()) due = Math.min(due, dueHold(hold));
  return epochMs(due);
}

type Watched = Agendas & {
  readonly lapsed: Set<UserId>;
  readonly sockets: ReadonlyMap<UserId, unknown>;
  readonly rests: Agenda;
  readonly clock: EpochMs;
};

/** After any change of their row, their holds, or their socket. */
export function watchUser(state: Watched, user: UserId, resident: Resident | undefined): void {
  const isQuiet = resident?.phase === 'live' && resident.holds.size === 0 && state.sockets.has(user);
  const rests = resident?.phase === 'live' && resident.coolUntil > state.clock;
  if (resident?.phase === 'lapsed') state.lapsed.add(user);
  else state.lapsed.delete(user);
  state.rests.set(user, rests ? resident.coolUntil : undefined);
  watch(state, dueKey('user', user), resident && dueResident(resident), isQuiet);
}
