// What both kinds of object share with the platform: rows in its SQLite, the clock, calls through the router, and recovery.

import { unreadable } from '../edge/call.ts';
import { unforeseen } from '../edge/digest.ts';
import type { Router } from '../edge/router.ts';
import { guardRetry, runDue } from '../engine/alarm-handler.ts';
import type { Send } from '../engine/effects.ts';
import { type InterpreterPorts, interpreter } from '../engine/interpreter.ts';
import { bound, type Machine, reload } from '../engine/machine.ts';
import { OBJECT_PATIENCE_MS } from '../engine/route.ts';
import type { Row, RowStore, TableSpec } from '../engine/rows.ts';
import { type EpochMs, epochMs } from '../lib/brand.ts';
import { errorFields, type Log } from '../ops/log.ts';
import type { Problem } from '../protocol/problems.ts';
import { sqlRows } from '../store/sql/sql-rows.ts';
import { sends } from './sends.ts';
import { countCommit, countEvent } from './work.ts';

export type Shell<Event> = {
  readonly run: (event: Event) => boolean;
  /** Runs an event whose answer may come in a later step. */
  readonly ask: <Reply>(make: (token: number) => Event) => Promise<Reply>;
  readonly failed: (what: string, error: unknown) => void;
  /** For the alarm's handler, with what the platform told it and the event that runs what is due. */
  readonly alarm: (info: AlarmInvocationInfo | undefined, event: Event) => Promise<void>;
};

const LOOKS_AGAIN_MS = 10_000;

type ShellDeps<State, Event> = Pick<InterpreterPorts<Event>, 'attach' | 'push' | 'busy' | 'load'> & {
  readonly machine: Machine<State & { nextCall: number }, Event>;
  readonly log: Log;
  readonly kept: Kept<State>;
  /** Calls another object; rejects when it cannot. */
  readonly call: (send: Send) => Promise<unknown>;
  readonly usersWaiting: () => number;
  /** The events by which the core takes up what was under way. */
  readonly boot: (armedAt: EpochMs | undefined) => readonly Event[];
};

/** What an object keeps: its disk, and the memory of it, which another takes the place of when a step is refused. */
export type Kept<State> = {
  readonly store: RowStore;
  state: State;
  /** Set when what the object is cannot be read: what it answers to every call. */
  readonly unreadable?: () => Problem;
};

/** The object's own SQLite, its tables made or migrated. */
export function durableRows(ctx: DurableObjectState, tables: readonly TableSpec[]): RowStore {
  const { storage } = ctx;
  return sqlRows(tables, {
    exec: (sql, ...bindings) => storage.sql.exec(sql, ...bindings),
    transaction: (work) => storage.transactionSync(work),
    // The platform takes no time of 0 or before, and may never fire one that is past: what is overdue is due now.
    setAlarm: (at) => void (at === null ? storage.deleteAlarm() : storage.setAlarm(Math.max(at, Date.now()))),
  });
}

/** The store of an object that could not read what it keeps, and must not overwrite it. */
const NOTHING: RowStore = {
  load: () => [],
  get: () => undefined,
  commit: () => {
    throw new Error('what this object keeps cannot be read: nothing is written');
  },
  setAside: () => undefined,
  aside: () => [],
  read: () => [],
};

/**
 * The state from its rows. A row that cannot be read is set aside as it is and named in the log; the rest lives on. `unreadable`: what
 * the object is cannot be read, or not even the file: it answers all calls with that, and writes nothing.
 */
