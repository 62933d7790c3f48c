// A UserObject under test: its steps are carried out as an object would, its calls are answered by the test.
import { expect } from 'vitest';
import type { Effects, Send } from '../../../src/engine/effects.ts';
import { present } from '../../../src/lib/assert.ts';
import { type EpochMs, epochMs } from '../../../src/lib/brand.ts';
import type { StoredRow } from '../../../src/lib/versioned.ts';
import type { CellReply, UserReply, UserRequest } from '../../../src/messages/calls.ts';
import type { StreamItem } from '../../../src/messages/records.ts';
import type { CellId, QuestionId, UserId } from '../../../src/protocol/ids.ts';
import type { EventType, OfferState, OfferView, QuestionState } from '../../../src/protocol/views.ts';
import { packInbox } from '../../../src/record/packed.ts';
import { memoryRows } from '../../../src/store/memory/memory-rows.ts';
import { loadUser, USER_TABLES } from '../../../src/user/codec.ts';
import type { UserState } from '../../../src/user/state.ts';
import { stepUser, type UserEventIn } from '../../../src/user/step.ts';
import { isHome } from '../../../src/user/workspace.ts';
import { checkInbox, sorted } from './inbox-harness.ts';
import { ana, at, CELL, oid, qid, START } from './names.ts';

export type UserHarness = ReturnType<typeof userHarness>;

/** @param rows what lies on its disk before its first life */
export function userHarness(me: UserId = ana, rows: readonly StoredRow[] = []) {
  const store = memoryRows(USER_TABLES);
  store.commit({ rows, alarmAt: undefined });
  let state = loadUser(store.load());
  let now: EpochMs = START;
  let token = 0;
  let lives = 0;
  const replies = new Map<number, unknown>();
  const sent: Send[] = [];
  const open: Send[] = [];

  function step(event: UserEventIn): Effects {
    const before = store.alarm();
    const { epoch } = state.meta ?? {};
    const copy = isHome(state) ? undefined : told(state);
    const effects = stepUser(state, event, now);
    if (effects.rows.length > 0 || effects.alarmAt !== undefined) store.commit(effects);
    const movedLater = event.t !== 'alarm' && before !== null && before > now && (effects.alarmAt ?? 0) > before;
    expect(movedLater, 'alarm moved later outside its handler').toBe(false);
    checkInbox(state.inbox);
    if (copy !== undefined && !isHome(state) && epoch === state.meta?.epoch)
      expect(told(state), 'the copy of what a cell has').toEqual(copy);
    for (const { token: of, value } of effects.replies) {
      expect(replies.has(of), 'answered once').toBe(false);
      replies.set(of, value);
    }
    sent.push(...effects.sends);
    open.push(...effects.sends);
    return effects;
  }
  const ask = (request: UserRequest): number => {
    const mine = ++token;
    step({ t: 'request', request, token: mine });
    return mine;
  };
  /** What a crash must not change. */
  const durable = (of: UserState): unknown => ({
    // One that says nothing yet is not written.
    meta: store.get('meta', 'meta') === undefined ? undefined : of.meta,
    inbox: sorted(of.inbox),
    keys: [...of.inbox.keys].sort(),
    purgeAt: of.inbox.purgeAt,
  });
  function boot(): Effects {
    return step({ t: 'boot', pseudonym: `u-${++lives}`, armedAt: store.alarm() ?? undefined });
  }
  boot();

  return {
    store,
    sent,
    open,
    replies,
    step,
    ask,
    state: () => state,
    now: () => now,
    /** The answer, or `undefined` while the caller waits. */
    request: <T = UserReply>(request: UserRequest): T => replies.get(ask(request)) as T,
    /** What a request writes. */
    written: (request: UserRequest): readonly string[] =>
      step({ t: 'request', request, token: ++token }).rows.map(({ table, key }) => `${table}/${key}`),
    answer: (t: Send['request']['t'], reply: CellReply | { readonly t: 'failed' }): Effects => {
      const send = present(
        open.find((one) => one.request.t === t),
        t,
      );
      open.splice(open.indexOf(send), 1);
      return step({ t: 'reply', call: send.call, reply });
    },
    reply: (send: Send, reply: CellReply | { readonly t: 'failed' }): Effects =>
      step({ t: 'reply', call: send.call, reply }),
    setNow: (to: number) => {
      now = epochMs(to);
    },
    advance: (ms: number): void => {
      const end = now + ms;
      for (let alarm = store.alarm(); alarm !== null && alarm <= end; alarm = store.alarm()) {
        now = epochMs(Math.max(now, alarm));
        store.commit({ rows: [], alarmAt: null });
        step({ t: 'alarm' });
      }
      now = epochMs(end);
    },
    restart: (): Effects => {
      const was = durable(state);
      state = loadUser(store.load());
      expect(durable(state), 'durable state after a restart').toEqual(was);
      open.length = 0;
      return boot();
    },
    claim: (cell: CellId, more: Partial<Extract<UserRequest, { t: 'claim' }>> = {}): number =>
      ask({ t: 'claim', user: me, cell, session: 's', ...more }),
    deliver: (
      items: readonly StreamItem[],
      questionId: QuestionId = qid(),
      more: { keepMs?: number; incarnation?: number; after?: number } = {},
    ) => replies.get(ask({ t: 'deliver', user: me, questionId, incarnation: 1, keepMs: 600_000, ...more, items })),
    events: (after = 0, limit = 200) =>
      replies.get(ask({ t: 'events', user: me, after, limit, waitMs: 0 })) as {
        items: { seq: number; type: EventType }[];
        next: number;
      },
    /** A long poll. */
    poll: (after = 0): number => ask({ t: 'events', user: me, after, limit: 10, waitMs: 20_000 }),
    sentOf: (t: Send['request']['t']): readonly Send[] => sent.filter(({ request }) => request.t === t),
  };
}

/** A grant keeps this long. */
export const DWELL_MS = 2000;

/** A user held in CELL for longer than the dwell. */
export function heldUser(): UserHarness {
  const user = userHarness();
  user.claim(CELL, { seq: 1 });
  user.advance(DWELL_MS);
  return user;
}

/** What questions have told, as it lies here. */
const told = ({ inbox }: UserState): unknown => {
  const { seq, events, known } = packInbox(inbox);
  return [seq, events.length, known.map(([id, { n }]) => [id, n])];
};

/** The n-th item of a stream: an event about the user's own question. */
export const item = (n: number, type: EventType = 'question.dormant'): StreamItem => ({
  n,
  event: { type, at: '2026-11-20T00:00:00.000Z', data: { question: {} as never } },
});

export const offerItem = (n: number, state: OfferState, attempt = 1, question = 1): StreamItem => {
  const id = oid(attempt, question);
  const view: OfferView = {
    id,
    questionId: qid(question),
    state,
    text: 'where?',
    ...at(),
    distanceM: 5,
    expiresAt: '2026-11-20T00:00:30.000Z',
  };
  return { n, offer: { id, state, leftMs: 30_000, view } };
};

/** @param openMax how many may be open where it was asked; the first item alone says so */
export const questionItem = (n: number, state: QuestionState, key?: string, openMax?: number): StreamItem => ({
  n,
  question: { state, ...(key === undefined ? {} : { key }), ...(openMax === undefined ? {} : { openMax }) },
});
