// A user's events as one stream: each once, in the order of their numbers, acknowledged after the handler has run.
import type { UserEvent } from '../protocol/views.ts';
import { backOffMs, pause } from './back-off.ts';
import { VicinalError } from './vicinal-error.ts';

export type Page = {
  readonly items: readonly UserEvent[];
  /** The service has no event of that number: this is its first page from the beginning. */
  readonly reset?: boolean;
};

export type InboxDeps = {
  /** Events after `seq`, in order, waiting for one as long as told; empty when there are no more. Throws when it cannot tell. */
  readonly fetchAfter: (seq: number, waitS: number) => Promise<Page>;
  /**
   * When it throws, the event is handled again, after a pause, a few times: later ones wait. A refusal of the service that is final
   * is no reason to: the event counts as handled.
   */
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
  /** Waits so long for events, and queues them. */
  readonly poll: (waitS: number) => Promise<void>;
  /** The number of the last event that was handled. */
  readonly seq: () => number;
  readonly close: () => void;
};

const TRIES_MAX = 5;

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

  const take = ({ items, reset }: Page): void => {
    if (stop.signal.aborted) return;
    if (reset === true) {
      queue.length = 0;
      taken = 0;
      handled = 0;
      acknowledged = 0;
    }
    // All of a page before the first is handled: what became of an offer may stand further down.
    for (const event of items) {
      if (event.seq <= taken) continue;
      taken = event.seq;
      queue.push(event);
    }
    void pump();
  };

  const pump = async (): Promise<void> => {
    if (pumping) return;
    pumping = true;
    for (let failures = 0; !stop.signal.aborted; ) {
      const event = queue[0];
      if (event === undefined) break;
      try {
        if (!isOver(event, queue)) await deps.handle(event);
      } catch (error) {
        deps.onError(error);
        failures += 1;
        if (!isFinal(error) && failures < TRIES_MAX) {
          await pause(backOffMs(failures - 1, deps.random), stop.signal);
          continue;
        }
      }
      failures = 0;
      // A reset may have emptied the queue meanwhile.
      if (queue[0] !== event) continue;
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

  const fetchAll = async (waitS: number): Promise<void> => {
    let wait = waitS;
    do {
      again = false;
      // What the service returns is all that it owes: numbers missing there were acknowledged by another device.
      for (let more = true; more && !stop.signal.aborted; wait = 0) {
        const page = await deps.fetchAfter(taken, wait);
        take(page);
        more = page.items.length > 0;
      }
    } while (again && !stop.signal.aborted);
    // An acknowledgement that was lost on the way goes again here.
    if (queue.length === 0) await acknowledge();
  };

  const fetch = (waitS: number): Promise<void> => {
    if (fetching !== undefined) {
      again = true;
      return fetching;
    }
    fetching = fetchAll(waitS).finally(() => {
      fetching = undefined;
    });
    return fetching;
  };

  return {
    push: (event) => {
      if (event.seq <= taken) return;
      if (event.seq === taken + 1) take({ items: [event] });
      else void fetch(0).catch(deps.onError);
    },
    catchUp: () => fetch(0),
    poll: (waitS) => fetch(waitS),
    seq: () => handled,
    close: () => stop.abort(),
  };
}

/** An offer of which a later event of the queue says that it has ended is not handed on as new. */
function isOver({ type, seq, data }: UserEvent, queue: readonly UserEvent[]): boolean {
  if (type !== 'offer.made') return false;
  const { id } = data as { readonly id?: unknown };
  return queue.some(
    (later) =>
      later.seq > seq &&
      (later.type === 'offer.withdrawn' || later.type === 'offer.expired') &&
      (later.data as { readonly id?: unknown }).id === id,
  );
}

/** The service has answered, and would not answer otherwise a second time. */
const isFinal = (error: unknown): boolean =>
  error instanceof VicinalError && error.status >= 400 && error.status < 500 && !error.transient;