export function restored<State extends { nextCall: number }, Event>(
  ctx: DurableObjectState,
  machine: Machine<State, Event>,
  log: Log,
): Kept<State> {
  const { kind, tables, load } = machine;
  const object = labelOf(ctx, kind);
  const unread: Row[] = [];
  try {
    const store = durableRows(ctx, tables);
    const state = load(store.load(), (row, error) => {
      const { table, key } = row;
      log('error', `${kind}.row_unreadable`, {
        object,
        table,
        key: kind === 'cell' ? key : undefined,
        ...errorFields(error),
      });
      // The journal goes on behind its last number, whatever stands there.
      if (tables.find((one) => one.name === table)?.kind === 'all') unread.push(row);
    });
    if (unread.length > 0) store.setAside(unread);
    return { store, state: bound(machine, store, state) };
  } catch (error) {
    log('error', `${kind}.unreadable`, { object, ...errorFields(error) });
    const [said, since] = [unreadable(error), Date.now()];
    return {
      store: NOTHING,
      state: load([], () => undefined),
      unreadable: () => {
        // The disk may be well again: whoever calls next finds an object that has looked.
        if (Date.now() > since + LOOKS_AGAIN_MS) ctx.abort('reads its rows again');
        return said;
      },
    };
  }
}

/** The interpreter over the platform, which boots its core in the object's constructor, with the alarm that is armed on disk. */
export function shell<State extends { nextCall: number }, Event>(
  ctx: DurableObjectState,
  { machine, log, kept, call, usersWaiting, boot, ...ports }: ShellDeps<State, Event>,
): Shell<Event> {
  const { kind } = machine;
  const { store } = kept;
  /** On the disk, whatever a step that was not committed has thought. */
  let armedAt: EpochMs | undefined;
  /** The last wake-up that was armed beside a step: its failure is the failure of the alarm's handler. */
  let armed: Promise<void> | undefined;
  const arm = (at: EpochMs): void => {
    armedAt = at;
    armed = ctx.storage.setAlarm(at);
  };
  const now = (): EpochMs => epochMs(Date.now());
  const failed = (what: string, error: unknown): void =>
    log('error', `${kind}.failed`, { what, object: labelOf(ctx, kind), ...errorFields(error) });
  const booted = (): readonly Event[] => (kept.unreadable === undefined ? boot(armedAt) : []);
  const engine = interpreter<Event>({
    ...ports,
    store: {
      commit: (commit) => {
        store.commit(commit);
        countCommit(commit.rows.length);
        if (commit.alarmAt !== undefined) armedAt = commit.alarmAt ?? undefined;
      },
    },
    now,
    step: (event, at) => {
      countEvent(log, at);
      return machine.step(kept.state, event, at, unforeseen);
    },
    send: sends(call, usersWaiting, failed),
    onReply: machine.onReply,
    reload: () => {
      kept.state = reload(machine, store, kept.state);
      return booted();
    },
    abort: (why) => ctx.abort(why),
    healed: (leadMs) => log('warn', `${kind}.clock_healed`, { object: labelOf(ctx, kind), leadMs }),
    failed,
  });
  // Before any event. The calls that the core makes here are sent, and nobody waits for them.
  void ctx.blockConcurrencyWhile(async () => {
    const at = await ctx.storage.getAlarm();
    armedAt = at === null ? undefined : epochMs(at);
    for (const event of booted()) engine.run(event);
  });
  return {
    run: engine.run,
    ask: <Reply>(make: (token: number) => Event) =>
      new Promise<Reply>((resolve) => engine.request(make, resolve as (reply: unknown) => void)),
    failed,
    alarm: async (info, event) => {
      armedAt = undefined;
      if (info?.isRetry === true) {
        guardRetry({ now, arm });
        await armed;
        await ctx.storage.sync();
      }
      runDue({ now, arm, run: () => engine.run(event) });
      await armed;
    },
  };
}

/** Calls by address, through the router of this isolate. */
export function sender(router: Router): (send: Send) => Promise<unknown> {
  return async ({ address, request }) => {
    switch (address.to) {
      case 'cell':
        return router.callCell({ cell: address.cell }, request as never);
      case 'home':
        return router.callHome(address.key, request as never, undefined, OBJECT_PATIENCE_MS);
      case 'user':
        return router.callUser(address.user, request as never);
      case 'map':
        return router.callMap(request as never);
    }
  };
}

/** Cells go by their name; a user's name is nobody's business, so their object goes by the platform's id for it. */
function labelOf({ id }: DurableObjectState, kind: string): string {
  return kind === 'cell' ? (id.name ?? id.toString()) : id.toString().slice(0, 16);
}
