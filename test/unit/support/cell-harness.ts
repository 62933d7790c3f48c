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
import type { Ping, StreamItem } from '../../../src/messages/records.ts';
import type { MapReply } from '../../../src/messages/resharding.ts';
import type { OfferId, QuestionId, UserId } from '../../../src/protocol/ids.ts';
import type { EventType } from '../../../src/protocol/views.ts';
import { memoryRows } from '../../../src/store/memory/memory-rows.ts';
import { checkStep, durable } from './cell-invariants.ts';
import { at, mapRow as mapRowOf, type PolicyParts, ping as pingOf, policyWith, START } from './names.ts';

export type Answer = CellReply | UserReply | MapReply | { readonly t: 'failed' };
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
  const inboxes = new Map<string, StreamItem[]>();
  const epochs = new Map<UserId, number>();

  const healthy: Responder = ({ request }) => {
    switch (request.t) {
      case 'claim': {
        const epoch = epochs.get(request.user) ?? 1;
        epochs.set(request.user, epoch);
        return { t: 'granted', epoch, record: null };
      }
      case 'returnRecord':
        epochs.set(request.user, request.epoch + 1);
        return { t: 'returned' };
      case 'deliver':
        return { t: 'stored', upTo: keepItems(request.user, request.questionId, request.items) };
      case 'scout':
        return { t: 'scouted', candidates: [], beacon: true };
      default:
        return undefined;
    }
  };
  /** An inbox as a UserObject keeps it: duplicates ignored, a gap refused. */
  function keepItems(user: UserId, question: QuestionId, items: readonly StreamItem[]): number {
    const key = `${user}/${question}`;
    const kept = inboxes.get(key) ?? [];
    inboxes.set(key, kept);
    for (const item of items) if (item.n === kept.length + 1) kept.push(item);
    return kept.length;
  }

  function step(event: CellEvent): Effects {
    const before = { alarmAt: store.alarm(), journalLast: state.journalLast };
    const effects = stepCell(state, event, now, options.chance ?? (() => 0.5));
    if (effects.rows.length > 0 || effects.alarmAt !== undefined) store.commit(effects);
    if (options.checked !== false) checkStep(state, store, effects, before, now, event.t === 'alarm');
    for (const attachment of effects.attachments) attachments.set(attachment.user, attachment);
    for (const { token: of, value } of effects.replies) replies.set(of, value);
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
    return replies.get(mine) as CellReply;
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
    const was = durable(state, connected);
    state = load();
    expect(durable(state, connected), 'durable state after a restart').toEqual(was);
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
      (inboxes.get(`${user}/${question}`) ?? []).flatMap(({ event }) => event?.type ?? []),
    items: (user: UserId, question: QuestionId): readonly StreamItem[] => inboxes.get(`${user}/${question}`) ?? [],
    journal: (): readonly JournalRecord[] =>
      recordsIn([...store.read('journal', 0, 10_000), ...store.load()]).map(({ n: _, at: __, ...record }) => record),
    sentOf: (t: Send['request']['t']): readonly Send[] => sent.filter((send) => send.request.t === t),
  };
}
