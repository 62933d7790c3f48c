// Collects the history while it happens: what people do by their own word, what reaches them by listening on the wire.
import type { FetchInit, FetchReply, Platform, SocketClass } from '../../src/client/platform.ts';
import type { Prng } from '../../src/lib/prng.ts';
import { HEARTBEAT_REPLY } from '../../src/protocol/heartbeat.ts';
import type { UserId } from '../../src/protocol/ids.ts';
import type { UserEvent } from '../../src/protocol/views.ts';
import type { Ask, Cancel, Deed, Fault, Final, History, Member, Received } from './history.ts';

export type Recorder = {
  readonly ask: (ask: Ask) => void;
  readonly deed: (deed: Deed) => void;
  readonly cancel: (cancel: Cancel) => void;
  readonly handled: (user: UserId, seq: number) => void;
  /** A client's platform, with an ear on it. */
  readonly platformOf: (user: UserId, random: Prng) => Platform;
  readonly history: (final: Final) => History;
  readonly counts: () => { readonly asked: number; readonly acknowledged: number; readonly accepted: number };
};

export function recorder(members: readonly Member[]): Recorder {
  const asks: Ask[] = [];
  const deeds: Deed[] = [];
  const cancels: Cancel[] = [];
  const received: Received[] = [];
  const faults: Fault[] = [];
  const handled = new Map<UserId, number[]>(members.map(({ user }) => [user, []]));
  const acknowledged = new Map<UserId, number>();
  const sawAck = (user: UserId, text: unknown): void => {
    const seq = numberIn(text, 'seq');
    if (seq !== undefined) acknowledged.set(user, Math.max(seq, acknowledged.get(user) ?? 0));
  };
  const saw = (user: UserId, event: UserEvent): void => void received.push({ user, event });

  const listeningFetch = (user: UserId) => {
    return async (url: string, init: FetchInit): Promise<FetchReply> => {
      const path = url.replace(/^https?:\/\/[^/]*/, '');
      if (path === '/v1/events/ack') sawAck(user, init.body);
      const { body, ...rest } = init;
      const reply = await fetch(url, { ...rest, ...(body === undefined ? {} : { body }) });
      const text = await reply.text();
      if (reply.status >= 500 && reply.status !== 503)
        faults.push({ user, status: reply.status, call: `${init.method} ${path}`, body: text });
      if (reply.ok && init.method === 'GET' && path.startsWith('/v1/events')) {
        for (const event of (JSON.parse(text) as { readonly items: readonly UserEvent[] }).items) saw(user, event);
      }
      return { status: reply.status, headers: reply.headers, text: () => Promise.resolve(text) };
    };
  };
  const listeningSocket = (user: UserId): SocketClass => {
    class ListeningSocket extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        this.addEventListener('message', ({ data }) => {
          if (data === HEARTBEAT_REPLY) return;
          const frame = JSON.parse(String(data)) as Readonly<Record<string, unknown>>;
          const { t, ...rest } = frame;
          if (t === 'event') saw(user, rest as unknown as UserEvent);
          const status = t === 'error' ? Number(frame['status']) : 0;
          if (status >= 500 && status !== 503) faults.push({ user, status, call: 'a frame', body: String(data) });
        });
      }
      override send(data: string): void {
        if (data.startsWith('{"t":"ack"')) sawAck(user, data);
        super.send(data);
      }
    }
    return ListeningSocket as unknown as SocketClass;
  };

  const firsts = (): readonly Ask[] => asks.filter(({ kind }) => kind === 'first');
  return {
    ask: (ask) => void asks.push(ask),
    deed: (deed) => void deeds.push(deed),
    cancel: (cancel) => void cancels.push(cancel),
    handled: (user, seq) => void handled.get(user)?.push(seq),
    platformOf: (user, random) => ({
      fetch: listeningFetch(user),
      WebSocket: listeningSocket(user),
      random: random.unit,
    }),
    history: (final) => ({ members, asks, deeds, cancels, received, handled, acknowledged, faults, final }),
    counts: () => ({
      asked: firsts().length,
      acknowledged: firsts().filter(({ outcome }) => outcome.t === 'done').length,
      accepted: deeds.filter(({ verb, outcome }) => verb === 'accept' && outcome.t === 'done').length,
    }),
  };
}

function numberIn(text: unknown, field: string): number | undefined {
  if (typeof text !== 'string') return undefined;
  const value = (JSON.parse(text) as Readonly<Record<string, unknown>>)[field];
  return typeof value === 'number' ? value : undefined;
}
