// A user's events as one stream: each once, in the order of their numbers, acknowledged after the handler has run.
import type { UserEvent } from '../protocol/views.ts';
import { backOffMs, pause } from './back-off.ts';

export type InboxDeps = {
  /** Events after `seq`, in order; empty when there are no more. Throws when it cannot tell. */
  readonly fetchAfter: (seq: number) => Promise<readonly UserEvent[]>;
  /** When it throws, the event is handled again, after a pause: later ones wait, and none is acknowledged unhandled. */
  readonly handle: (event: UserEvent) => void | Promise<void>;
  /** Everything up to `seq` has been handled. May fail: the next one covers it. */
  readonly acknowledge: (seq: number) => Promise<void>;
  readonly onError: (error: unknown) => void;
  readonly random: () => number;
};

export type Inbox = {
  /** An event that was pushed; a gap before it is filled from the service first. */
  readonly push: (event: UserEvent) => void;
  /** Fetches what was missed. Resolves when it is queued; calls at the same time share one run. */
  readonly catchUp: () => Promise<void>;
  /** The number of the last event that was handled. */
  readonly seq: () => number;
  readonly close: () => void;
};

/** @param after the number of the last event that this user's app has handled; 0 for none. */
export function inbox(after: number, deps: InboxDeps): Inbox {
  const stop = new AbortController();
  const queue: UserEvent[] = [];
  let taken = after;
  let handled = after;
  let acknowledged = after;
  let pumping = false;
  let fetching: Promise<void> | undefined;
  let again = false;

  const take = (event: UserEvent): void => {
    if (event.seq <= taken || stop.signal.aborted) return;
    taken = event.seq;
    queue.push(event);
    void pump();
  };

  const pump = async (): Promise<void> => {
    if (pumping) return;
    pumping = true;
    for (let failures = 0; !stop.signal.aborted; ) {
      const event = queue[0];
      if (event === undefined) break;
      try {
        await deps.handle(event);
      } catch (error) {
        deps.onError(error);
        await pause(backOffMs(failures, deps.random), stop.signal);
        failures += 1;
        continue;
      }
      failures = 0;
      queue.shift();
      handled = event.seq;
      if (queue.length === 0) await acknowledge();
    }
    pumping = false;
  };

  const acknowledge = async (): Promise<void> => {
    if (handled <= acknowledged) return;
    const upTo = handled;
    try {
      await deps.acknowledge(upTo);
      acknowledged = Math.max(acknowledged, upTo);
    } catch (error) {
      deps.onError(error);
    }
  };

  const fetchAll = async (): Promise<void> => {
    do {
      again = false;
      // What the service returns is all that it owes: numbers missing there were acknowledged by another device.
      for (let more = true; more && !stop.signal.aborted; ) {
        const events = await deps.fetchAfter(taken);
        for (const event of events) take(event);
        more = events.length > 0;
      }
    } while (again && !stop.signal.aborted);
    // An acknowledgement that was lost on the way goes again here.
    if (queue.length === 0) await acknowledge();
  };

  const catchUp = (): Promise<void> => {
    if (fetching !== undefined) {
      again = true;
      return fetching;
    }
    fetching = fetchAll().finally(() => {
      fetching = undefined;
    });
    return fetching;
  };

  return {
    push: (event) => {
      if (event.seq <= taken) return;
      if (event.seq === taken + 1) take(event);
      else void catchUp().catch(deps.onError);
    },
    catchUp,
    seq: () => handled,
    close: () => stop.abort(),
  };
}
