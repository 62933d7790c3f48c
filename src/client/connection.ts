// A user's live connection: a socket that is always on its way back, and an inbox that misses nothing meanwhile.

import type { PresenceView } from '../protocol/views.ts';
import { backOffMs, pause } from './back-off.ts';
import type { ConnectionDeps, ConnectionState, ConnectionTransport, ConnectOptions } from './connect-options.ts';
import { type Inbox, inbox } from './inbox.ts';
import { KEEP_ALIVE_MS, keepAliveMs } from './keep-alive.ts';
import { errorOfFrame, eventOf, type Frame, openLink } from './link.ts';
import { LiveCalls } from './live-calls.ts';
import {
  type ClientPing,
  type ClientPoint,
  type ClientProfile,
  type PingOutcome,
  type Pings,
  pings,
  profileOf,
} from './pings.ts';
import { mint } from './platform.ts';
import { Refusals } from './refusals.ts';
import { renew } from './renewal.ts';
import { streamAddress } from './stream-address.ts';
import { networkError, VicinalError } from './vicinal-error.ts';

/** `waiting`: no socket for now, the next try is set; `closed`: for good. */
/** The service sent the socket away; `waitMs` spreads those that it sends away together. */
type Moved = { readonly waitMs: number };

const MOVED_JITTER_MS = 100;
/** A socket that lived this long was a success: the next failure is the first again. */
const STEADY_MS = 5000;
const POINTLESS_MS = 3_600_000;
const HEARTBEAT_MS = 4000;
/** Events are polled so long, until a socket is tried again. */
const POLLING_MS = 300_000;
const POLL_WAIT_S = 20;
const POLL_EVERY_MS = 1000;
export class Connection extends LiveCalls {
  readonly session: string;
  readonly #options: ConnectOptions;
  readonly #deps: ConnectionDeps;
  readonly #position: Pings;
  readonly #events: Inbox;
  readonly #refusals: Refusals;
  #wake = new AbortController();
  #state: ConnectionState = 'connecting';
  #refused = false;
  #reason: VicinalError | undefined;
  #transport: ConnectionTransport = 'socket';
  #caughtUpAt = 0;
  /** The cell that holds the user: without it a reconnect near a border might land on the other side. */
  #cell: string | undefined;

  /** Use `client.connect(options)`. */
  constructor(options: ConnectOptions, deps: ConnectionDeps) {
    const { client, platform } = deps;
    super(client, platform.random);
    this.#options = options;
    this.#deps = deps;
    this.#refusals = new Refusals(deps.renewable);
    this.session = options.session ?? mint(platform.random, 16);
    this.#position = pings(this.session, options.point, profileOf(options), {
      onUnheard: (error) => this.#report(error),
      random: platform.random,
      eager: options.eager === true,
    });
    this.#events = inbox(options.after ?? 0, {
      fetchAfter: (seq, waitS) =>
        client.events({
          after: seq,
          waitS,
          ...(this.#cell === undefined ? {} : { cell: this.#cell }),
          ...this.untilClosed,
        }),
      handle: (event) => options.onEvent?.(event),
      acknowledge: async (seq) => {
        await this.call('ack', { seq }, () => client.acknowledge(seq, this.untilClosed));
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

  /** Ends the connection for good. The presence runs out by itself; `client.leave()` ends it at once. */
  close(): void {
    if (this.stop.signal.aborted) return;
    this.#become('closed');
    this.stop.abort();
    this.#wake.abort();
    this.#events.close();
    this.#position.close();
    this.link?.close();
  }

  async #run(): Promise<void> {
    const { random } = this.#deps.platform;
    for (let failures = 0; !this.stop.signal.aborted; ) {
      const point = this.#position.point();
      if (point === undefined) {
        // The only point there was has been refused: asking again would change nothing, the next point will.
        await pause(POINTLESS_MS, this.#wake.signal);
        this.#wake = new AbortController();
        continue;
      }
      const openedMs = Date.now();
      this.#become('connecting');
      const isPolling = this.#deps.platform.WebSocket === undefined || this.#refusals.noSocketUntil > openedMs;
      const end = await (isPolling ? this.#poll() : this.#live(point)).catch(() => 'failed' as const);
      if (this.stop.signal.aborted) return;
      if (end === 'hopeless' || (end === 'failed' && (await this.#hopeless(point)))) break;
      failures = end !== 'failed' && Date.now() - openedMs > STEADY_MS ? 0 : failures + 1;
      this.#become('waiting');
      this.#wake = new AbortController();
      // Sent on again and again is no better than refused.
      const atOnce = typeof end === 'object' && failures < 4;
      const busyMs = this.#refusals.busyUntil - Date.now();
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
    if (this.stop.signal.aborted) link.close();
    this.link = link;
    this.#refusals.taken(true);
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
    this.link = undefined;
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
    const detach = this.#attach((ping) => this.#deps.client.presence(ping, { retriesMax: 0, ...this.untilClosed }));
    try {
      while (Date.now() < until && !this.stop.signal.aborted) {
        const askedMs = Date.now();
        await this.#events.poll(POLL_WAIT_S);
        this.#refusals.taken(false);
        this.#become('open');
        // Whoever answers at once that there is nothing is not asked again at once.
        await pause(Math.max(0, POLL_EVERY_MS - (Date.now() - askedMs)), this.stop.signal);
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
      timer = setTimeout(
        () => this.#keepAlive(),
        keepAliveMs(this.#options, view.pingEveryS, this.#deps.platform.random),
      );
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

  #catchUp(): void {
    this.#caughtUpAt = Date.now();
    this.#events.catchUp().catch((error: unknown) => this.#report(error));
  }

  /** Asks over HTTP why the handshake failed, which no socket tells. True when there is no point in trying again. */
  async #hopeless(point: ClientPoint): Promise<boolean> {
    try {
      const once = { retriesMax: 0, ...this.untilClosed };
      await this.#deps.client.presence(this.#position.next(point), once);
      this.#refusals.unopened(Date.now() + POLLING_MS);
      return false;
    } catch (error) {
      return this.#takesRefusal(point, error instanceof VicinalError ? error : networkError(error));
    }
  }

  /** Draws the consequence of an error that kept the socket from opening. True when there is no point in trying again. */
  #takesRefusal(point: ClientPoint, error: VicinalError): boolean {
    const fatal = this.#refusals.count(error, this.#deps.platform.random);
    if (fatal) this.#reason = error;
    if (fatal || error.transient || error.status === 401) this.#report(error);
    else {
      // It is the point that was refused: whoever set it is told, and the next one goes at once.
      this.#position.refuse(point, error);
      this.#refused = true;
    }
    if (error.status === 401) this.#deps.forgetToken();
    return fatal;
  }

  #become(next: ConnectionState): void {
    if (this.#state === next || this.#state === 'closed') return;
    this.#state = next;
    this.#options.onState?.(next);
  }

  #report(error: unknown): void {
    if (this.stop.signal.aborted) return;
    this.#options.onError?.(error instanceof VicinalError ? error : networkError(error));
  }
}
