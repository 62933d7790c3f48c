// A user's live connection: a socket that is always on its way back, and an inbox that misses nothing meanwhile.
import type { OfferId, QuestionId } from '../protocol/ids.ts';
import type { AnswerView, OfferView, PresenceView, QuestionView, UserEvent } from '../protocol/views.ts';
import { backOffMs, pause, retryAfterMs } from './back-off.ts';
import type { CallOptions, Calls, NewQuestion } from './calls.ts';
import { type Inbox, inbox } from './inbox.ts';
import { errorOfFrame, eventOf, type Frame, type Link, openLink } from './link.ts';
import {
  type ClientPing,
  type ClientPoint,
  type ClientProfile,
  type PingOutcome,
  type Pings,
  pings,
  profileOf,
} from './pings.ts';
import { mint, type Platform } from './platform.ts';
import { renew } from './renewal.ts';
import { streamAddress } from './stream-address.ts';
import { networkError, VicinalError } from './vicinal-error.ts';

/** `waiting`: no socket for now, the next try is set; `closed`: for good. */
export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'closed';

export type ConnectOptions = ClientProfile & {
  readonly point: ClientPoint;
  /** Minted when absent, and kept over reconnects. A new session takes the user over from the others. */
  readonly session?: string;
  /** The `seq` of the last event that this app has handled; 0 for none. */
  readonly after?: number;
  /**
   * Each event once, in order; acknowledged when it returns. When it throws, the same event comes again after a pause, five times at most;
   * after a final refusal of the service (such as `offer_gone`) it does not. `onError` hears of each.
   */
  readonly onEvent?: (event: UserEvent) => void | Promise<void>;
  readonly onState?: (state: ConnectionState) => void;
  /** What went wrong and is tried again; just before the state becomes `closed`, what cannot be. */
  readonly onError?: (error: VicinalError) => void;
  /** The present point is sent again this long after the last, or when the service asks for it, whichever is later. */
  readonly keepAliveMs?: number;
  /** Points go as they come, whatever interval the service asks for: for replays and tests. */
  readonly eager?: boolean;
  /** A silent connection is asked whether it lives after so long, and is lost after as long again; 4 s. 0: never asked. */
  readonly heartbeatMs?: number;
};

export type ConnectionDeps = {
  readonly client: Calls;
  readonly platform: Platform;
  readonly streamUrl: string;
  readonly token: () => Promise<string>;
  readonly forgetToken: () => void;
  readonly renewable: boolean;
};

/** `polling`: events come by HTTP, as no socket gets through. */
export type ConnectionTransport = 'socket' | 'polling';

/** The service sent the socket away; `waitMs` spreads those that it sends away together. */
type Moved = { readonly waitMs: number };

/** When the service does not say how often; and how often the inbox is looked into. */
const KEEP_ALIVE_MS = 25_000;
const MOVED_JITTER_MS = 100;
/** A socket that lived this long was a success: the next failure is the first again. */
const STEADY_MS = 5000;
const POINTLESS_MS = 3_600_000;
const HEARTBEAT_MS = 4000;
/** Sockets that did not open in a row, while calls did get through, until events are polled; and how long, until one is tried again. */
const UNOPENED_MAX = 3;
const POLLING_MS = 300_000;
const POLL_WAIT_S = 20;
const POLL_EVERY_MS = 1000;
/** Tokens refused in a row, each asked for anew, until there is no point in asking. */
const TOKENS_MAX = 3;
/** Nothing that this app does makes these go away. */
const FATAL: ReadonlySet<string> = new Set([
  'forbidden_scope',
  'token_claims',
  'token_subject',
  'token_scope',
  'token_algorithm',
  'erased',
  // The app has opened too many: to come again would close another of them.
  'too_many_sockets',
]);

