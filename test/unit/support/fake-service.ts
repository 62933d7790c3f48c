// The transport seam of the client: sockets and HTTP of a service that keeps events until they are acknowledged.
import { vi } from 'vitest';
import { type ClientOptions, VicinalClient } from '../../../src/client/client.ts';
import type { ConnectOptions } from '../../../src/client/connect-options.ts';
import type { Connection } from '../../../src/client/connection.ts';
import type { Fetch, Socket, SocketClass } from '../../../src/client/platform.ts';

type Frame = Readonly<Record<string, unknown>>;

/** The transport seam: sockets and HTTP of a service that keeps events until they are acknowledged. */
class FakeService {
  readonly sockets: FakeSocket[] = [];
  readonly requests: { readonly method: string; readonly path: string; readonly body: Frame }[] = [];
  owed: number[] = [];
  /** Verbs to which new sockets give no reply. */
  silent: ReadonlySet<string> = new Set();
  up = true;
  /** Sockets do not get through, calls do. */
  blocked = false;
  /** Answers of PUT /v1/presence: status and code; 200 when there is none. */
  refusal: { readonly status: number; readonly code: string } | undefined;

  readonly fetch: Fetch = async (url, { method, body }) => {
    const { pathname: path, searchParams } = new URL(url);
    this.requests.push({ method, path, body: body === undefined ? {} : (JSON.parse(body) as Frame) });
    if (!this.up) throw new TypeError('fetch failed');
    const answer = this.#answer(path, Number(searchParams.get('after') ?? 0));
    return { status: answer.status, headers: { get: () => null }, text: async () => JSON.stringify(answer.body) };
  };

  event(seq: number): Frame {
    return { seq, type: 'question.dormant', at: '', data: {} };
  }

  acknowledge(seq: number): void {
    this.owed = this.owed.filter((n) => n > seq);
  }

  get last(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('nobody has connected');
    return socket;
  }

  #answer(path: string, after: number): { readonly status: number; readonly body: unknown } {
    if (path === '/v1/events') {
      const items = this.owed.filter((n) => n > after).map((n) => this.event(n));
      return { status: 200, body: { items, next: 0 } };
    }
    if (path === '/v1/presence' && this.refusal !== undefined) {
      return { status: this.refusal.status, body: { code: this.refusal.code } };
    }
    return { status: 200, body: { cell: '9q8yy', path } };
  }
}

class FakeSocket implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  onclose: ((event: unknown) => void) | null = null;
  onerror: Socket['onerror'] = null;
  readonly sent: Frame[] = [];
  readonly url: URL;
  readonly protocols: readonly string[];
  /** Verbs that get no reply. */
  silent: Set<string>;
  open = false;
  readonly #service: FakeService;

  constructor(service: FakeService, url: string, protocols: readonly string[]) {
    this.url = new URL(url);
    this.protocols = protocols;
    this.#service = service;
    this.silent = new Set(service.silent);
    setTimeout(() => {
      if (!service.up || service.blocked || service.refusal !== undefined) this.drop();
      else {
        this.open = true;
        (this.onopen as (() => void) | null)?.();
      }
    });
  }

  send(text: string): void {
    if (text === 'ping') {
      if (!this.silent.has('ping')) setTimeout(() => this.open && this.onmessage?.({ data: 'pong' }));
      return;
    }
    const frame = JSON.parse(text) as Frame;
    this.sent.push(frame);
    if (this.silent.has(String(frame['t']))) return;
    if (frame['t'] === 'ack') this.#service.acknowledge(frame['seq'] as number);
    setTimeout(() => this.say({ t: 'ok', ref: frame['ref'], result: { cell: '9q8yy', id: frame['id'] } }));
  }

  close(): void {
    this.drop();
  }

  say(frame: Frame): void {
    if (this.open) this.onmessage?.({ data: JSON.stringify(frame) });
  }

  drop(): void {
    this.open = false;
    this.onclose?.({});
  }
}

export function world(options: Partial<ConnectOptions> = {}, more: Partial<ClientOptions> = {}) {
  const service = new FakeService();
  const seen: number[] = [];
  const states: string[] = [];
  const errors: string[] = [];
  const WebSocket = class {
    constructor(url: string, protocols: string[]) {
      const socket = new FakeSocket(service, url, protocols);
      service.sockets.push(socket);
      // biome-ignore lint/correctness/noConstructorReturn: the client needs a class, and the test the socket
      return socket;
    }
  } as unknown as SocketClass;
  const start = (): Connection =>
    new VicinalClient({
      url: 'http://service',
      token: 'jwt',
      fetch: service.fetch,
      WebSocket,
      random: () => 0.5,
      ...more,
    }).connect({
      point: { lat: 37.77, lng: -122.42 },
      onEvent: ({ seq }) => void seen.push(seq),
      onState: (state) => void states.push(state),
      onError: ({ code }) => void errors.push(code),
      ...options,
    });
  return { service, seen, states, errors, start };
}

export const ms = (n: number): Promise<unknown> => vi.advanceTimersByTimeAsync(n);
