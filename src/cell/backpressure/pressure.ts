// Pushing back: what a cell over its limits asks of its clients, and in which order it refuses them. Memory alone: no row, no state
// but the meter's means, so that pressure goes as it came.

import { type Carried, type Limits, SPLIT_AT } from '../../city/cell-load.ts';
import { type EpochMs, plusMs } from '../../lib/brand.ts';
import { traitsOf } from '../../messages/call-table.ts';
import type { CellRequest } from '../../messages/calls.ts';
import type { Ping } from '../../messages/records.ts';
import type { UserId } from '../../protocol/ids.ts';
import type { Policy } from '../../protocol/policy.ts';
import { type Problem, problem } from '../../protocol/problems.ts';
import { policyOf } from '../questions/need.ts';
import type { CellState } from '../state.ts';
import { countLess, eventsPerS, FADE_MS, stepMs } from './meter.ts';

/** From here on clients are told to ping less often, at most at the next threshold. */
export const STRETCH_ABOVE = 0.75;
/** Points that follow each other within the usual interval are taken, and worked off together. */
export const COALESCE_ABOVE = 1;
export const REFUSE_PINGS_ABOVE = 1.5;
/** New questions, and moves of known ones. */
export const REFUSE_ASKS_ABOVE = 2.5;
/** Accepts, declines and answers: last of all. */
export const REFUSE_OFFERS_ABOVE = 3;

/** A lease is renewed this many times before it ends, so that two lost pings cost nobody their place. */
const PINGS_A_LEASE = 3;
const RETRY_MIN_S = 2;
const RETRY_MAX_S = 120;

/**
 * What comes in, as a share of what a cell can carry: its events, or the time that they take, whichever is more. Users alone
 * make a cell split, not refuse. The mean time of a step does not count by itself: refusing the cheap would raise it.
 */
export function strainOf({ eventsPerS: events, stepMs: step }: Omit<Carried, 'users'>, limits: Limits): number {
  return Math.max(events / limits.eventsPerS, (events * step) / (limits.eventsPerS * limits.stepMs)) / SPLIT_AT;
}

/**
 * When a client is to ping next, in ms: the usual time up to STRETCH_ABOVE, from there in a straight line to the longest that
 * keeps the lease (`ttlMs`) and the point young enough, which is reached at COALESCE_ABOVE; and never so often that all the
 * users together would come above STRETCH_ABOVE. The second half knows what is coming, and so keeps the first from swinging.
 */
export function pingEveryMs(strain: number, users: number, ttlMs: number, policy: Policy): number {
  const longestMs = Math.min(ttlMs, policy.pointAgeMaxMs) / PINGS_A_LEASE;
  const usualMs = Math.min(policy.presence.pingEveryS * 1000, longestMs);
  const stretch = Math.min(1, Math.max(0, (strain - STRETCH_ABOVE) / (COALESCE_ABOVE - STRETCH_ABOVE)));
  const allMs = (users * 1000) / (STRETCH_ABOVE * SPLIT_AT * policy.limits.eventsPerS);
  return Math.max(usualMs + (longestMs - usualMs) * stretch, Math.min(allMs, longestMs));
}

/** After how long what is refused above `threshold` may be taken again, should nothing else come in. */
export function retryAfterS(strain: number, threshold: number, minS = RETRY_MIN_S): number {
  const fadingS = (FADE_MS / 1000) * Math.log(Math.max(1, strain / threshold));
  return Math.min(RETRY_MAX_S, Math.max(minS, Math.ceil(fadingS)));
}

export function strainNow(state: CellState, now: EpochMs): number {
  const { meter } = state;
  return strainOf({ eventsPerS: eventsPerS(meter, now), stepMs: stepMs(meter) }, policyOf(state).limits);
}

/** In whole seconds, as clients are told: at least one. */
export function pingEveryS(state: CellState, ttlMs: number, now: EpochMs): number {
  return Math.max(
    1,
    Math.floor(pingEveryMs(strainNow(state, now), state.roster.size(), ttlMs, policyOf(state)) / 1000),
  );
}

/**
 * The refusal of a client's request, if there is to be one. Calls between objects, cancels, leaves and reads are never refused,
 * nor is the repetition of an ask whose question is known.
 */
export function refusal(state: CellState, request: CellRequest, now: EpochMs): Problem | undefined {
  const above = thresholdOf(state, request);
  if (above === undefined) return undefined;
  const strain = strainNow(state, now);
  return strain > above ? overloaded(retryAfterS(strain, above)) : undefined;
}

/**
 * The refusal of a ping. Newcomers wait; whoever is held here or on the way keeps the lease that was promised, and is refused
 * only what comes sooner than they were told. The first ping of a new session or socket is always theirs.
 */
export function refusePing(
  state: CellState,
  user: UserId,
  sent: Ping,
  fresh: boolean,
  now: EpochMs,
): Problem | undefined {
  const strain = strainNow(state, now);
  if (strain <= REFUSE_PINGS_ABOVE) return undefined;
  const policy = policyOf(state);
  const known = lastOf(state, user);
  let refused: Problem | undefined;
  if (known === undefined) {
    refused = overloaded(retryAfterS(strain, REFUSE_PINGS_ABOVE, policy.presence.pingEveryS));
  } else if (!fresh && known.session === sent.session) {
    const waitMs = plusMs(known.pingAt, pingEveryMs(strain, state.roster.size(), known.ttlMs, policy)) - now;
    if (waitMs > ROUNDING_MS) refused = overloaded(Math.ceil(waitMs / 1000));
  }
  if (refused !== undefined) countLess(state.meter);
  return refused;
}

/** Clients are told whole seconds, and their clocks differ a little. */
const ROUNDING_MS = 1500;

function lastOf(
  state: CellState,
  user: UserId,
): { readonly session: string; readonly pingAt: EpochMs; readonly ttlMs: number } | undefined {
  const resident = state.users.get(user);
  if (resident?.phase === 'live') return { session: resident.session, pingAt: resident.pointAt, ttlMs: resident.ttlMs };
  const pending = state.claims.get(user);
  if (pending === undefined) return undefined;
  const { ping, pingAt, leaseUntil } = pending;
  return { session: ping.session, pingAt, ttlMs: leaseUntil - pingAt };
}

function thresholdOf(state: CellState, request: CellRequest): number | undefined {
  // One that is known is no new work.
  if (request.t === 'ask' && state.questions.has(request.question.id)) return undefined;
  const { refusedAs } = traitsOf(request.t);
  return refusedAs && { ask: REFUSE_ASKS_ABOVE, offer: REFUSE_OFFERS_ABOVE }[refusedAs];
}

const overloaded = (waitS: number): Problem => ({
  ...problem('busy', 'more comes in here than one place can carry'),
  retryAfterS: waitS,
});
