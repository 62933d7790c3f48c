// A cell under test: its steps are carried out as an object would, calls are answered by whoever is configured or by the test.
import { expect } from 'vitest';
import { recordsIn } from '../../../sim/recorded.ts';
import { loadCell, shelveEnded } from '../../../src/cell/restore.ts';
import { type AnyCell, type CellState, isInitialised } from '../../../src/cell/state.ts';
import { type CellEvent, stepCell } from '../../../src/cell/step.ts';
import { CELL_TABLES } from '../../../src/cell/tables/all.ts';
import type { JournalRecord } from '../../../src/cell/tables/journal.ts';
import type { Question } from '../../../src/cell/tables/questions.ts';
import type { Resident } from '../../../src/cell/tables/users.ts';
import type { Attachment, Effects, Send } from '../../../src/engine/effects.ts';
import { present } from '../../../src/lib/assert.ts';
import { type EpochMs, epochMs } from '../../../src/lib/brand.ts';
import type { Chance } from '../../../src/lib/chance.ts';
import type { CellReply, CellRequest, UserReply } from '../../../src/messages/calls.ts';
import type { MapRow } from '../../../src/messages/map-row.ts';
import { NOWHERE, type Ping, type StreamItem, type UserRecord } from '../../../src/messages/records.ts';
import type { MapReply } from '../../../src/messages/resharding.ts';
import type { OfferId, QuestionId, UserId } from '../../../src/protocol/ids.ts';
import type { EventType, UserEvent } from '../../../src/protocol/views.ts';
import { acknowledgedUpTo, emptyInbox, type Inbox, takeNews } from '../../../src/record/inbox.ts';
import { packInbox, unpackInbox } from '../../../src/record/packed.ts';
import { memoryRows } from '../../../src/store/memory/memory-rows.ts';
import { checkStep, durable } from './cell-invariants.ts';
import { checkInbox } from './inbox-harness.ts';
import { at, mapRow as mapRowOf, type PolicyParts, ping as pingOf, policyWith, record, START } from './names.ts';

export type Answer = CellReply | UserReply | MapReply | { readonly t: 'failed' };
/** What a UserObject has of its user: while they are held, no more than it had before. */
type Home = { epoch: number; isHeld: boolean; record: UserRecord; recordAt: EpochMs; inbox: Inbox };
/** Answers a call at once, or leaves it to the test with `undefined`. */
export type Responder = (send: Send) => Answer | undefined;

export type CellOptions = {
  readonly policy?: PolicyParts;
  readonly mapRow?: Partial<MapRow>;
  /** Names of calls that the test answers itself; the others are answered as healthy objects would. */
  readonly manual?: readonly Send['request']['t'][];
  readonly respond?: Responder;
  /** Lives from its first request on. */
  readonly uninitialised?: boolean;
  /** Off for runs of many thousand steps. */
  readonly checked?: boolean;
  /** What is drawn; the middle if not said. */
  readonly chance?: Chance;
};

export type CellHarness = ReturnType<typeof cellHarness>;

