// What a step wants done, in the one order in which every interpreter does it: rows and alarm in one transaction, then the rest.
import type { EpochMs } from '../lib/brand.ts';
import type { Address, CellRequest, UserRequest } from '../messages/calls.ts';
import type { Veil } from '../messages/records.ts';
import type { MapRequest } from '../messages/resharding.ts';
import type { UserId } from '../protocol/ids.ts';
import type { CellLoad } from '../protocol/status.ts';

/** A row of JSON; `null` deletes. */
export type RowWrite = { readonly table: string; readonly key: string; readonly value: string | null };

/** A call to another object. Its outcome comes back as a `reply` event with the same `call`, a failure or a time-out included. */
export type Send = {
  readonly call: number;
  readonly address: Address;
  readonly request: CellRequest | UserRequest | MapRequest;
  readonly timeoutMs: number;
  /** Nobody waits for it: calls of users go first. */
  readonly background?: true;
};

/** Soft state kept with a connected user's socket: survives hibernation, costs no row, counts only beside a row of its epoch. */
export type Attachment = {
  readonly v: 1;
  readonly user: UserId;
  readonly epoch: number;
  readonly session: string;
  readonly seq: number | undefined;
  readonly lat: number;
  readonly lng: number;
  readonly pointAt: EpochMs;
  readonly leaseUntil: EpochMs;
  /** Points in a row outside the cell; absent: none. */
  readonly outside?: number;
  /** Absent from before there was one. */
  readonly veil?: Veil;
  /** The user has acknowledged all events up to this one; absent: none since the row was written. */
  readonly acked?: number;
};

export type Effects = {
  readonly rows: RowWrite[];
  /** Arms the alarm; `null` disarms it; `undefined` leaves it as it is. */
  alarmAt: EpochMs | null | undefined;
  /** The coarse time until which the cell has work, for the sweep's list; a hint, written seldom. */
  busyUntil: EpochMs | undefined;
  /** What the cell carries, for ops: told seldom, and a hint. */
  load: CellLoad | undefined;
  /** By how much what is stored was ahead of the clock, when that was fixed in this step; for the log. */
  clockLeadMs: number | undefined;
  /** Answers to callers that wait. */
  readonly replies: { readonly token: number; readonly value: unknown }[];
  readonly sends: Send[];
  readonly attachments: Attachment[];
  /** Frames pushed to the sockets of a user here, or to one of them (`only`, by its connection); a final `moved` closes them. */
  readonly frames: {
    readonly user: UserId;
    readonly frame: Readonly<Record<string, unknown>>;
    readonly close: boolean;
    readonly only?: string;
    /** Other than to come again. */
    readonly closeWith?: { readonly code: number; readonly reason: string };
  }[];
};

export const noEffects = (): Effects => ({
  rows: [],
  alarmAt: undefined,
  busyUntil: undefined,
  load: undefined,
  clockLeadMs: undefined,
  replies: [],
  sends: [],
  attachments: [],
  frames: [],
});
