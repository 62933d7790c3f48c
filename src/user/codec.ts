// Rows of a UserObject: JSON with a version; an unknown version is refused by name.
import { type EpochMs, epochMs } from '../lib/brand.ts';
import { readRow, type StoredRow, type Unread, versioned, versionedOf } from '../lib/versioned.ts';
import type { QuestionId } from '../protocol/ids.ts';
import { KEPT_AFTER_END_MS } from '../protocol/limits.ts';
import type { UserEvent } from '../protocol/views.ts';
import { earliestPurge } from './purge.ts';
import type { Known, Meta, OwnQuestion, UserState } from './state.ts';

const VERSION = 1;

export const USER_TABLES = [
  { name: 'meta', kind: 'all' },
  { name: 'known', kind: 'all' },
  { name: 'inbox', kind: 'all' },
] as const;

/** 2: who has left is held by nobody, and since when the record lies here is known. */
const META_VERSION = 2;

export const encodeMeta = (meta: Meta): string => JSON.stringify({ v: META_VERSION, ...meta });
/** Rows of before claims were counted have no `order`. In version 1 the record is as old as the grant, if there was none since. */
function decodeMeta(text: string): Meta {
  const { v, ...row } = versionedOf<Omit<Meta, 'order'>>([1, META_VERSION], 'meta', text);
  const since = v === 1 && row.holding.t === 'held' ? { recordAt: row.holding.since } : {};
  return { order: 0, ...since, ...row };
}
export const encodeKnown = ({ incarnation: born, ...known }: Known): string =>
  JSON.stringify({ v: VERSION, born, ...known });

function decodeKnown(text: string): Known {
  const { born: incarnation, ...known } = versioned<Omit<Known, 'incarnation'> & { readonly born: number }>(
    VERSION,
    'known',
    text,
  );
  return { incarnation, ...known };
}

export const encodeEvent = (event: UserEvent): string => JSON.stringify({ v: VERSION, ...event });

export function emptyUser(): UserState {
  return {
    meta: undefined,
    known: new Map(),
    inbox: new Map(),
    clock: epochMs(0),
    keys: new Map(),
    lastSeq: 0,
    purgeAt: undefined,
    pseudonym: '',
    armedAt: undefined,
    behind: undefined,
    nextCall: 1,
    places: new Map(),
    calls: new Set(),
    recallCall: undefined,
    recallFor: undefined,
    claims: [],
    leavers: [],
    waiters: [],
    push: {
      call: undefined,
      failures: 0,
      retryAt: undefined,
      events: [],
      offers: [],
      sentEvents: 0,
      sentOffers: 0,
      word: false,
      sentFew: false,
    },
  };
}

/**
 * Rebuilds the state from rows. What cannot be read is told to `unread`, and the rest lives on without it; who holds the user is never
 * guessed. @throws Error for a row of `meta` that cannot be read, and without `unread` for any.
 */
export function loadUser(rows: Iterable<StoredRow>, unread?: Unread): UserState {
  const state = emptyUser();
  for (const row of rows) readRow(row, () => loadRow(state, row), row.table === 'meta' ? undefined : unread);
  state.lastSeq = state.meta?.lastSeq ?? 0;
  for (const seq of state.inbox.keys()) state.lastSeq = Math.max(state.lastSeq, seq);
  for (const [id, known] of state.known) {
    state.lastSeq = Math.max(state.lastSeq, known.lastSeq);
    if (known.question?.key !== undefined) remember(state, known.question.key, id, known.question);
  }
  state.purgeAt = earliestPurge(state.known.values());
  for (const at of timesNoted(state)) if (at !== undefined && at > state.clock) state.clock = at;
  return state;
}

/** What was noted as it happened: it was no later then. */
function* timesNoted({ meta, known }: UserState): Iterable<EpochMs | undefined> {
  for (const { question, offer } of known.values()) yield* [question?.at, question?.endedAt, offer?.endedAt];
  if (meta?.holding.t === 'held') yield meta.holding.since;
  if (meta?.holding.t === 'recalling') yield meta.holding.claimant.pingAt;
  yield* [meta?.recordAt, meta?.left?.at];
}

function loadRow(state: UserState, { table, key, value }: StoredRow): void {
  if (table === 'meta') state.meta = decodeMeta(value);
  else if (table === 'known') state.known.set(key as QuestionId, decodeKnown(value));
  else if (table === 'inbox') state.inbox.set(Number(key), versioned<UserEvent>(VERSION, table, value));
  else throw new Error(`a UserObject has no table ${table}`);
}

/** The first question of a key keeps it, until a day after its end. */
export function remember(state: UserState, key: string, id: QuestionId, own: OwnQuestion): void {
  const other = state.keys.get(key);
  const known = other === undefined ? undefined : state.known.get(other)?.question;
  if (other === undefined || known === undefined) {
    state.keys.set(key, id);
    return;
  }
  const isFirst = own.at < known.at || (own.at === known.at && id < other);
  const [first, later] = isFirst ? [own, known] : [known, own];
  const isOver = first.endedAt !== undefined && first.endedAt + KEPT_AFTER_END_MS <= later.at;
  if (isFirst !== isOver) state.keys.set(key, id);
}
