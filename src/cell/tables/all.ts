// Every table of a cell: how a row is taken in, what it says of an entity, and what else follows from a change of one: its due time, and
// the indexes. Restoring, finishing a step and the due loop go over this list.
import { type EpochMs, plusMs } from '../../lib/brand.ts';
import type { QuestionId, UserId } from '../../protocol/ids.ts';
import { applyMapRow } from '../apply-map-row.ts';
import { isShort } from '../questions/lifecycle.ts';
import { needOf } from '../questions/need.ts';
import { decides, dueRole, hasEverybody } from '../resharding/phases.ts';
import type { AnyCell, CellState } from '../state.ts';
import { decodeBeacon, encodeBeacon, watchBeacon } from './beacons.ts';
import { decodeClaim, encodeClaim, watchClaim } from './claims.ts';
import { decodeTransfer, dueTransfer, encodeTransfer } from './incoming.ts';
import { dueKey } from './indexes.ts';
import { decodeJournal } from './journal.ts';
import { decodeQuestion, dueQuestion, encodeQuestion, type Question } from './questions.ts';
import { decodeMapRow, decodeRole } from './role.ts';
import { decodeUser, encodeUser, watchUser } from './users.ts';

/** What is due was run in this step: what still is waits a moment, so that an alarm does not set itself off without end. */
const BREATH_MS = 1000;

export type Table = {
  readonly name: string;
  readonly kind: 'all' | 'log';
  /** Takes a row in; answers with a time that it tells, which the clock is not behind. */
  readonly restore: (state: AnyCell, key: string, value: string) => EpochMs | undefined;
  /** Due times and indexes of all that was restored. */
  readonly reindex?: (state: CellState) => void;
};

/** A table whose rows are entities, each under its id. */
export type EntityTable<Id extends string> = Table & {
  /** `null`: it has none any more; `undefined`: it has none, and needs none. */
  readonly row: (state: CellState, id: Id) => string | null | undefined;
  /** After any change of the entity, or that it is gone. `ran`: what is due by then was run. */
  readonly index: (state: CellState, id: Id, now: EpochMs, ran: boolean) => void;
};

export const users = entityTable<UserId>({
  name: 'users',
  kind: 'all',
  restore: (state, _, value) => {
    const resident = decodeUser(value);
    state.users.set(resident.user, resident);
    if (resident.phase === 'live') state.roster.set(resident.user, resident.point);
    return resident.pointAt;
  },
  ids: (state) => state.users.keys(),
  row: (state, id) => rowOf(state.users.get(id), encodeUser),
  index: (state, id) => watchUser(state, id, state.users.get(id)),
});

export const claims = entityTable<UserId>({
  name: 'arriving',
  kind: 'all',
  restore: (state, _, value) => {
    const pending = decodeClaim(value);
    state.claims.set(pending.user, pending);
    return pending.pingAt;
  },
  ids: (state) => state.claims.keys(),
  row: (state, id) => {
    const pending = state.claims.get(id);
    return pending?.stored === true ? encodeClaim(pending) : undefined;
  },
  index: (state, id) => watchClaim(state, id, state.claims.get(id)),
});

export const incoming = entityTable<UserId>({
  name: 'taking',
  kind: 'all',
  restore: (state, _, value) => {
    const transfer = decodeTransfer(value);
    state.transfers.set(transfer.user, transfer);
    return undefined;
  },
  ids: (state) => state.transfers.keys(),
  row: (state, id) => rowOf(state.transfers.get(id), encodeTransfer),
  index: (state, id, now) => {
    const transfer = state.transfers.get(id);
    state.agenda.set(dueKey('incoming', id), transfer && dueTransfer(transfer, now));
  },
});

export const questions = entityTable<QuestionId>({
  name: 'questions',
  kind: 'all',
  restore: (state, _, value) => {
    const question = decodeQuestion(value);
    state.questions.set(question.id, question);
    return question.createdAt;
  },
  ids: (state) => state.questions.keys(),
  row: (state, id) => rowOf(state.questions.get(id), encodeQuestion),
  index: (state, id, now, ran) => {
    const question = decides(state) ? state.questions.get(id) : undefined;
    state.agenda.set(dueKey('question', id), question && breathe(dueQuestion(question, now), now, ran));
    indexSleeper(state, id, question);
  },
});

export const beacons = entityTable<QuestionId>({
  name: 'beacons',
  kind: 'all',
  restore: (state, _, value) => {
    const beacon = decodeBeacon(value);
    state.beacons.set(beacon.need.questionId, beacon);
    return undefined;
  },
  ids: (state) => state.beacons.keys(),
  row: (state, id) => rowOf(state.beacons.get(id), encodeBeacon),
  index: (state, id) => {
    watchBeacon(state, id, state.beacons.get(id));
    indexSleeper(state, id, decides(state) ? state.questions.get(id) : undefined);
  },
});

/** What arrivals are held against: a question that is decided here, or else the beacon of one that is not. */
function indexSleeper(state: CellState, id: QuestionId, question: Question | undefined): void {
  const beacon = question === undefined ? state.beacons.get(id) : undefined;
  if (question !== undefined && isShort(question)) state.sleepers.add(needOf(state, question));
  else if (beacon !== undefined) state.sleepers.add(beacon.need);
  else state.sleepers.delete(id);
}

/** The row of the map, and the cell's part in splits and merges. */
export const meta: Table = {
  name: 'meta',
  kind: 'all',
  restore: (state, key, value) => {
    if (key === 'life') {
      state.role = decodeRole(value);
      state.lastReport.isFilled = hasEverybody(state.role);
    } else applyMapRow(state, decodeMapRow(value));
    return undefined;
  },
  reindex: (state) => indexRole(state, state.clock, false),
};

export const journal: Table = {
  name: 'journal',
  kind: 'log',
  restore: (state, key, value) => {
    // Its number counts, whatever it says.
    state.journalLast = Number(key);
    return decodeJournal(key, value).at;
  },
};

/** In the order in which a step writes them. */
export const TABLES: readonly Table[] = [meta, users, claims, incoming, questions, beacons, journal];

/** For whoever makes them. */
export const CELL_TABLES = TABLES.map(({ name, kind }) => ({ name, kind }));

/** The due time of the cell's own part in a change of the map. */
export function indexRole(state: CellState, now: EpochMs, ran: boolean): void {
  const due = dueRole(state, now);
  state.agenda.set(dueKey('role', ''), due && breathe(due, now, ran));
}

function entityTable<Id extends string>({
  ids,
  ...table
}: Omit<EntityTable<Id>, 'reindex'> & { readonly ids: (state: CellState) => Iterable<Id> }): EntityTable<Id> {
  const reindex = (state: CellState): void => {
    for (const id of ids(state)) table.index(state, id, state.clock, false);
  };
  return { ...table, reindex };
}

const breathe = (due: EpochMs, now: EpochMs, ran: boolean): EpochMs =>
  ran && due <= now ? plusMs(now, BREATH_MS) : due;

const rowOf = <T>(entity: T | undefined, encode: (entity: T) => string): string | null =>
  entity === undefined ? null : encode(entity);
