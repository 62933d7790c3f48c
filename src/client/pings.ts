// Where the user is, told to the service: the newest point only, one at a time, with a number that rises, as often as it asks for.
import type { PresenceView } from '../protocol/views.ts';
import { retryAfterMs } from './back-off.ts';
import { VicinalError } from './vicinal-error.ts';

export type ClientPoint = { readonly lat: number; readonly lng: number; readonly accuracyM?: number };

export type ClientProfile = {
  readonly topics?: readonly string[];
  readonly languages?: readonly string[];
  readonly capacity?: number;
  readonly ttlS?: number;
};

export type ClientPing = ClientPoint & ClientProfile & { readonly session: string; readonly seq: number };

/** `superseded`: a newer point took its place before it was sent. */
export type PingOutcome = PresenceView | 'superseded';

type Send = (ping: ClientPing) => Promise<PresenceView>;

export type Pings = {
  /** Rejects with VicinalError when the service refuses the point. */
  readonly set: (point: ClientPoint) => Promise<PingOutcome>;
  readonly setProfile: (profile: ClientProfile) => Promise<PingOutcome>;
  /** Sends the present point again. */
  readonly repeat: () => Promise<PingOutcome>;
  /** Sends go this way from now on, beginning with the newest point and the whole profile; undefined: they wait. */
  readonly attach: (send: Send | undefined) => void;
  /** The newest point, or, when that was refused, the last that was taken; undefined if there is none. */
  readonly point: () => ClientPoint | undefined;
  /** A ping with everything that is to be known of the user. */
  readonly next: (point: ClientPoint) => ClientPing;
  /** The service will not have this point; a newer one that waits is not concerned. */
  readonly refuse: (point: ClientPoint, error: VicinalError) => void;
  readonly close: () => void;
};

type Waiter = { readonly resolve: (outcome: PingOutcome) => void; readonly reject: (error: VicinalError) => void };
/** In a `hurry`: what has changed is more than the point. */
type Wanted = { readonly point: ClientPoint; readonly waiters: Waiter[]; readonly hurry: boolean };

export type PingOptions = {
  /** Takes the refusal of a point that nobody waits for: the first one, and repetitions. */
  readonly onUnheard: (error: VicinalError) => void;
  readonly random: () => number;
  /** Points go as they come, whatever interval the service asks for; when it is busy they wait all the same. */
  readonly eager?: boolean;
};

