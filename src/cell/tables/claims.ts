// Users who ping here and are claimed: the type, the row that a claim has once a ping was acknowledged, and when each wants attention.
import type { EpochMs } from '../../lib/brand.ts';
import { versioned } from '../../lib/versioned.ts';
import type { Ping } from '../../messages/records.ts';
import type { Adjusted } from '../../protocol/adjusted.ts';
import type { UserId } from '../../protocol/ids.ts';
import type { Profile } from '../../protocol/profile.ts';
import { type Agendas, dueKey, watch } from './indexes.ts';

const VERSION = 1;

/** Names a caller that waits; given by the shell, meaningless here. */
export type Token = number;

export type Waiting = {
  readonly token: Token;
  readonly socket: boolean;
  /** Of the ping that is to be answered. */
  readonly adjusted?: readonly Adjusted[];
};

/** A user who pings here and is claimed: visible, not matchable. */
export type PendingClaim = {
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
  /** Volatile: the call that asks for the user, the ping that it is for, and how many had waited when it went out: they come first. */
  inFlight: { readonly call: number; ping: Ping; readonly waiting: number } | undefined;
  /** Volatile: the epochs whose grants came too late. */
  fence: number;
  /** Volatile: the epoch of the last grant that came too late. */
  denied?: number;
  /** Volatile: who waits for the outcome. */
  tokens: Waiting[];
  /** Volatile: words of the profile that were said since the claim went out. */
  saidSince: Partial<Profile>;
};

type Row = Pick<PendingClaim, 'user' | 'ping' | 'pingAt' | 'leaseUntil' | 'retryAt' | 'order'>;

export function encodeClaim(pending: PendingClaim): string {
  const { user, ping, pingAt, leaseUntil, retryAt, order } = pending;
  return JSON.stringify({ v: VERSION, user, ping, pingAt, leaseUntil, retryAt, order });
}

export function decodeClaim(text: string): PendingClaim {
  const row = versioned<Row>(VERSION, 'arriving', text);
  return { ...row, stored: true, again: true, inFlight: undefined, fence: 0, tokens: [], saidSince: {} };
}

export function dueClaim(pending: PendingClaim): EpochMs {
  const { leaseUntil, retryAt } = pending;
  return retryAt === undefined || retryAt > leaseUntil ? leaseUntil : retryAt;
}

export function watchClaim(state: Agendas, user: UserId, pending: PendingClaim | undefined): void {
  const isAsked = pending?.inFlight !== undefined && !pending.stored;
  watch(state, dueKey('claim', user), pending && dueClaim(pending), isAsked);
}
