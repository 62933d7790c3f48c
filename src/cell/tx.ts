// One step's bookkeeping: what changed, what is to be said, and the effects that come of it. Rows are written once each, at the end.

import { arm } from '../engine/alarm.ts';
import { type Effects, noEffects } from '../engine/effects.ts';
import { type EpochMs, epochMs } from '../lib/brand.ts';
import type { Chance } from '../lib/chance.ts';
import type { Address, CellReply, CellRequest, UserRequest } from '../messages/calls.ts';
import type { MapRequest } from '../messages/resharding.ts';
import type { QuestionId, UserId } from '../protocol/ids.ts';
import { decides, isAtRest } from './change/life.ts';
import {
  encodeArriving,
  encodeBeacon,
  encodeBirth,
  encodeJournal,
  encodeLife,
  encodeQuestion,
  encodeTaking,
  encodeUser,
} from './codec.ts';
import { dueLife, dueQuestion, dueTaking } from './due.ts';
import type { JournalRecord } from './journal.ts';
import { Marks } from './marks.ts';
import { hasEnded, isPaid, isShort } from './questions/lifecycle.ts';
import { needOf } from './questions/need.ts';
import type { CellState, Pending, Token } from './state.ts';
import { nextAlarm, watchArriving, watchBeacon, watchUser } from './watch.ts';

const BUSY_STEP_MS = 3_600_000;
const BREATH_MS = 1000;
/** BOUND2: of one row. */
const JOURNAL_RECORDS_MAX = 1000;

export type Tx = {
  readonly state: CellState;
  readonly now: EpochMs;
  readonly chance: Chance;
  readonly effects: Effects;
  readonly users: Marks<UserId>;
  readonly questions: Marks<QuestionId>;
  readonly arriving: Marks<UserId>;
  /** Whose row under `arriving` is of no use any more. Most arrivals never have one. */
  readonly arrived: Marks<UserId>;
  readonly beacons: Marks<QuestionId>;
  readonly taking: Marks<UserId>;
  /** Questions whose due time changed although their row did not. */
  readonly touched: Marks<QuestionId>;
  /** Users who may have become suitable in this step: held against the sleepers at its end. */
  readonly arrivals: Marks<UserId>;
  /** Questions that owe somebody news: delivered once the step is over. */
  readonly owing: Marks<QuestionId>;
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
    users: new Marks(),
    questions: new Marks(),
    arriving: new Marks(),
    arrived: new Marks(),
    beacons: new Marks(),
    taking: new Marks(),
    touched: new Marks(),
    arrivals: new Marks(),
    owing: new Marks(),
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
  if (tx.born) put(tx, 'meta', 'birth', state.birth === undefined ? null : encodeBirth(state.birth));
  if (tx.life) put(tx, 'meta', 'life', encodeLife(state.life));
  for (const id of tx.users.items()) {
    const held = state.users.get(id);
    put(tx, 'users', id, held === undefined ? null : encodeUser(held));
    watchUser(state, id, held);
  }
  for (const id of tx.arrived.items()) if (state.arriving.get(id)?.stored !== true) put(tx, 'arriving', id, null);
  for (const id of tx.arriving.items()) {
    const arriving = state.arriving.get(id);
    if (arriving?.stored === true) put(tx, 'arriving', id, encodeArriving(arriving));
    watchArriving(state, id, arriving);
  }
  for (const id of tx.taking.items()) {
    const taking = state.taking.get(id);
    put(tx, 'taking', id, taking === undefined ? null : encodeTaking(taking));
    state.agenda.set(`t:${id}`, taking === undefined ? undefined : dueTaking(taking, tx.now));
  }
  for (const id of tx.questions.items()) {
    const question = state.questions.get(id);
    put(tx, 'questions', id, question === undefined ? null : encodeQuestion(question));
    tx.touched.add(id);
  }
  for (const id of tx.touched.items()) {
    const question = state.questions.get(id);
    const decided = question !== undefined && decides(state);
    state.agenda.set(`q:${id}`, decided ? later(tx, dueQuestion(question, tx.now)) : undefined);
    if (decided && isShort(question)) state.sleepers.add(needOf(state, question));
    else state.sleepers.delete(id);
  }
  for (const id of tx.beacons.items()) {
    const beacon = state.beacons.get(id);
    put(tx, 'beacons', id, beacon === undefined ? null : encodeBeacon(beacon));
    watchBeacon(state, id, beacon);
    if (beacon !== undefined) state.sleepers.add(beacon.need);
    else state.sleepers.delete(id);
  }
  for (let from = 0; from < tx.journal.length; from += JOURNAL_RECORDS_MAX) {
    state.journalLast++;
    const records = tx.journal.slice(from, from + JOURNAL_RECORDS_MAX);
    put(tx, 'journal', String(state.journalLast), encodeJournal(tx.now, records));
  }
  const due = dueLife(state, tx.now);
  state.agenda.set('l:', due === undefined ? undefined : later(tx, due));
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

/** What is due was run in this step: should something still be, it waits a moment, lest an alarm chase its own tail. */
function later(tx: Tx, due: EpochMs): EpochMs {
  return due > tx.now ? due : epochMs(tx.now + BREATH_MS);
}

function put(tx: Tx, table: string, key: string, value: string | null): void {
  tx.effects.rows.push({ table, key, value });
}
