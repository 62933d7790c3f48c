// One step's bookkeeping: what changed, what is to be said, and the effects that come of it. Rows are written once each, at the end.

import { arm } from '../engine/alarm.ts';
import { type Effects, noEffects } from '../engine/effects.ts';
import { type EpochMs, epochMs } from '../lib/brand.ts';
import type { Chance } from '../lib/chance.ts';
import type { Address, CellReply, CellRequest, UserRequest } from '../messages/calls.ts';
import type { MapRequest } from '../messages/resharding.ts';
import type { QuestionId, UserId } from '../protocol/ids.ts';
import { gathered, waitingIn } from './journal.ts';
import { LazySet } from './lazy-set.ts';
import { isPaid } from './questions/lifecycle.ts';
import { isAtRest } from './resharding/phases.ts';
import type { AnyCell, CellState, Pending } from './state.ts';
import {
  beacons,
  claims,
  type EntityTable,
  incoming,
  indexRole,
  journal,
  meta,
  questions,
  users,
} from './tables/all.ts';
import type { Token } from './tables/claims.ts';
import { nextAlarm } from './tables/indexes.ts';
import { type JournalRecord, type Owner, withRecords } from './tables/journal.ts';
import { hasEnded } from './tables/questions.ts';
import { encodeMapRow, encodeRole } from './tables/role.ts';

const BUSY_STEP_MS = 3_600_000;

export type Step<State extends AnyCell = CellState> = {
  readonly state: State;
  readonly now: EpochMs;
  readonly chance: Chance;
  readonly effects: Effects;
  readonly users: LazySet<UserId>;
  readonly questions: LazySet<QuestionId>;
  readonly claims: LazySet<UserId>;
  /** Whose row under `arriving` is of no use any more. Most arrivals never have one. */
  readonly settledClaims: LazySet<UserId>;
  readonly beacons: LazySet<QuestionId>;
  readonly transfers: LazySet<UserId>;
  /** Questions whose due time changed although their row did not. */
  readonly touched: LazySet<QuestionId>;
  /** Users who may have become suitable in this step: held against the sleepers at its end. */
  readonly wakeCandidates: LazySet<UserId>;
  /** Questions that owe somebody news: delivered once the step is over. */
  readonly owing: LazySet<QuestionId>;
  /** What happened, and in whose row it is to wait. */
  readonly records: (Owner & { readonly what: JournalRecord })[];
  /** All that waits is to be gathered. */
  gathers: boolean;
  /** How many records have gone home in this step. */
  returning: number;
  mapRowChanged: boolean;
  /** It had never lived before this step. */
  fresh: boolean;
  roleChanged: boolean;
};

export function begin<State extends AnyCell>(state: State, now: EpochMs, chance: Chance): Step<State> {
  return {
    state,
    now,
    chance,
    effects: noEffects(),
    users: new LazySet(),
    questions: new LazySet(),
    claims: new LazySet(),
    settledClaims: new LazySet(),
    beacons: new LazySet(),
    transfers: new LazySet(),
    touched: new LazySet(),
    wakeCandidates: new LazySet(),
    owing: new LazySet(),
    records: [],
    gathers: false,
    returning: 0,
    mapRowChanged: false,
    fresh: false,
    roleChanged: false,
  };
}

export function reply(step: Step<AnyCell>, token: Token, value: CellReply): void {
  step.effects.replies.push({ token, value });
}

/**
 * Has the step write something, whatever it decides: an instance that was cut off from its disk, and whose memory is that of before another
 * took its place, fails at that, and answers nobody.
 */
export function fence(step: Step): void {
  step.roleChanged = true;
}

/** Calls another object; the outcome comes back as an event. `isBackground`: nobody waits for it. */
export function call(
  step: Step,
  what: Pending,
  address: Address,
  request: CellRequest | UserRequest | MapRequest,
  timeoutMs: number,
  isBackground = false,
): number {
  const id = step.state.nextCall++;
  step.state.calls.set(id, what);
  step.effects.sends.push({ call: id, address, request, timeoutMs, ...(isBackground ? { background: true } : {}) });
  return id;
}

/** Turns what changed into rows and the alarm. `inAlarm`: the handler arms the true minimum; elsewhere it is only moved earlier. */
export function finish(step: Step, inAlarm: boolean): Effects {
  const { state, effects } = step;
  const rows = gathered(step, inAlarm);
  if (step.mapRowChanged) put(step, meta.name, 'birth', encodeMapRow(state.mapRow));
  if (step.roleChanged) put(step, meta.name, 'life', encodeRole(state.role));
  save(step, users, step.users);
  for (const id of step.settledClaims.items())
    if (state.claims.get(id)?.stored !== true) put(step, claims.name, id, null);
  save(step, claims, step.claims);
  save(step, incoming, step.transfers);
  for (const id of step.questions.items()) {
    put(step, questions.name, id, questions.row(state, id));
    step.touched.add(id);
  }
  for (const id of step.touched.items()) questions.index(state, id, step.now, true);
  save(step, beacons, step.beacons);
  for (const { key, value } of rows) put(step, journal.name, key, value);
  indexRole(state, step.now, true);
  arm(state, effects, nextAlarm(state), step.now, inAlarm);
  tellSweep(step);
  state.questions.settle(step.touched.items());
  return effects;
}

/** An open question, or one that owes news, beyond what the list knows: told at most hourly, an hour ahead at least. */
function tellSweep(step: Step): void {
  const { state } = step;
  let until = state.busyUntil;
  for (const id of step.touched.items()) {
    const question = state.questions.get(id);
    if (question === undefined) continue;
    if (!hasEnded(question.phase)) until = epochMs(Math.max(until, question.expiresAt));
    // What has ended and still owes somebody news must go on too.
    else if (!isPaid(question)) until = epochMs(Math.max(until, step.now + 1));
  }
  // A change of the map must go on, whatever becomes of its alarm.
  if (!isAtRest(state.role)) until = epochMs(Math.max(until, step.now + 1));
  if (until === state.busyUntil) return;
  state.busyUntil = epochMs(Math.max(until, step.now + BUSY_STEP_MS));
  step.effects.busyUntil = state.busyUntil;
}

/** The rows of what has changed, and what follows from it. */
function save<Id extends string>(step: Step, table: EntityTable<Id>, changed: LazySet<Id>): void {
  for (const id of changed.items()) {
    put(step, table.name, id, table.row(step.state, id));
    table.index(step.state, id, step.now, true);
  }
}

/** `undefined`: there is nothing to be written. */
function put(step: Step, table: string, key: string, value: string | null | undefined): void {
  if (value === undefined) return;
  const row = value === null ? null : withRecords(value, waitingIn(step.state, table, key));
  step.effects.rows.push({ table, key, value: row });
}
