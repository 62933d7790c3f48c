// The WebSockets of a cell: hibernating, each with an attachment of who it is and the soft state that the core keeps with it.

import type { Attachment, Effects } from '../engine/effects.ts';
import type { Point } from '../geo/point.ts';
import { SUBPROTOCOL } from '../protocol/frames.ts';
import { HEARTBEAT, HEARTBEAT_REPLY } from '../protocol/heartbeat.ts';
import type { CityId, UserId } from '../protocol/ids.ts';

/** What a socket keeps of what the edge knew when it handed it over; in attachments of before, what it knew then. */
export type SocketInfo = {
  readonly user: UserId;
  readonly scope: string;
  readonly point: Point | null;
  readonly session: string;
  readonly trace?: string;
  readonly gridLength: number;
  readonly city: CityId;
  /** Tells it from the user's others. */
  readonly connection: string;
  readonly openedAt: number;
  /** Whose token it is, and when that ends; in ms since 1970. */
  readonly subject: UserId;
  readonly expiresAt?: number | undefined;
};

/** 2: a connection has a name, and ends with its token. */
const VERSION = 2;
type Kept = { readonly v: 2; readonly info: SocketInfo; readonly soft?: Attachment };

/** Close codes above 4000 are ours: reconnect, another cell or a newer connection has the user. */
const CLOSE_MOVED = 4001;

export type Sockets = ReturnType<typeof sockets>;

/** Codes that say how a connection ended and are never sent. */
const UNSENDABLE: ReadonlySet<number> = new Set([1005, 1006, 1015]);

export function sockets(ctx: DurableObjectState) {
  // Answered by the platform, without waking an object that hibernates.
  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(HEARTBEAT, HEARTBEAT_REPLY));
  const keptOf = (socket: WebSocket): Kept | undefined => {
    const kept = socket.deserializeAttachment() as { readonly v?: unknown } | null;
    if (kept === null) return undefined;
    if (kept.v === 1) return fromFirst(kept as KeptFirst);
    if (kept.v !== VERSION)
      throw new Error(`socket attachment has version ${String(kept.v)}; this code reads versions 1 and 2`);
    return kept as Kept;
  };
  const readable = (socket: WebSocket): Kept | undefined => {
    try {
      return keptOf(socket);
    } catch (error) {
      socket.close(CLOSE_MOVED, error instanceof Error ? error.message : 'unreadable');
      return undefined;
    }
  };
  const of = (user: UserId): readonly WebSocket[] =>
    ctx.getWebSockets(user).filter((socket) => socket.readyState === WebSocket.OPEN);
  const keep = (socket: WebSocket, kept: Kept): void => socket.serializeAttachment(kept);
  return {
    /** Takes a new connection of a user and answers the upgrade. */
    accept: (info: SocketInfo, offered: string | null): { readonly response: Response; readonly socket: WebSocket } => {
      const { 0: client, 1: server } = new WebSocketPair();
      ctx.acceptWebSocket(server, [info.user]);
      keep(server, { v: VERSION, info });
      // Strict clients that offered none drop a connection that chose one.
      const headers: Record<string, string> = offered === null ? {} : { 'sec-websocket-protocol': SUBPROTOCOL };
      return { response: new Response(null, { status: 101, webSocket: client, headers }), socket: server };
    },
    /** `undefined` for a socket that carries nothing readable, and so is nobody's. */
    infoOf: (socket: WebSocket): SocketInfo | undefined => readable(socket)?.info,
    softOf: (socket: WebSocket): Attachment | undefined => keptOf(socket)?.soft,
    of,
    /** It has another token. */
    renew: (socket: WebSocket, info: SocketInfo): void => {
      const kept = keptOf(socket);
      if (kept !== undefined) keep(socket, { ...kept, info });
    },
    /**
     * What the connected sockets carry, for the core to take up after a construction, and who is behind those (`bare`) that
     * have sent no point. A socket that this code cannot read is sent away to come again.
     */
    restore: () => {
      const attachments: Attachment[] = [];
      const bare: SocketInfo[] = [];
      const all: SocketInfo[] = [];
      for (const socket of ctx.getWebSockets()) {
        const kept = readable(socket);
        if (kept !== undefined) all.push(kept.info);
        if (kept?.soft !== undefined) attachments.push(kept.soft);
        else if (kept !== undefined) bare.push(kept.info);
      }
      return { attachments, bare, all };
    },
    attach: (attachments: Effects['attachments']): void => {
      for (const soft of attachments) {
        for (const socket of of(soft.user)) {
          const kept = keptOf(socket);
          if (kept !== undefined) keep(socket, { v: VERSION, info: kept.info, soft });
        }
      }
    },
    push: (frames: Effects['frames']): void => {
      for (const { user, frame, close, only, closeWith } of frames) {
        const text = JSON.stringify(close && closeWith === undefined ? { waitMs: 0, ...frame } : frame);
        for (const socket of of(user)) {
          if (only !== undefined && readable(socket)?.info.connection !== only) continue;
          send(socket, text);
          if (close) socket.close(closeWith?.code ?? CLOSE_MOVED, closeWith?.reason ?? 'moved');
        }
      }
    },
  };
}

type KeptFirst = {
  readonly info: Omit<SocketInfo, 'connection' | 'openedAt' | 'subject'>;
  readonly soft?: Attachment;
};

/** From before connections had names: one for each session, opened before all others, and without an end until it comes again. */
const fromFirst = ({ info, soft }: KeptFirst): Kept => ({
  v: VERSION,
  info: { ...info, connection: `first ${info.session}`, openedAt: 0, subject: info.user },
  ...(soft === undefined ? {} : { soft }),
});

/** The other half of the handshake: hibernating sockets leave it to us, and until then the client waits and in the end sees 1006. */
export function answerClose(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(UNSENDABLE.has(code) ? 1000 : code, reason);
  } catch {
    // It is closed already.
  }
}

/** A socket may be gone before it is known here; what was to be said is in the inbox. */
export function send(socket: WebSocket, text: string): void {
  try {
    socket.send(text);
  } catch {
    // Closing: webSocketClose follows.
  }
}
