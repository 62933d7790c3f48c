// The two things that the client needs of its platform, told by shape: a browser, Node 24 and React Native all have them.

export type FetchInit = {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal?: AbortSignal;
};

export type FetchReply = {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
};

export type Fetch = (url: string, init: FetchInit) => Promise<FetchReply>;

/** What is used of a WebSocket. Handlers take `never`, so that every platform's own event types fit. */
export type Socket = {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
};

export type SocketClass = new (url: string, protocols: string[]) => Socket;

export type Platform = {
  readonly fetch: Fetch;
  /** Absent where there is none: a connection polls instead. */
  readonly WebSocket: SocketClass | undefined;
  /** A number in [0, 1), for jitter and keys. */
  readonly random: () => number;
};

/** What was injected, and the platform's own for the rest. */
export function platformOf(given: Partial<Platform>): Platform {
  return {
    fetch: given.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    WebSocket: given.WebSocket ?? (globalThis.WebSocket as SocketClass | undefined),
    random: given.random ?? Math.random,
  };
}

/** `length` characters of base 36: a key or a session, not a secret. */
export function mint(random: () => number, length: number): string {
  return Array.from({ length }, () => Math.floor(random() * 36).toString(36)).join('');
}