export class Connection {
  readonly session: string;
  readonly #options: ConnectOptions;
  readonly #deps: ConnectionDeps;
  readonly #position: Pings;
  readonly #events: Inbox;
  readonly #stop = new AbortController();
  readonly #untilClosed: CallOptions = { signal: this.#stop.signal };
  #wake = new AbortController();
  #state: ConnectionState = 'connecting';
  #link: Link | undefined;
  #refused = false;
  #unopened = 0;
  #noSocketUntil = 0;
  #refusedTokens = 0;
  #reason: VicinalError | undefined;
  #transport: ConnectionTransport = 'socket';
  /** A busy service wants no connection before then. */
  #busyUntil = 0;
  #caughtUpAt = 0;
  /** The cell that holds the user: without it a reconnect near a border might land on the other side. */
  #cell: string | undefined;

  /** Use `client.connect(options)`. */
  constructor(options: ConnectOptions, deps: ConnectionDeps) {
    const { client, platform } = deps;
    this.#options = options;
    this.#deps = deps;
    this.session = options.session ?? mint(platform.random, 16);
    this.#position = pings(this.session, options.point, profileOf(options), {
      onUnheard: (error) => this.#report(error),
      random: platform.random,
      eager: options.eager === true,
    });
    this.#events = inbox(options.after ?? 0, {
      fetchAfter: (seq, waitS) => client.events({ after: seq, waitS, ...this.#untilClosed }),
      handle: (event) => options.onEvent?.(event),
      acknowledge: async (seq) => {
        await this.#call('ack', { seq }, () => client.acknowledge(seq, this.#untilClosed));
      },
      onError: (error) => this.#report(error),
      random: platform.random,
    });
    void this.#run();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** How events come. */
  get transport(): ConnectionTransport {
    return this.#transport;
  }

  /** Why it is closed, unless the app closed it. */
  get reason(): VicinalError | undefined {
    return this.#reason;
  }

  /** The number of the last event that the handler has seen: store it, and pass it as `after` at the next start. */
  get seq(): number {
    return this.#events.seq();
  }

  /** Moves the user; only the newest point is sent. Rejects when the service refuses it: the user stays where they were. */
  setPoint(point: ClientPoint): Promise<PingOutcome> {
    const sent = this.#position.set(point);
    // After a refused point only another one helps, so there is nothing to wait for.
    if (this.#refused) this.#wake.abort();
    this.#refused = false;
    return sent;
  }

  setProfile(profile: ClientProfile): Promise<PingOutcome> {
    return this.#position.setProfile(profile);
  }

  ask(question: NewQuestion): Promise<QuestionView> {
    const { key = mint(this.#deps.platform.random, 24), ...body } = question;
    return this.#call('ask', { ...body, key }, () => this.#deps.client.ask({ ...body, key }, this.#untilClosed));
  }

  /** Moves a question of this user to another point. */
  move(id: QuestionId, point: ClientPoint): Promise<QuestionView> {
    const { lat, lng } = point;
    return this.#call('move', { id, lat, lng }, () => this.#deps.client.move(id, point, this.#untilClosed));
  }

  cancel(id: QuestionId): Promise<QuestionView> {
    return this.#call('cancel', { id }, () => this.#deps.client.cancel(id, this.#untilClosed));
  }

  accept(id: OfferId): Promise<OfferView> {
    return this.#call('accept', { id }, () => this.#deps.client.accept(id, this.#untilClosed));
  }

  decline(id: OfferId): Promise<OfferView> {
    return this.#call('decline', { id }, () => this.#deps.client.decline(id, this.#untilClosed));
  }

  answer(id: OfferId, text: string): Promise<AnswerView> {
    return this.#call('answer', { id, text }, () => this.#deps.client.answer(id, text, this.#untilClosed));
  }

  /** Ends the connection for good. The presence runs out by itself; `client.leave()` ends it at once. */
  close(): void {
    if (this.#stop.signal.aborted) return;
    this.#become('closed');
    this.#stop.abort();
    this.#wake.abort();
    this.#events.close();
    this.#position.close();
    this.#link?.close();
  }

  async #run(): Promise<void> {
    const { random } = this.#deps.platform;
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      const point = this.#position.point();
      if (point === undefined) {
        // The only point there was has been refused: asking again would change nothing, the next point will.
        await pause(POINTLESS_MS, this.#wake.signal);
        this.#wake = new AbortController();
        continue;
      }
      const openedMs = Date.now();
      this.#become('connecting');
      const isPolling = this.#deps.platform.WebSocket === undefined || this.#noSocketUntil > openedMs;
      const end = await (isPolling ? this.#poll() : this.#live(point)).catch(() => 'failed' as const);
      if (this.#stop.signal.aborted) return;
      if (end === 'hopeless' || (end === 'failed' && (await this.#hopeless(point)))) break;
      failures = end !== 'failed' && Date.now() - openedMs > STEADY_MS ? 0 : failures + 1;
      this.#become('waiting');
      this.#wake = new AbortController();
      // Sent on again and again is no better than refused.
      const atOnce = typeof end === 'object' && failures < 4;
      const busyMs = this.#busyUntil - Date.now();
      await pause(Math.max(busyMs, atOnce ? end.waitMs : backOffMs(failures, random)), this.#wake.signal);
    }
    this.close();
  }

  /** One life of a socket. Returns why it ended; rejects when it did not open. */
  async #live(point: ClientPoint): Promise<Moved | 'lost' | 'refused' | 'hopeless'> {
    let moved: Moved | undefined;
    // Without a `ref` it speaks of the connection itself, which ends with it.
    let refused: VicinalError | undefined;
    const { WebSocket } = this.#deps.platform;
    if (WebSocket === undefined) throw new VicinalError({ code: 'socket_unavailable', status: 0 });
    const link = await openLink({
      url: streamAddress(this.#deps.streamUrl, this.#position.next(point), this.#cell),
      token: await this.#deps.token(),
      WebSocket,
      heartbeatMs: this.#options.heartbeatMs ?? HEARTBEAT_MS,
      onPush: (frame) => {
        if (frame['t'] === 'event') this.#events.push(eventOf(frame));
        else if (frame['t'] === 'error') refused = errorOfFrame(frame);
        else if (frame['t'] === 'expiring') renew(link, this.#deps, (error) => this.#report(error));
        else if (frame['t'] === 'moved') {
          moved = this.#sentAway(frame);
          link.close();
        }
      },
    });
    if (this.#stop.signal.aborted) link.close();
    this.#link = link;
    this.#unopened = 0;
    this.#refusedTokens = 0;
    this.#transport = 'socket';
    this.#become('open');
    let first = true;
    const detach = this.#attach(async (ping) => {
      const view = (await link.call('presence', ping)) as PresenceView;
      // What was pushed to the last cell while this one took the user over is in the inbox by now.
      if (first) this.#catchUp();
      first = false;
      return view;
    });
    this.#catchUp();
    await link.ended;
    this.#link = undefined;
    detach();
    if (refused !== undefined) return this.#takesRefusal(point, refused) ? 'hopeless' : 'refused';
    return moved ?? 'lost';
  }

  /** No socket gets through: pings go and events come by HTTP, for a while. Rejects when nothing does. */
  async #poll(): Promise<'lost'> {
    const until = Date.now() + POLLING_MS;
    if (this.#transport !== 'polling') {
      const detail = 'no WebSocket gets through to the service: events are polled';
      this.#report(new VicinalError({ code: 'socket_unavailable', status: 0, detail }));
    }
    this.#transport = 'polling';
    const detach = this.#attach((ping) => this.#deps.client.presence(ping, { retriesMax: 0, ...this.#untilClosed }));
    try {
      while (Date.now() < until && !this.#stop.signal.aborted) {
        const askedMs = Date.now();
        await this.#events.poll(POLL_WAIT_S);
        this.#refusedTokens = 0;
        this.#become('open');
        // Whoever answers at once that there is nothing is not asked again at once.
        await pause(Math.max(0, POLL_EVERY_MS - (Date.now() - askedMs)), this.#stop.signal);
      }
    } finally {
      detach();
    }
    return 'lost';
  }

  /** Pings go this way from now on, and are repeated as often as the service asks. */
  #attach(send: (ping: ClientPing) => Promise<PresenceView>): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    this.#position.attach(async (ping) => {
      clearTimeout(timer);
      const view = await send(ping);
      this.#cell = view.cell;
      timer = setTimeout(() => this.#keepAlive(), this.#keepAliveMs(view.pingEveryS));
      return view;
    });
    return () => {
      clearTimeout(timer);
      this.#position.attach(undefined);
    };
  }

  #sentAway({ waitMs, cell }: Frame): Moved {
    this.#cell = typeof cell === 'string' ? cell : undefined;
    return { waitMs: (typeof waitMs === 'number' ? waitMs : 0) + this.#deps.platform.random() * MOVED_JITTER_MS };
  }

  /** A push may be lost on its way, an inbox is not: the sign of life looks there too. */
  #keepAlive(): void {
    this.#position.repeat().catch(() => {});
    if (Date.now() - this.#caughtUpAt >= Math.min(KEEP_ALIVE_MS, this.#options.keepAliveMs ?? KEEP_ALIVE_MS))
      this.#catchUp();
  }

  /** @param toldS what the service asked for; it knows how long the lease is. */
  #keepAliveMs(toldS: number | undefined): number {
    const { keepAliveMs, ttlS, eager } = this.#options;
    if (toldS === undefined) return keepAliveMs ?? Math.min(KEEP_ALIVE_MS, ((ttlS ?? Infinity) * 1000) / 3);
    // A little later than told, each by another little, so that those who came together do not stay together.
    const told = toldS * 1000 * (1 + this.#deps.platform.random() / 10);
    return eager === true ? (keepAliveMs ?? told) : Math.max(keepAliveMs ?? 0, told);
  }

  #catchUp(): void {
    this.#caughtUpAt = Date.now();
    this.#events.catchUp().catch((error: unknown) => this.#report(error));
  }

  /** Asks over HTTP why the handshake failed, which no socket tells. True when there is no point in trying again. */
  async #hopeless(point: ClientPoint): Promise<boolean> {
    try {
      const once = { retriesMax: 0, ...this.#untilClosed };
      await this.#deps.client.presence(this.#position.next(point), once);
      // Calls get through, sockets do not: a proxy in between may block them.
      this.#unopened += 1;
      if (this.#unopened >= UNOPENED_MAX) this.#noSocketUntil = Date.now() + POLLING_MS;
      return false;
    } catch (error) {
      return this.#takesRefusal(point, error instanceof VicinalError ? error : networkError(error));
    }
  }

  /** Draws the consequence of an error that kept the socket from opening. True when there is no point in trying again. */
  #takesRefusal(point: ClientPoint, error: VicinalError): boolean {
    if (error.status === 401 && error.code !== 'token_not_yet_valid') this.#refusedTokens += 1;
    const isSpent = this.#refusedTokens >= (this.#deps.renewable ? TOKENS_MAX : 1);
    const fatal = FATAL.has(error.code) || isSpent;
    if (fatal) this.#reason = error;
    if (fatal || error.transient || error.status === 401) this.#report(error);
    else {
      // It is the point that was refused: whoever set it is told, and the next one goes at once.
      this.#position.refuse(point, error);
      this.#refused = true;
    }
    if (error.status === 401) this.#deps.forgetToken();
    if (error.retryAfterS !== undefined) {
      this.#busyUntil = Date.now() + retryAfterMs(error.retryAfterS, this.#deps.platform.random);
    }
    return fatal;
  }

  /** By the socket if there is one; when its answer does not come, again by HTTP, which every verb here allows. */
  async #call<T>(verb: string, body: Frame, byHttp: () => Promise<T>): Promise<T> {
    if (this.#stop.signal.aborted) throw new VicinalError({ code: 'closed', status: 0 });
    if (this.#link === undefined) return byHttp();
    try {
      return (await this.#link.call(verb, body)) as T;
    } catch (error) {
      if (!(error instanceof VicinalError) || !error.transient) throw error;
      return byHttp();
    }
  }

  #become(next: ConnectionState): void {
    if (this.#state === next || this.#state === 'closed') return;
    this.#state = next;
    this.#options.onState?.(next);
  }

  #report(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#options.onError?.(error instanceof VicinalError ? error : networkError(error));
  }
}
