// Sockets for tests: one that waits for what it wants to hear, and a handshake that is refused and says why.
import { request } from 'node:http';

export type Said = Readonly<Record<string, unknown>>;

export interface TestSocket {
  readonly send: (data: string | Uint8Array<ArrayBuffer>) => void;
  /** The first frame, past or to come, that fits and was not taken before. Rejects after 5 s, or when the socket closes. */
  readonly next: (fits: (frame: Said) => boolean) => Promise<Said>;
  readonly closed: Promise<void>;
  readonly close: () => void;
}

/** Resolves when the socket is open. `url` is the http one. */
export async function socketOf(url: string, token: string): Promise<TestSocket> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), ['vicinal.v1', `bearer.${token}`]);
  const heard: Said[] = [];
  const waiting = new Set<() => void>();
  const closed = new Promise<void>((resolve) => {
    socket.onclose = () => {
      resolve();
      for (const look of [...waiting]) look();
    };
  });
  socket.onmessage = ({ data }) => {
    heard.push(JSON.parse(String(data)) as Said);
    for (const look of [...waiting]) look();
  };
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error(`the socket to ${url} did not open`));
  });
  return {
    send: (data) => socket.send(data),
    next: (fits) =>
      new Promise((resolve, reject) => {
        const end = (settle: () => void): void => {
          clearTimeout(timer);
          waiting.delete(look);
          settle();
        };
        const look = (): void => {
          const at = heard.findIndex(fits);
          if (at >= 0) end(() => resolve(heard.splice(at, 1)[0] as Said));
          else if (socket.readyState === WebSocket.CLOSED) end(() => reject(new Error('the socket closed')));
        };
        const timer = setTimeout(() => {
          end(() => reject(new Error(`not said within 5 s; heard ${JSON.stringify(heard)}`)));
        }, 5000);
        waiting.add(look);
        look();
      }),
    closed,
    close: () => socket.close(1000),
  };
}

/** The answer to a handshake that must fail: a problem document with its status. */
export function badSocket(
  url: string,
  protocols: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Said & { readonly status: number }> {
  return new Promise((resolve, reject) => {
    const asking = request(url, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-protocol': protocols.join(', '),
        ...headers,
      },
    });
    asking.on('upgrade', (_, socket) => {
      socket.destroy();
      reject(new Error('the handshake went through'));
    });
    asking.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ ...(JSON.parse(text) as Said), status: response.statusCode ?? 0 }));
    });
    asking.on('error', reject);
    asking.end();
  });
}
