// What both kinds of object share with the platform: rows in its SQLite, the clock, calls through the router, and recovery.
import { type EpochMs, epochMs } from '../lib/brand.ts';
import type { Unread } from '../lib/versioned.ts';
import { errorFields, type Log } from '../ops/log.ts';
import type { Send } from '../protocol/effects.ts';
import type { Problem } from '../protocol/problems.ts';
import type { Row, RowStore, TableSpec } from '../store/rows.ts';
import { sqlRows } from '../store/sql/sql-rows.ts';
import { Background } from './background.ts';
import { unreadable } from './call.ts';
import { type Interpreter, type InterpreterDeps, interpreter } from './interpreter.ts';
import type { Router } from './router.ts';

export type Shell<Event> = Interpreter<Event> & {
  readonly failed: (what: string, error: unknown) => void;
  /** For the alarm's handler, with what the platform told it and the event that runs what is due. */
  readonly alarm: (info: AlarmInvocationInfo | undefined, event: Event) => Promise<void>;
};

const ALARM_GUARD_MS = 30_000;
const LOOKS_AGAIN_MS = 10_000;
/** An object asks again by itself. */
const OBJECT_PATIENCE_MS = 2000;

type ShellDeps<Event> = Pick<
  InterpreterDeps<Event>,
  'store' | 'step' | 'send' | 'onReply' | 'attach' | 'push' | 'busy' | 'load'
> & {
  readonly name: string;
  readonly log: Log;
  readonly usersWaiting: () => number;
  /** Rebuilds the state from its rows. */
  readonly reload: () => void;
  /** The events by which the core takes up what was under way. */
  readonly boot: (armedAt: EpochMs | undefined) => readonly Event[];
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
export function restored<State>(
  ctx: DurableObjectState,
  { name, log }: Pick<ShellDeps<never>, 'name' | 'log'>,
  tables: readonly TableSpec[],
  load: (rows: Iterable<Row>, unread: Unread) => State,
): { readonly store: RowStore; readonly state: State; readonly unreadable?: () => Problem } {
  const object = labelOf(ctx, name);
  const unread: Row[] = [];
  try {
    const store = durableRows(ctx, tables);
    const state = load(store.load(), (row, error) => {
      const { table, key } = row;
      log('error', `${name}.row_unreadable`, {
        object,
        table,
        key: name === 'cell' ? key : undefined,
        ...errorFields(error),
      });
      // The journal goes on behind its last number, whatever stands there.
      if (tables.find((one) => one.name === table)?.kind === 'all') unread.push(row);
    });
    if (unread.length > 0) store.setAside(unread);
    return { store, state };
  } catch (error) {
    log('error', `${name}.unreadable`, { object, ...errorFields(error) });
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

/** An interpreter that boots its core in the object's constructor, with the alarm that is armed on disk. */
export function shell<Event>(ctx: DurableObjectState, deps: ShellDeps<Event>): Shell<Event> {
  const { name, log, boot, reload, usersWaiting, store, ...rest } = deps;
  /** On the disk, whatever a step that was not committed has thought. */
  let armedAt: EpochMs | undefined;
  const arm = (at: EpochMs): Promise<void> => {
    armedAt = at;
    return ctx.storage.setAlarm(at);
  };
  const background = new Background({ usersWaiting, sleep });
  const failed = (what: string, error: unknown): void =>
    log('error', `${name}.failed`, { what, object: labelOf(ctx, name), ...errorFields(error) });
  const machine = interpreter<Event>({
    ...rest,
    store: {
      ...store,
      commit: (commit) => {
        store.commit(commit);
        if (commit.alarmAt !== undefined) armedAt = commit.alarmAt ?? undefined;
      },
    },
    now: () => epochMs(Date.now()),
    within,
    reload: () => {
      reload();
      return boot(armedAt);
    },
    inTurn: (call) => background.run(call),
    abort: (why) => ctx.abort(why),
    healed: (leadMs) => log('warn', `${name}.clock_healed`, { object: labelOf(ctx, name), leadMs }),
    failed,
  });
  // Before any event. The calls that the core makes here are sent, and nobody waits for them.
  void ctx.blockConcurrencyWhile(async () => {
    const at = await ctx.storage.getAlarm();
    armedAt = at === null ? undefined : epochMs(at);
    for (const event of boot(armedAt)) machine.run(event);
  });
  return {
    ...machine,
    failed,
    alarm: async (info, event) => {
      armedAt = undefined;
      const later = (): EpochMs => epochMs(Date.now() + ALARM_GUARD_MS);
      if (info?.isRetry === true) {
        // The try before died. Should this one die too, and the platform give up, there is still a wake-up.
        await arm(later());
        await ctx.storage.sync();
      }
      // What is due cannot be written: tried again, but not at once and for ever.
      if (!machine.run(event)) await arm(later());
    },
  };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A timer that is still pending keeps an object from sleeping: it goes with the outcome. */
function within<T, Late>(ms: number, outcome: Promise<T>, late: Late): Promise<T | Late> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(late), ms);
    outcome.then(resolve, reject).finally(() => clearTimeout(timer));
  });
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
