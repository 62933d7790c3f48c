// Rows of a UserObject: JSON with a version; an unknown version is refused by name.
import { type EpochMs, epochMs } from '../lib/brand.ts';
import { readRow, type StoredRow, type Unread, versioned, versionedOf } from '../lib/versioned.ts';
import type { Known, OwnQuestion, PackedInbox } from '../messages/records.ts';
import type { QuestionId } from '../protocol/ids.ts';
import type { UserEvent } from '../protocol/views.ts';
import { emptyInbox, type Inbox, timesNoted } from '../record/inbox.ts';
import { indexed, packInbox, unpackInbox } from '../record/packed.ts';
import type { Meta, UserState } from './state.ts';

/** 2: who has left is held by nobody, and since when the record lies here is known. 3: the inbox is part of it. */
const META_VERSION = 3;
/** Of the tables of before, in which inboxes lay. */
const FORMER_VERSION = 1;

/** `known` and `inbox` are of before: they are read, and emptied with the next row of `meta`. */
export const USER_TABLES = [
  { name: 'meta', kind: 'all' },
  { name: 'known', kind: 'all' },
  { name: 'inbox', kind: 'all' },
] as const;

type MetaRow = Omit<Meta, 'order'> & {
  readonly inbox?: PackedInbox;
  readonly lastSeq?: number;
  readonly crowded?: true;
};

export const encodeMeta = (meta: Meta, inbox: Inbox): string =>
  JSON.stringify({ v: META_VERSION, ...meta, inbox: packInbox(inbox) });

export function emptyUser(): UserState {
  return {
    meta: undefined,
    inbox: emptyInbox(),
    clock: epochMs(0),
    former: [],
    pseudonym: '',
    armedAt: undefined,
    behind: undefined,
    nextCall: 1,
    calls: new Set(),
    recallCall: undefined,
    recallFor: undefined,
    probe: undefined,
    claims: [],
    leavers: [],
    waiters: [],
  };
}

/**
 * Rebuilds the state from rows. What cannot be read is told to `unread`, and the rest lives on without it; who holds the user is never
 * guessed. @throws Error for a row of `meta` that cannot be read, and without `unread` for any.
 */
export function loadUser(rows: Iterable<StoredRow>, unread?: Unread): UserState {
  const state = emptyUser();
  for (const row of rows) readRow(row, () => loadRow(state, row), row.table === 'meta' ? undefined : unread);
  for (const seq of state.inbox.events.keys()) state.inbox.lastSeq = Math.max(state.inbox.lastSeq, seq);
  indexed(state.inbox);
  for (const at of timesOf(state)) if (at !== undefined && at > state.clock) state.clock = at;
  return state;
}

function* timesOf({ meta, inbox }: UserState): Iterable<EpochMs | undefined> {
  yield* timesNoted(inbox);
  if (meta?.holding.t === 'held') yield meta.holding.since;
  if (meta?.holding.t === 'recalling') yield meta.holding.claimant.pingAt;
  yield* [meta?.recordAt, meta?.left?.at];
}

function loadRow(state: UserState, row: StoredRow): void {
  const { table, key, value } = row;
  if (table === 'meta') loadMeta(state, value);
  else if (table === 'known' || table === 'inbox') loadFormer(state, row);
  else throw new Error(`a UserObject has no table ${table}`);
  if (table !== 'meta') state.former.push({ table, key });
}

/** Rows of before claims were counted have no `order`. In version 1 the record is as old as the grant, if there was none since. */
function loadMeta(state: UserState, text: string): void {
  const { v, inbox, lastSeq = 0, crowded: _, ...row } = versionedOf<MetaRow>([1, 2, META_VERSION], 'meta', text);
  const since = v === 1 && row.holding.t === 'held' ? { recordAt: row.holding.since } : {};
  const apart = v < META_VERSION && row.holding.t !== 'free' ? { apart: true as const } : {};
  state.meta = { order: 0, ...since, ...apart, ...row };
  if (inbox !== undefined) state.inbox = unpackInbox(inbox);
  state.inbox.lastSeq = Math.max(state.inbox.lastSeq, lastSeq);
}

type FormerKnown = {
  readonly born: number;
  readonly n: number;
  readonly lastSeq: number;
  readonly purgeAt: EpochMs;
  readonly question?: OwnQuestion;
};

function loadFormer({ inbox }: UserState, { table, key, value }: StoredRow): void {
  if (table === 'inbox') {
    inbox.events.set(Number(key), versioned<UserEvent>(FORMER_VERSION, table, value));
    return;
  }
  const { born, n, lastSeq, purgeAt, question } = versioned<FormerKnown>(FORMER_VERSION, table, value);
  const known: Known = { incarnation: born, n, purgeAt, question };
  inbox.known.set(key as QuestionId, known);
  inbox.lastSeq = Math.max(inbox.lastSeq, lastSeq);
}
