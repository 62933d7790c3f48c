// What a UserObject knows: who holds the user, and the record while nobody does.
import type { EpochMs } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { UserRecord } from '../messages/records.ts';
import type { CellId, UserId } from '../protocol/ids.ts';
import type { Inbox } from '../record/inbox.ts';
import type { Waiter } from '../record/waiting.ts';

/** Named by the newest claim. */
export type Claimant = {
  readonly cell: CellId;
  readonly session: string;
  readonly seq: number | undefined;
  /** Of the claim, and when its ping came. Absent when it claims for a holder, and in rows of before. */
  readonly order?: number;
  readonly pingAt?: EpochMs;
  /** Claims for a holder who hands the user over, not for a ping. */
  readonly handed?: true;
  /** Claims for a socket's opening that says no profile: nothing for somebody of whom none is known. */
  readonly opening?: true;
};

/** Who holds the user. Only a recall that was answered, or a record that was returned, moves it; time never does. */
export type Holding =
  /** Nobody: the record lies here. `last`: the cell that held the user before, where a socket of theirs may still be. */
  | { readonly t: 'free'; readonly last?: CellId }
  | { readonly t: 'held'; readonly cell: CellId; readonly since: EpochMs }
  /** `cell` holds epoch `epoch` and has been asked to give it up. */
  | { readonly t: 'recalling'; readonly cell: CellId; readonly claimant: Claimant }
  /** The same, for nobody: the user leaves. `order`: of the leave, among the claims. */
  | { readonly t: 'leaving'; readonly cell: CellId; readonly order: number };

export type Meta = {
  readonly user: UserId;
  readonly pseudonym: string;
  epoch: number;
  holding: Holding;
  /** What the user's cell said when it last gave them up, but the inbox. While a cell holds them, it is what that cell was granted. */
  record: UserRecord | null;
  /** Since when it lies here; unknown in rows of before. */
  recordAt?: EpochMs;
  /** Of the newest claim, or leave. */
  session: string | undefined;
  seq: number | undefined;
  /** The sessions before it, newest first, with their highest numbers: what is no higher is a copy. */
  past?: readonly { readonly session: string; readonly seq: number }[];
  /** Of the newest claim for a ping, or leave, that was heard of, granted or not: a count. */
  order: number;
  /** The newest leave. */
  left?: { readonly at: EpochMs; readonly session?: string | undefined; readonly seq?: number | undefined };
  /** From before inboxes went with their users: it lies here although a cell holds the user, until that cell has asked for it. */
  apart?: true;
};

export type UserState = {
  // durable
  meta: Meta | undefined;
  /** Of the record: the copy of it that was granted, while a cell holds the user. */
  inbox: Inbox;
  clock: EpochMs;
  /** Rows of before, which the next row of `meta` takes the place of. */
  readonly former: { readonly table: string; readonly key: string }[];
  // volatile
  pseudonym: string;
  armedAt: EpochMs | undefined;
  behind: Clock['behind'];
  nextCall: number;
  /** Calls that are under way. */
  readonly calls: Set<number>;
  recallCall: number | undefined;
  /** For which claim it was sent. */
  recallFor: number | undefined;
  /** Whether the holder has a row of this epoch is being asked. */
  probe: { readonly call: number; readonly epoch: number } | undefined;
  /** Who waits for the outcome of a recall: claims of the newest claimant's cell alone. */
  readonly claims: { readonly token: number; readonly order: number }[];
  /** Who waits for the outcome of a leave. */
  readonly leavers: number[];
  readonly waiters: Waiter[];
};
