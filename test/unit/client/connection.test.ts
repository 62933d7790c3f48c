import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ClientOptions, VicinalClient } from '../../../src/client/client.ts';
import type { Connection, ConnectOptions } from '../../../src/client/connection.ts';
import type { Fetch, Socket, SocketClass } from '../../../src/client/platform.ts';
import type { OfferId } from '../../../src/protocol/ids.ts';

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

function world(options: Partial<ConnectOptions> = {}, more: Partial<ClientOptions> = {}) {
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

const ms = (n: number): Promise<unknown> => vi.advanceTimersByTimeAsync(n);
const offer = 'q-9q8yyk8-00000000.1' as OfferId;

describe('a connection', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('opens with point, session and token, and tells where the user is', async () => {
    const { service, start, states } = world({ topics: ['food'], session: 'phone' });
    const connection = start();
    await ms(10);
    expect(service.last.url.pathname).toBe('/v1/stream');
    expect(Object.fromEntries(service.last.url.searchParams)).toMatchObject({
      lat: '37.7700000',
      session: 'phone',
      seq: '1',
      topics: 'food',
    });
    expect(service.last.protocols).toEqual(['vicinal.v1', 'bearer.jwt']);
    expect(service.last.sent[0]).toMatchObject({
      t: 'presence',
      lat: 37.77,
      topics: ['food'],
      session: 'phone',
      seq: 2,
    });
    expect(states).toEqual(['open']);
    connection.close();
    expect(connection.state).toBe('closed');
  });

  it('fetches what it missed, hands each event on once, and acknowledges it', async () => {
    const { service, seen, start } = world({ after: 2 });
    service.owed = [2, 3, 4];
    const connection = start();
    await ms(10);
    service.owed = [...service.owed, 5, 6, 7];
    service.last.say({ t: 'event', ...service.event(5) });
    service.last.say({ t: 'event', ...service.event(5) });
    service.last.say({ t: 'event', ...service.event(7) });
    await ms(10);
    expect(seen).toEqual([3, 4, 5, 6, 7]);
    expect(service.owed).toEqual([]);
    expect(connection.seq).toBe(7);
    connection.close();
  });

  it('comes back after a loss, with back-off, the same session and the events of the meantime', async () => {
    const { service, seen, states, start } = world();
    const connection = start();
    await ms(10);
    service.up = false;
    service.last.drop();
    await ms(3000);
    const failed = service.sockets.length;
    expect(failed).toBeGreaterThan(2);
    expect(failed).toBeLessThan(9);
    service.owed = [1, 2];
    service.up = true;
    await ms(30_000);
    expect(connection.state).toBe('open');
    expect(seen).toEqual([1, 2]);
    expect(new Set(service.sockets.map(({ url }) => url.searchParams.get('session'))).size).toBe(1);
    expect(service.last.sent[0]?.['seq']).toBeGreaterThan(1);
    expect(states).toContain('waiting');
    connection.close();
  });

  it('goes at once where it is sent, at the newest point', async () => {
    const { service, start } = world();
    const connection = start();
    await ms(10);
    service.last.silent.add('presence');
    void connection.setPoint({ lat: 37.8, lng: -122.4 }).catch(() => {});
    await ms(1);
    service.last.say({ t: 'moved', cell: '9q8zn', waitMs: 40 });
    await ms(80);
    expect(service.sockets).toHaveLength(1);
    await ms(20);
    expect(service.sockets).toHaveLength(2);
    expect(Object.fromEntries(service.last.url.searchParams)).toMatchObject({ lat: '37.8000000', cell: '9q8zn' });
    expect(service.last.sent[0]).toMatchObject({ t: 'presence', lat: 37.8 });
    connection.close();
  });

  it('asks again by HTTP, with the same key, when the socket ends before the reply', async () => {
    const { service, start } = world();
    const connection = start();
    await ms(10);
    service.last.silent.add('ask');
    const asked = connection.ask({ lat: 37.77, lng: -122.42, text: 'open?' });
    await ms(1);
    const key = service.last.sent.at(-1)?.['key'];
    service.last.drop();
    await expect(asked).resolves.toMatchObject({ path: '/v1/questions' });
    expect(key).toMatch(/^[0-9a-z]{24}$/);
    expect(service.requests.find(({ method }) => method === 'POST')?.body).toEqual({
      lat: 37.77,
      lng: -122.42,
      text: 'open?',
    });
    connection.close();
  });

  it('gives a refusal to whoever asked, and keeps the socket', async () => {
    const { service, start } = world();
    const connection = start();
    await ms(10);
    service.last.silent.add('accept');
    const accepted = connection.accept(offer);
    accepted.catch(() => {});
    const { ref } = service.last.sent.at(-1) as { readonly ref: string };
    service.last.say({ t: 'error', ref, code: 'offer_gone', status: 409, detail: 'gone' });
    await expect(accepted).rejects.toMatchObject({ code: 'offer_gone', status: 409 });
    const declined = connection.decline(offer);
    await ms(5);
    await expect(declined).resolves.toMatchObject({ id: offer });
    expect(service.sockets).toHaveLength(1);
    connection.close();
  });

  it('takes a socket that does not answer for lost', async () => {
    const { service, start } = world();
    const connection = start();
    await ms(10);
    service.last.silent.add('presence');
    await ms(25_000 + 15_000 + 1000);
    expect(service.sockets.length).toBeGreaterThan(1);
    connection.close();
  });

  it('says why it cannot connect, and tries the next point at once', async () => {
    const { service, errors, start } = world();
    service.refusal = { status: 404, code: 'out_of_coverage' };
    const connection = start();
    await ms(60_000);
    expect(errors).toEqual(['out_of_coverage']);
    expect(service.sockets).toHaveLength(1);
    service.refusal = undefined;
    void connection.setPoint({ lat: 37.7, lng: -122.4 });
    await ms(20);
    expect(connection.state).toBe('open');
    connection.close();
  });

  it('takes a refusal right after the opening as one of its point, not of a newer one', async () => {
    const { service, errors, start } = world();
    const connection = start();
    await ms(10);
    service.last.drop();
    const far = connection.setPoint({ lat: 0, lng: 0 });
    far.catch(() => {});
    service.silent = new Set(['presence']);
    await ms(400);
    const near = connection.setPoint({ lat: 37.78, lng: -122.42 });
    near.catch(() => {});
    expect(service.last.url.searchParams.get('lat')).toBe('0.0000000');
    service.last.say({ t: 'error', code: 'out_of_coverage', status: 404 });
    service.last.drop();
    service.silent = new Set();
    await expect(far).rejects.toMatchObject({ code: 'out_of_coverage' });
    await ms(3000);
    await expect(near).resolves.toMatchObject({ cell: '9q8yy' });
    expect(errors).toEqual([]);
    expect(service.last.url.searchParams.get('lat')).toBe('37.7800000');
    connection.close();
  });

  it('ends when nothing can help', async () => {
    const { service, errors, start } = world();
    service.refusal = { status: 410, code: 'erased' };
    const connection = start();
    await ms(100);
    expect(errors).toEqual(['erased']);
    expect(connection.state).toBe('closed');
    await ms(60_000);
    expect(service.sockets).toHaveLength(1);
    await expect(connection.accept(offer)).rejects.toMatchObject({ code: 'closed' });
  });

  it('leaves no timer behind when it is closed', async () => {
    const { start } = world();
    const connection = start();
    await ms(10);
    connection.close();
    await ms(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a connection that a dead network holds', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('STREAM2 is found out within ten seconds, and a new one is opened', async () => {
    const { service, states, start } = world();
    const connection = start();
    await ms(10);
    service.last.silent.add('ping');
    await ms(9000);
    expect(states).toContain('waiting');
    await ms(5000);
    expect(service.sockets.length).toBeGreaterThan(1);
    expect(connection.state).toBe('open');
    connection.close();
  });

  it('STREAM2 stays open as long as somebody answers', async () => {
    const { service, states, start } = world();
    const connection = start();
    await ms(120_000);
    expect(states).toEqual(['open']);
    expect(service.sockets).toHaveLength(1);
    connection.close();
  });
});

describe('a connection without sockets', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('polls where there is no WebSocket at all, and says so once', async () => {
    const { service, seen, errors, start } = world({}, { WebSocket: undefined });
    vi.stubGlobal('WebSocket', undefined);
    service.owed = [1, 2];
    const connection = start();
    await ms(2000);
    vi.unstubAllGlobals();
    expect(connection.state).toBe('open');
    expect(connection.transport).toBe('polling');
    expect(errors).toEqual(['socket_unavailable']);
    expect(seen).toEqual([1, 2]);
    expect(service.requests.some(({ path, body }) => path === '/v1/presence' && body['session'] !== undefined)).toBe(
      true,
    );
    connection.close();
  });

  it('polls once sockets were blocked three times while calls get through, and tries them again later', async () => {
    const { service, seen, errors, start } = world();
    service.blocked = true;
    service.owed = [1];
    const connection = start();
    await ms(30_000);
    expect(connection.transport).toBe('polling');
    expect(connection.state).toBe('open');
    expect(seen).toEqual([1]);
    expect(errors.filter((code) => code === 'socket_unavailable')).toHaveLength(1);
    const tried = service.sockets.length;
    service.blocked = false;
    await ms(360_000);
    expect(service.sockets.length).toBeGreaterThan(tried);
    expect(connection.transport).toBe('socket');
    connection.close();
  });

  it('does not poll a service that is away', async () => {
    const { service, start } = world();
    service.up = false;
    const connection = start();
    await ms(60_000);
    expect(connection.transport).toBe('socket');
    connection.close();
  });
});

describe('a token that is refused', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('ends a connection that has no other, with the reason', async () => {
    const { service, errors, start } = world();
    service.refusal = { status: 401, code: 'token_expired' };
    const connection = start();
    await ms(1000);
    expect(connection.state).toBe('closed');
    expect(connection.reason).toMatchObject({ code: 'token_expired' });
    expect(errors).toEqual(['token_expired']);
    await ms(60_000);
    expect(service.sockets).toHaveLength(1);
  });

  it('is asked for anew where there is somebody to ask, three times at most', async () => {
    let asked = 0;
    const token = (): string => `jwt${++asked}`;
    const { service, start } = world({}, { token });
    service.refusal = { status: 401, code: 'token_expired' };
    const connection = start();
    await ms(120_000);
    expect(connection.state).toBe('closed');
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(12);
  });

  it('that is not valid yet is one for later', async () => {
    const { service, start } = world();
    service.refusal = { status: 401, code: 'token_not_yet_valid' };
    const connection = start();
    await ms(10_000);
    expect(connection.state).not.toBe('closed');
    service.refusal = undefined;
    await ms(30_000);
    expect(connection.state).toBe('open');
    connection.close();
  });
});
