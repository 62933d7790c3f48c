// One step's bookkeeping: what changed, what is to be said, and the effects that come of it. Rows are written once each, at the end.

import { arm } from '../engine/alarm.ts';
import { type Effects, noEffects } from '../engine/effects.ts';
import { type EpochMs, epochMs } from '../lib/brand.ts';
import type { Chance } from '../lib/chance.ts';
import type { Address, CellReply, CellRequest, UserRequest } from '../messages/calls.ts';
import type { MapRequest } from '../messages/resharding.ts';
import type { QuestionId, UserId } from '../protocol/ids.ts';
import { LazySet } from './lazy-set.ts';
import { isPaid } from './questions/lifecycle.ts';
import { isAtRest } from './resharding/life.ts';
import type { CellState, Pending } from './state.ts';
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
import type { JournalRecord } from './tables/journal.ts';
import { encodeJournal } from './tables/journal.ts';
import { hasEnded } from './tables/questions.ts';
import { encodeBirth, encodeLife } from './tables/role.ts';

const BUSY_STEP_MS = 3_600_000;
/** BOUND2: of one row. */
const JOURNAL_RECORDS_MAX = 1000;

export type Tx = {
  readonly state: CellState;
  readonly now: EpochMs;
  readonly chance: Chance;
  readonly effects: Effects;
  readonly users: LazySet<UserId>;
  readonly questions: LazySet<QuestionId>;
  readonly arriving: LazySet<UserId>;
  /** Whose row under `arriving` is of no use any more. Most arrivals never have one. */
  readonly arrived: LazySet<UserId>;
  readonly beacons: LazySet<QuestionId>;
  readonly taking: LazySet<UserId>;
  /** Questions whose due time changed although their row did not. */
  readonly touched: LazySet<QuestionId>;
  /** Users who may have become suitable in this step: held against the sleepers at its end. */
  readonly arrivals: LazySet<UserId>;
  /** Questions that owe somebody news: delivered once the step is over. */
  readonly owing: LazySet<QuestionId>;
  readonly journal: JournalRecord[];
  /** How many records have gone home in this step. */
  returning: number;
  born: boolean;
  /** It had never lived before this step. */
  fresh: boolean;
  life: boolean;
};

export function begin(state: CellState, now: EpochMs, chance: Chance): Tx {
  return {
    state,
    now,
    chance,
    effects: noEffects(),
    users: new LazySet(),
    questions: new LazySet(),
    arriving: new LazySet(),
    arrived: new LazySet(),
    beacons: new LazySet(),
    taking: new LazySet(),
    touched: new LazySet(),
    arrivals: new LazySet(),
    owing: new LazySet(),
    journal: [],
    returning: 0,
    born: false,
    fresh: false,
    life: false,
  };
}

export function reply(tx: Tx, token: Token, value: CellReply): void {
  tx.effects.replies.push({ token, value });
}

/** Calls another object; the outcome comes back as an event. `isBackground`: nobody waits for it. */
export function call(
  tx: Tx,
  what: Pending,
  address: Address,
  request: CellRequest | UserRequest | MapRequest,
  timeoutMs: number,
  isBackground = false,
): number {
  const id = tx.state.nextCall++;
  tx.state.calls.set(id, what);
  tx.effects.sends.push({ call: id, address, request, timeoutMs, ...(isBackground ? { background: true } : {}) });
  return id;
}

/** Turns what changed into rows and the alarm. `inAlarm`: the handler arms the true minimum; elsewhere it is only moved earlier. */
export function finish(tx: Tx, inAlarm: boolean): Effects {
  const { state, effects } = tx;
  if (tx.born) put(tx, meta.name, 'birth', state.birth === undefined ? null : encodeBirth(state.birth));
  if (tx.life) put(tx, meta.name, 'life', encodeLife(state.life));
  save(tx, users, tx.users);
  for (const id of tx.arrived.items()) if (state.arriving.get(id)?.stored !== true) put(tx, claims.name, id, null);
  save(tx, claims, tx.arriving);
  save(tx, incoming, tx.taking);
  for (const id of tx.questions.items()) {
    put(tx, questions.name, id, questions.row(state, id));
    tx.touched.add(id);
  }
  for (const id of tx.touched.items()) questions.index(state, id, tx.now, true);
  save(tx, beacons, tx.beacons);
  for (let from = 0; from < tx.journal.length; from += JOURNAL_RECORDS_MAX) {
    state.journalLast++;
    const records = tx.journal.slice(from, from + JOURNAL_RECORDS_MAX);
    put(tx, journal.name, String(state.journalLast), encodeJournal(tx.now, records));
  }
  indexRole(state, tx.now, true);
  arm(state, effects, nextAlarm(state), tx.now, inAlarm);
  tellSweep(tx);
  state.questions.settle(tx.touched.items());
  return effects;
}

/** An open question, or one that owes news, beyond what the list knows: told at most hourly, an hour ahead at least. */
function tellSweep(tx: Tx): void {
  const { state } = tx;
  let until = state.busyUntil;
  for (const id of tx.touched.items()) {
    const question = state.questions.get(id);
    if (question === undefined) continue;
    if (!hasEnded(question.phase)) until = epochMs(Math.max(until, question.expiresAt));
    // What has ended and still owes somebody news must go on too.
    else if (!isPaid(question)) until = epochMs(Math.max(until, tx.now + 1));
  }
  // A change of the map must go on, whatever becomes of its alarm.
  if (!isAtRest(state.life)) until = epochMs(Math.max(until, tx.now + 1));
  if (until === state.busyUntil) return;
  state.busyUntil = epochMs(Math.max(until, tx.now + BUSY_STEP_MS));
  tx.effects.busyUntil = state.busyUntil;
}

/** The rows of what has changed, and what follows from it. */
function save<Id extends string>(tx: Tx, table: EntityTable<Id>, changed: LazySet<Id>): void {
  for (const id of changed.items()) {
    put(tx, table.name, id, table.row(tx.state, id));
    table.index(tx.state, id, tx.now, true);
  }
}

/** `undefined`: there is nothing to be written. */
function put(tx: Tx, table: string, key: string, value: string | null | undefined): void {
  if (value !== undefined) tx.effects.rows.push({ table, key, value });
}
