// The connections of users here: each ends with its token, and of one user there are not too many. Memory alone: what a connection
// carries with its socket brings it back after a construction.

import { type EpochMs, epochMs } from '../../lib/brand.ts';
import { iso } from '../../lib/iso.ts';
import { errorFrame } from '../../protocol/frames.ts';
import type { UserId } from '../../protocol/ids.ts';
import { type Problem, problem } from '../../protocol/problems.ts';
import { policyOf } from '../questions/need.ts';
import type { AnyCell } from '../state.ts';
import { dueKey } from '../tables/indexes.ts';
import type { Step } from '../workspace.ts';
import { socketLost } from './sockets.ts';

export type Connection = {
  readonly id: string;
  readonly user: UserId;
  readonly openedAt: EpochMs;
  /** Of its token; absent: it has no end. */
  readonly expiresAt?: EpochMs | undefined;
  /** It was told that its token is about to end. */
  readonly warned?: boolean;
};

/** Close codes of ours, beside the one that says to come again elsewhere. */
export const CLOSE_EXPIRED = 4401;
export const CLOSE_TOO_MANY = 4409;
/** SOCK1: so long before its token ends a connection is told. */
export const WARNED_MS = 60_000;

/** SOCK2: with more than the policy allows, the oldest of the user go. */
export function connected(step: Step, opened: readonly Connection[]): void {
  const { state } = step;
  for (const connection of opened) {
    const all = noteConnection(state, connection);
    const { socketsMax } = policyOf(state).presence;
    const oldestFirst = all.sort((a, b) => a.openedAt - b.openedAt);
    for (const oldest of oldestFirst.slice(0, Math.max(0, all.length - socketsMax)))
      end(step, oldest, { ...problem('too_many_sockets'), more: { most: socketsMax } }, CLOSE_TOO_MANY);
  }
}

/** All connections of its user, it being one of them. */
export function noteConnection(state: AnyCell, connection: Connection): Connection[] {
  const all = [...of(state, connection.user).filter(({ id }) => id !== connection.id), connection];
  put(state, connection.user, all);
  return all;
}

export function disconnected({ state }: Step<AnyCell>, user: UserId, id: string): void {
  put(
    state,
    user,
    of(state, user).filter((one) => one.id !== id),
  );
}

/** Its token was followed by another. */
export function renewed({ state }: Step<AnyCell>, user: UserId, id: string, expiresAt: EpochMs | undefined): void {
  put(
    state,
    user,
    of(state, user).map((one) => (one.id === id ? { ...one, expiresAt, warned: false } : one)),
  );
}

/** Warns those of the user's connections whose tokens are about to end, and ends those whose tokens have. */
export function connectionsDue(step: Step, user: UserId): void {
  const { state, now } = step;
  for (const connection of of(state, user)) {
    const { id, expiresAt, warned } = connection;
    if (expiresAt === undefined) continue;
    if (expiresAt <= now) end(step, connection, problem('token_expired'), CLOSE_EXPIRED);
    else if (warned !== true && expiresAt - WARNED_MS <= now) {
      const frame = { t: 'expiring', expiresAt: iso(expiresAt), inS: Math.ceil((expiresAt - now) / 1000) };
      step.effects.frames.push({ user, frame, close: false, only: id });
      put(
        state,
        user,
        of(state, user).map((one) => (one.id === id ? { ...one, warned: true } : one)),
      );
    }
  }
  put(state, user, of(state, user));
}

/** Nothing that it sends counts any more. */
export function isOver({ expiresAt }: Pick<Connection, 'expiresAt'>, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

const of = ({ connections }: AnyCell, user: UserId): readonly Connection[] => connections.get(user) ?? [];

function end(step: Step, { id, user }: Connection, why: Problem, code: number): void {
  step.effects.frames.push({
    user,
    frame: errorFrame(undefined, why),
    close: true,
    only: id,
    closeWith: { code, reason: why.code },
  });
  disconnected(step, user, id);
  if (of(step.state, user).length === 0) socketLost(step, user);
}

/** The alarm is for the first that is to be warned, or ended. */
function put({ connections, agenda }: AnyCell, user: UserId, all: readonly Connection[]): void {
  if (all.length === 0) connections.delete(user);
  else connections.set(user, all);
  let due = Number.POSITIVE_INFINITY;
  for (const { expiresAt, warned } of all)
    if (expiresAt !== undefined) due = Math.min(due, warned === true ? expiresAt : expiresAt - WARNED_MS);
  agenda.set(dueKey('connection', user), Number.isFinite(due) ? epochMs(due) : undefined);
}