export function cellHarness(options: CellOptions = {}) {
  const row = mapRowOf({ policy: policyWith(options.policy), ...options.mapRow });
  const store = memoryRows(CELL_TABLES);
  const load = (): AnyCell => {
    const loaded = loadCell(store.load());
    shelveEnded(loaded, store.get);
    return loaded;
  };
  let state = load();
  let now: EpochMs = START;
  let token = 0;
  const replies = new Map<number, unknown>();
  const attachments = new Map<UserId, Attachment>();
  const sent: Send[] = [];
  const open: Send[] = [];
  const frames: Effects['frames'][number][] = [];
  const homes = new Map<UserId, Home>();
  /** Every event that anybody's record was given here or there, whether or not it was acknowledged since. */
  const told = new Map<UserId, Map<number, UserEvent>>();
  const byCall = new Map<string, StreamItem[]>();

  const healthy: Responder = ({ request }) => {
    switch (request.t) {
      case 'claim': {
        const home = homeOf(request.user);
        home.isHeld = true;
        return { t: 'granted', epoch: home.epoch, record: lying(home) };
      }
      case 'returnRecord':
        comesHome(request.user, request.record);
        homeOf(request.user).epoch = request.epoch + 1;
        return { t: 'returned' };
      case 'deliver': {
        const home = homeOf(request.user);
        if (home.isHeld) return { t: 'pending', retryMs: 250 };
        const before = home.inbox.known.get(request.questionId)?.n ?? 0;
        const { upTo, duplicateOf, refused } = takeNews(home.inbox, request, now);
        log(request.user, home.inbox);
        const key = `${request.user}/${request.questionId}`;
        byCall.set(key, [...(byCall.get(key) ?? []), ...request.items.filter(({ n }) => n > before && n <= upTo)]);
        return { t: 'stored', upTo, ...(duplicateOf && { duplicateOf }), ...(refused && { refused }) };
      }
      case 'missing':
        return { t: 'done' };
      case 'scout':
        return { t: 'scouted', candidates: [], beacon: true };
      default:
        return undefined;
    }
  };
  function homeOf(user: UserId): Home {
    const newcomer = record({ point: NOWHERE, leaseLeftMs: 0, pseudonym: '' });
    const home = homes.get(user) ?? { epoch: 1, isHeld: false, record: newcomer, recordAt: now, inbox: emptyInbox() };
    homes.set(user, home);
    return home;
  }
  function comesHome(user: UserId, { inbox, ...sent }: UserRecord): void {
    const home = homeOf(user);
    Object.assign(home, { isHeld: false, record: { ...sent, point: NOWHERE, leaseLeftMs: 0 }, recordAt: now });
    if (inbox !== undefined) home.inbox = unpackInbox(inbox, now);
  }
  function lying({ record: sent, recordAt, inbox }: Home): UserRecord {
    const ms = now - recordAt;
    const holds = sent.holds.map((hold) => ({ ...hold, leftMs: Math.max(0, hold.leftMs - ms) }));
    const aged = { idleMs: sent.idleMs + ms, coolLeftMs: Math.max(0, sent.coolLeftMs - ms), holds };
    return { ...sent, ...aged, inbox: packInbox(inbox, now) };
  }
  function log(user: UserId, inbox: Inbox): void {
    checkInbox(inbox);
    const events = told.get(user) ?? new Map<number, UserEvent>();
    told.set(user, events);
    for (const [seq, event] of inbox.events) events.set(seq, event);
  }
  const inboxOf = (user: UserId): Inbox | undefined => {
    const resident = state.users.get(user);
    return resident?.phase === 'frozen' ? homes.get(user)?.inbox : (resident?.inbox ?? homes.get(user)?.inbox);
  };
  /** What must be there again after a crash; of who is connected, without what they had acknowledged by then. */
  function kept(of: AnyCell, connected: ReadonlySet<string>, acked: ReadonlyMap<string, number>): unknown {
    const all = durable(of, connected) as { readonly users: readonly UserRecord[] };
    const users = all.users.map((one) => {
      const upTo = acked.get((one as unknown as Resident).user);
      if (one.inbox === undefined || upTo === undefined) return one;
      return { ...one, inbox: { ...one.inbox, events: one.inbox.events.filter(({ seq }) => seq > upTo) } };
    });
    return { ...all, users };
  }

  function step(event: CellEvent): Effects {
    const before = { alarmAt: store.alarm(), journalLast: state.journalLast };
    const effects = stepCell(state, event, now, options.chance ?? (() => 0.5));
    if (effects.rows.length > 0 || effects.alarmAt !== undefined) store.commit(effects);
    if (options.checked !== false) checkStep(state, store, effects, before, now, event.t === 'alarm');
    for (const attachment of effects.attachments) attachments.set(attachment.user, attachment);
    for (const { table, key } of effects.rows) {
      const inbox = table === 'users' ? state.users.get(key as UserId)?.inbox : undefined;
      if (inbox !== undefined) log(key as UserId, inbox);
    }
    for (const { token: of, value } of effects.replies) {
      if (options.checked !== false) expect(replies.has(of), 'answered once').toBe(false);
      replies.set(of, value);
    }
    for (const frame of effects.frames) {
      frames.push(frame);
      if (frame.close) attachments.delete(frame.user);
    }
    sent.push(...effects.sends);
    for (const send of effects.sends) {
      const answer =
        options.respond?.(send) ?? (options.manual?.includes(send.request.t) === true ? undefined : healthy(send));
      if (answer === undefined) open.push(send);
      else step({ t: 'reply', call: send.call, reply: answer });
    }
    return effects;
  }
  function request(asked: CellRequest, more: { socket?: boolean; version?: number; mapRow?: MapRow } = {}): CellReply {
    const { socket = false, ...envelope } = more;
    const mine = ++token;
    step({ t: 'request', envelope: { request: asked, ...envelope }, token: mine, socket });
    const reply = replies.get(mine) as CellReply;
    // A test that recalls speaks for the UserObject.
    if (asked.t === 'recall' && reply.t === 'record') comesHome(asked.user, reply.record);
    return reply;
  }
  function answer(which: Send | Send['request']['t'], reply: Answer): Effects {
    const send =
      typeof which === 'string'
        ? present(
            open.find((one) => one.request.t === which),
            which,
          )
        : which;
    const i = open.indexOf(send);
    if (i >= 0) open.splice(i, 1);
    return step({ t: 'reply', call: send.call, reply });
  }
  /** Lets time pass; the alarm fires whenever it is due. */
  function advance(ms: number): void {
    const end = now + ms;
    for (let alarm = store.alarm(); alarm !== null && alarm <= end; alarm = store.alarm()) {
      now = epochMs(Math.max(now, alarm));
      store.commit({ rows: [], alarmAt: null });
      step({ t: 'alarm' });
    }
    now = epochMs(end);
  }
  /** The object dies and is built again from its rows; sockets and their attachments live on, calls in flight do not. */
  function restart(): Effects {
    const connected = new Set<string>(state.sockets.keys());
    const acked = new Map<string, number>();
    for (const { user, inbox } of state.users.values())
      if (inbox !== undefined && connected.has(user)) acked.set(user, acknowledgedUpTo(inbox));
    const was = kept(state, connected, acked);
    state = load();
    expect(kept(state, connected, acked), 'durable state after a restart').toEqual(was);
    open.length = 0;
    const armedAt = store.alarm() ?? undefined;
    return step({ t: 'boot', attachments: [...attachments.values()], armedAt });
  }

  if (options.uninitialised !== true) request({ t: 'load' }, { mapRow: row });

  return {
    mapRow: row,
    store,
    sent,
    open,
    frames,
    replies,
    attachments,
    step,
    request,
    answer,
    advance,
    restart,
    /** The clock alone: alarms are lost. */
    setNow: (to: number) => {
      now = epochMs(to);
    },
    state: (): CellState => {
      if (!isInitialised(state)) expect.fail('the cell has no row of the map');
      return state;
    },
    now: () => now,
    lastToken: () => token,
    ping: (user: UserId, more: Partial<Ping> = {}, socket = false) =>
      request({ t: 'presence', user, ping: pingOf(more.point ?? at(), more) }, { socket }),
    connect: (user: UserId, more: Partial<Ping> = {}) => {
      step({ t: 'socket_open', user, session: 's' });
      return request({ t: 'presence', user, ping: pingOf(more.point ?? at(), more) }, { socket: true });
    },
    /** What is on disk in a table. */
    rows: (table: string): readonly string[] =>
      [...store.load()].filter((one) => one.table === table).map(({ value }) => value),
    resident: (user: UserId): Resident | undefined => state.users.get(user),
    question: (id: QuestionId): Question => present(state.questions.get(id), id),
    offerOf: (id: QuestionId, user: UserId): OfferId =>
      present(
        state.questions.get(id)?.offers.findLast((offer) => offer.user === user && offer.state !== 'void'),
        `offer to ${user}`,
      ).id,
    /** Types of the events that the user got from the question, in order. */
    events: (user: UserId, question: QuestionId): readonly EventType[] =>
      [...(told.get(user)?.values() ?? [])].filter(({ data }) => aboutOf(data) === question).map(({ type }) => type),
    /** How many items of the question's news the user's record has, wherever it lies. */
    known: (user: UserId, question: QuestionId): number => inboxOf(user)?.known.get(question)?.n ?? 0,
    inbox: inboxOf,
    /** Numbers of events that say that some before them were lost. */
    gaps: (user: UserId): readonly number[] =>
      [...(told.get(user)?.values() ?? [])].filter(({ gap }) => gap === true).map(({ seq }) => seq),
    /** What UserObjects were told by calls. */
    items: (user: UserId, question: QuestionId): readonly StreamItem[] => byCall.get(`${user}/${question}`) ?? [],
    journal: (): readonly JournalRecord[] =>
      recordsIn([...store.read('journal', 0, 10_000), ...store.load()]).map(({ n: _, at: __, ...record }) => record),
    sentOf: (t: Send['request']['t']): readonly Send[] => sent.filter((send) => send.request.t === t),
  };
}

const aboutOf = (data: UserEvent['data']): QuestionId => ('question' in data ? data.question.id : data.questionId);
