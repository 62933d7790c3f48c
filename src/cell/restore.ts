// A cell's state: empty, or rebuilt from its rows.

import { epochMs } from '../lib/brand.ts';
import { readRow, type StoredRow, type Unread } from '../lib/versioned.ts';
import type { QuestionId } from '../protocol/ids.ts';
import { agenda } from './agenda.ts';
import { meter } from './backpressure/meter.ts';
import { arrangeWaiting } from './journal.ts';
import { scoutBudget } from './questions/scout-budget.ts';
import { questions } from './questions/shelf.ts';
import { sleepers } from './questions/sleepers.ts';
import { newRole } from './resharding/phases.ts';
import { type AnyCell, isInitialised } from './state.ts';
import { meta, TABLES } from './tables/all.ts';
import { type Owner, splitRecords } from './tables/journal.ts';
import { decodeQuestion } from './tables/questions.ts';
import { roster } from './users/roster.ts';

export function emptyCell(): AnyCell {
  return {
    mapRow: undefined,
    role: newRole(),
    users: new Map(),
    claims: new Map(),
    questions: questions(),
    beacons: new Map(),
    transfers: new Map(),
    journalLast: 0,
    waiting: [],
    clock: epochMs(0),
    near: [],
    bounds: undefined,
    roster: roster(),
    lapsed: new Set(),
    sleepers: sleepers(),
    agenda: agenda(),
    lazyAgenda: agenda(),
    rests: agenda(),
    meter: meter(),
    lastReport: { band: 0, at: epochMs(0), isFilled: true },
    turns: agenda(),
    putOff: new Map(),
    armedAt: undefined,
    behind: undefined,
    busyUntil: epochMs(0),
    searches: new Map(),
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
    askers: new Map(),
    waiters: [],
    nextCall: 1,
  };
}

/**
 * Rebuilds the state from rows. What cannot be read is told to `unread`, and the rest lives on without it; what the cell is, and who its
 * successors are, is never guessed. @throws Error for a row of `meta` that cannot be read, and without `unread` for any.
 */
export function loadCell(rows: Iterable<StoredRow>, unread?: Unread): AnyCell {
  const state = emptyCell();
  for (const row of rows) readRow(row, () => restoreRow(state, row), row.table === meta.name ? undefined : unread);
  arrangeWaiting(state, state.journalLast);
  if (isInitialised(state)) for (const { reindex } of TABLES) reindex?.(state);
  return state;
}

function restoreRow(state: AnyCell, { table: name, key, value }: StoredRow): void {
  const table = TABLES.find((one) => one.name === name);
  if (table === undefined) throw new Error(`a cell has no table ${name}`);
  const { row, records } = splitRecords(value);
  for (const record of records) state.waiting.push({ table: name as Owner['table'], key, record });
  const at = Math.max(0, ...records.map((one) => one.at), table.restore(state, key, row) ?? 0);
  if (at > state.clock) state.clock = epochMs(at);
}

/** LIST2: from now on what has ended and owes nothing lies on the disk alone, and is read from there when it is asked for. */
export function shelveEnded(state: AnyCell, get: (table: string, key: string) => string | undefined): void {
  state.questions.readFrom((id) => {
    const text = get('questions', id);
    if (text === undefined) return undefined;
    try {
      return decodeQuestion(splitRecords(text).row);
    } catch {
      // Set aside by name when the cell is built again.
      state.lost.add(id);
      return undefined;
    }
  });
}

/** What was set aside, now or before: questions among it are said to be lost. */
export function noteLost(state: AnyCell, aside: readonly Pick<StoredRow, 'table' | 'key'>[]): void {
  for (const { table, key } of aside) if (table === 'questions') state.lost.add(key as QuestionId);
}
