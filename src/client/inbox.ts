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

/** Shares one run among fetches at the same time, and acknowledges when everything was handled. */
class Events implements Inbox {
  readonly #deps: InboxDeps;
  readonly #stop = new AbortController();
  readonly #queue: UserEvent[] = [];
  #taken: number;
  #handled: number;
  #acknowledged: number;
  #pumping = false;
  #fetching: Promise<void> | undefined;
  #again = false;

  constructor(after: number, deps: InboxDeps) {
    this.#deps = deps;
    this.#taken = after;
    this.#handled = after;
    this.#acknowledged = after;
  }

  readonly push = (event: UserEvent): void => {
    if (event.seq <= this.#taken) return;
    if (event.seq === this.#taken + 1) this.#take({ items: [event] });
    else void this.#fetch(0).catch(this.#deps.onError);
  };

  readonly catchUp = (): Promise<void> => this.#fetch(0);
  readonly poll = (waitS: number): Promise<void> => this.#fetch(waitS);
  readonly seq = (): number => this.#handled;
  readonly close = (): void => this.#stop.abort();

  #take({ items, reset }: Page): void {
    if (this.#stop.signal.aborted) return;
    if (reset === true) {
      this.#queue.length = 0;
      this.#taken = 0;
      this.#handled = 0;
      this.#acknowledged = 0;
    }
    // All of a page before the first is handled: what became of an offer may stand further down.
    for (const event of items) {
      if (event.seq <= this.#taken) continue;
      this.#taken = event.seq;
      this.#queue.push(event);
    }
    void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      const event = this.#queue[0];
      if (event === undefined) break;
      try {
        if (!isOver(event, this.#queue)) await this.#deps.handle(event);
      } catch (error) {
        this.#deps.onError(error);
        failures += 1;
        if (!isFinal(error) && failures < TRIES_MAX) {
          await pause(backOffMs(failures - 1, this.#deps.random), this.#stop.signal);
          continue;
        }
      }
      failures = 0;
      // A reset may have emptied the queue meanwhile.
      if (this.#queue[0] !== event) continue;
      this.#queue.shift();
      this.#handled = event.seq;
      if (this.#queue.length === 0) await this.#acknowledge();
    }
    this.#pumping = false;
  }

  async #acknowledge(): Promise<void> {
    if (this.#handled <= this.#acknowledged) return;
    const upTo = this.#handled;
    try {
      await this.#deps.acknowledge(upTo);
      this.#acknowledged = Math.max(this.#acknowledged, upTo);
    } catch (error) {
      this.#deps.onError(error);
    }
  }

  async #fetchAll(waitS: number): Promise<void> {
    let wait = waitS;
    do {
      this.#again = false;
      // What the service returns is all that it owes: numbers missing there were acknowledged by another device.
      for (let more = true; more && !this.#stop.signal.aborted; wait = 0) {
        const page = await this.#deps.fetchAfter(this.#taken, wait);
        this.#take(page);
        more = page.items.length > 0;
      }
    } while (this.#again && !this.#stop.signal.aborted);
    // An acknowledgement that was lost on the way goes again here.
    if (this.#queue.length === 0) await this.#acknowledge();
  }

  #fetch(waitS: number): Promise<void> {
    if (this.#fetching !== undefined) {
      this.#again = true;
      return this.#fetching;
    }
    this.#fetching = this.#fetchAll(waitS).finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }
}

/** @param after the number of the last event that this user's app has handled; 0 for none. */
export const inbox = (after: number, deps: InboxDeps): Inbox => new Events(after, deps);

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
