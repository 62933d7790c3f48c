// A cell's state: empty, or rebuilt from its rows.
import { decode } from '../geo/geohash.ts';
import { type EpochMs, epochMs } from '../lib/brand.ts';
import { readRow, type StoredRow, type Unread } from '../lib/versioned.ts';
import type { Birth } from '../messages/birth.ts';
import type { CellId, QuestionId } from '../protocol/ids.ts';
import { agenda } from './agenda.ts';
import { decides, newborn } from './change/life.ts';
import {
  decodeArriving,
  decodeBeacon,
  decodeBirth,
  decodeJournal,
  decodeLife,
  decodeQuestion,
  decodeTaking,
  decodeUser,
} from './codec.ts';
import { dueLife, dueQuestion, dueTaking } from './due.ts';
import { isShort } from './questions/lifecycle.ts';
import { needOf } from './questions/need.ts';
import { scoutBudget } from './questions/scout-budget.ts';
import { questions } from './questions/shelf.ts';
import { sleepers } from './questions/sleepers.ts';
import type { CellState } from './state.ts';
import { hasEverybody } from './strain/load-report.ts';
import { meter } from './strain/meter.ts';
import { roster } from './users/roster.ts';
import { watchArriving, watchBeacon, watchUser } from './watch.ts';

export function emptyCell(): CellState {
  return {
    birth: undefined,
    life: newborn(),
    users: new Map(),
    arriving: new Map(),
    questions: questions(),
    beacons: new Map(),
    taking: new Map(),
    journalLast: 0,
    clock: epochMs(0),
    near: [],
    bounds: undefined,
    roster: roster(),
    sleepers: sleepers(),
    agenda: agenda(),
    slack: agenda(),
    rests: agenda(),
    meter: meter(),
    told: { band: 0, at: epochMs(0), isFilled: true },
    turns: agenda(),
    putOff: new Map(),
    armedAt: undefined,
    behind: undefined,
    busyUntil: epochMs(0),
    rounds: new Map(),
    returning: new Set(),
    calls: new Map(),
    nudging: new Map(),
    passedOver: new Map(),
    lit: new Map(),
    scouts: scoutBudget(),
    lost: new Set(),
    sockets: new Map(),
    connections: new Map(),
    change: {
      lanes: new Map(),
      ready: new Set(),
      parcels: undefined,
      needs: [],
      told: new Map(),
      tellAt: undefined,
      crowd: undefined,
      restUntil: epochMs(0),
    },
    nextCall: 1,
  };
}

/**
 * Rebuilds the state from rows. What cannot be read is told to `unread`, and the rest lives on without it; what the cell is, and who its
 * successors are, is never guessed. @throws Error for a row of `meta` that cannot be read, and without `unread` for any.
 */
export function loadCell(rows: Iterable<StoredRow>, unread?: Unread): CellState {
  const state = emptyCell();
  for (const row of rows) {
    const { table, key, value } = row;
    readRow(row, () => loadRow(state, table, key, value), table === 'meta' ? undefined : unread);
  }
  const now = state.clock;
  for (const held of state.users.values()) {
    if (held.phase === 'live') state.roster.set(held.user, held.point);
    watchUser(state, held.user, held);
  }
  for (const arriving of state.arriving.values()) watchArriving(state, arriving.user, arriving);
  for (const taking of state.taking.values()) state.agenda.set(`t:${taking.user}`, dueTaking(taking, now));
  state.agenda.set('l:', dueLife(state, now));
  for (const question of decides(state) ? state.questions.values() : []) {
    state.agenda.set(`q:${question.id}`, dueQuestion(question, now));
    if (isShort(question)) state.sleepers.add(needOf(state, question));
  }
  for (const [id, beacon] of state.beacons) {
    watchBeacon(state, id, beacon);
    state.sleepers.add(beacon.need);
  }
  return state;
}

/** LIST2: from now on what has ended and owes nothing lies on the disk alone, and is read from there when it is asked for. */
export function shelveEnded(state: CellState, get: (table: string, key: string) => string | undefined): void {
  state.questions.readFrom((id) => {
    const text = get('questions', id);
    if (text === undefined) return undefined;
    try {
      return decodeQuestion(text);
    } catch {
      // Set aside by name when the cell is built again.
      state.lost.add(id);
      return undefined;
    }
  });
}

/** What was set aside, now or before: questions among it are said to be lost. */
export function noteLost(state: CellState, aside: readonly Pick<StoredRow, 'table' | 'key'>[]): void {
  for (const { table, key } of aside) if (table === 'questions') state.lost.add(key as QuestionId);
}

/** Takes a map row in: identity, policy and neighbourhood. */
export function setBirth(state: CellState, birth: Birth): void {
  state.birth = birth;
  state.bounds = decode(birth.cell);
  state.near = birth.near.map((cell: CellId) => ({ cell, bounds: decode(cell) }));
}

function loadRow(state: CellState, table: string, key: string, value: string): void {
  const seen = (at: EpochMs): void => {
    if (at > state.clock) state.clock = at;
  };
  switch (table) {
    case 'meta':
      if (key === 'life') {
        state.life = decodeLife(value);
        state.told.isFilled = hasEverybody(state.life);
      } else setBirth(state, decodeBirth(value));
      return;
    case 'taking': {
      const taking = decodeTaking(value);
      state.taking.set(taking.user, taking);
      return;
    }
    case 'users': {
      const held = decodeUser(value);
      state.users.set(held.user, held);
      seen(held.pointAt);
      return;
    }
    case 'arriving': {
      const arriving = decodeArriving(value);
      state.arriving.set(arriving.user, arriving);
      seen(arriving.pingAt);
      return;
    }
    case 'questions': {
      const question = decodeQuestion(value);
      state.questions.set(question.id, question);
      seen(question.createdAt);
      return;
    }
    case 'beacons': {
      const beacon = decodeBeacon(value);
      state.beacons.set(beacon.need.questionId, beacon);
      return;
    }
    case 'journal':
      // Its number counts, whatever it says.
      state.journalLast = Number(key);
      seen(decodeJournal(value).at);
      return;
    default:
      throw new Error(`a cell has no table ${table}`);
  }
}