class PingQueue implements Pings {
  readonly #session: string;
  readonly #first: ClientPoint;
  readonly #options: PingOptions;
  #profile: ClientProfile;
  #profileSent = false;
  #seq = 0;
  #wanted: Wanted | undefined;
  #good: ClientPoint | undefined;
  #send: Send | undefined;
  #flying: Wanted | undefined;
  #doomed: VicinalError | undefined;
  #closed = false;
  /** Before then the service wants no point of this socket, or nothing at all. */
  #pacedUntil = 0;
  #busyUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: string, first: ClientPoint, profile: ClientProfile, options: PingOptions) {
    this.#session = session;
    this.#first = first;
    this.#profile = profile;
    this.#options = options;
    this.#wanted = { point: first, waiters: [], hurry: false };
  }

  readonly set = (point: ClientPoint): Promise<PingOutcome> => this.#put(point);

  readonly setProfile = (changed: ClientProfile): Promise<PingOutcome> => {
    this.#profile = { ...this.#profile, ...changed };
    this.#profileSent = false;
    return this.#put(this.point() ?? this.#first, true);
  };

  readonly repeat = (): Promise<PingOutcome> => this.#put(this.point() ?? this.#first);

  readonly attach = (via: Send | undefined): void => {
    this.#send = via;
    if (via === undefined) return;
    this.#profileSent = false;
    this.#pacedUntil = 0;
    if (this.#wanted === undefined && this.#flying === undefined && this.#good !== undefined)
      this.#wanted = { point: this.#good, waiters: [], hurry: false };
    void this.#fly();
  };

  readonly point = (): ClientPoint | undefined => (this.#wanted ?? this.#flying)?.point ?? this.#good;

  readonly next = (point: ClientPoint): ClientPing => ({
    ...point,
    ...this.#profile,
    session: this.#session,
    seq: this.#nextSeq(),
  });

  readonly refuse = (point: ClientPoint, error: VicinalError): void => {
    // One that is still on its way comes back with its own failure, in a moment.
    if (this.#flying?.point === point) this.#doomed = error;
    else if (this.#wanted?.point === point) {
      const given = this.#wanted;
      this.#wanted = undefined;
      this.#refused(given, error);
    } else this.#options.onUnheard(error);
  };

  readonly close = (): void => {
    this.#closed = true;
    clearTimeout(this.#timer);
    const error = new VicinalError({ code: 'closed', status: 0 });
    for (const waiter of this.#wanted?.waiters ?? []) waiter.reject(error);
    this.#wanted = undefined;
  };

  #nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }

  async #fly(): Promise<void> {
    const via = this.#send;
    if (via === undefined || this.#flying !== undefined || this.#wanted === undefined || this.#closed) return;
    const ping = this.#wanted;
    const waitMs = Math.max(this.#busyUntil, ping.hurry ? 0 : this.#pacedUntil) - Date.now();
    clearTimeout(this.#timer);
    if (waitMs > 0) {
      this.#timer = setTimeout(() => void this.#fly(), waitMs);
      return;
    }
    this.#wanted = undefined;
    this.#flying = ping;
    const withProfile = !this.#profileSent;
    this.#profileSent = true;
    const profile = withProfile ? this.#profile : {};
    try {
      const view = await via({ ...ping.point, ...profile, session: this.#session, seq: this.#nextSeq() });
      this.#good = ping.point;
      // A service that does not say leaves it to the app.
      if (this.#options.eager !== true && via === this.#send)
        this.#pacedUntil = Date.now() + (view.pingEveryS ?? 0) * 1000;
      settle(ping, view);
    } catch (error) {
      this.#profileSent = this.#profileSent && !withProfile;
      this.#failed(ping, this.#doomed ?? error, via);
    } finally {
      this.#flying = undefined;
      this.#doomed = undefined;
    }
    void this.#fly();
  }

  /** A refusal is final for that point; after any other failure it, or a newer one, is sent again. */
  #failed(ping: Wanted, error: unknown, via: Send): void {
    // A newer ping of this session was faster, from the socket before or at the cell after: the newest point is sent again.
    const isOvertaken = error instanceof VicinalError && error.code === 'stale_ping';
    if (error instanceof VicinalError && !error.transient && error.code !== 'closed' && !isOvertaken) {
      this.#refused(ping, error);
      return;
    }
    if (this.#wanted === undefined && !this.#closed) this.#wanted = ping;
    else settle(ping, 'superseded');
    if (via !== this.#send) return;
    // Without an answer the socket is of no use, and its owner attaches the next one; a busy service is asked again.
    if (!(error instanceof VicinalError) || error.status === 0) this.#send = undefined;
    else this.#busyUntil = Date.now() + retryAfterMs(error.retryAfterS ?? 1, this.#options.random);
  }

  #refused(ping: Wanted, error: VicinalError): void {
    for (const waiter of ping.waiters) waiter.reject(error);
    if (ping.waiters.length === 0) this.#options.onUnheard(error);
  }

  #put(point: ClientPoint, hurry = false): Promise<PingOutcome> {
    if (this.#closed) return Promise.reject(new VicinalError({ code: 'closed', status: 0 }));
    return new Promise((resolve, reject) => {
      const before = this.#wanted;
      this.#wanted = { point, waiters: [{ resolve, reject }], hurry: hurry || before?.hurry === true };
      if (before !== undefined) settle(before, 'superseded');
      void this.#fly();
    });
  }
}

export const pings = (session: string, first: ClientPoint, profile: ClientProfile, options: PingOptions): Pings =>
  new PingQueue(session, first, profile, options);

function settle(ping: Wanted, outcome: PingOutcome): void {
  for (const waiter of ping.waiters) waiter.resolve(outcome);
}

/** The words of a profile among other options. */
export function profileOf({ topics, languages, capacity, ttlS }: ClientProfile): ClientProfile {
  return {
    ...(topics === undefined ? {} : { topics }),
    ...(languages === undefined ? {} : { languages }),
    ...(capacity === undefined ? {} : { capacity }),
    ...(ttlS === undefined ? {} : { ttlS }),
  };
}
