// One WebSocket: opened with the subprotocols, requests matched to replies by `ref`, pushes handed on.
import { HEARTBEAT } from '../protocol/heartbeat.ts';
import type { UserEvent } from '../protocol/views.ts';
import type { Socket, SocketClass } from './platform.ts';
import { errorOfProblem, recordOf, VicinalError } from './vicinal-error.ts';

export type Frame = Readonly<Record<string, unknown>>;

export type Link = {
  /** The result of the verb. Rejects with VicinalError: the service's refusal, or `network` and `timeout` when nobody knows. */
  readonly call: (verb: string, body: Frame) => Promise<unknown>;
  /** Resolves when the socket has closed, for whatever reason. */
  readonly ended: Promise<void>;
  readonly close: () => void;
};

export type LinkOptions = {
  readonly url: string;
  readonly token: string;
  readonly WebSocket: SocketClass;
  readonly onPush: (frame: Frame) => void;
  /** After so long without a word the service is asked whether it is there, and after as long again it is not. 0: never asked. */
  readonly heartbeatMs: number;
};

const OPEN_TIMEOUT_MS = 15_000;
const REPLY_TIMEOUT_MS = 15_000;

type Pending = {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: VicinalError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
};

/** Resolves when the socket is open. Rejects with VicinalError `network`: browsers do not say why a handshake failed. */
export function openLink({ url, token, WebSocket, onPush, heartbeatMs }: LinkOptions): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, ['vicinal.v1', `bearer.${token}`]);
    const pending = new Map<string, Pending>();
    let end: () => void = () => {};
    const ended = new Promise<void>((done) => {
      end = done;
    });
    let isOver = false;
    let heart: ReturnType<typeof setTimeout> | undefined;
    const over = (): void => {
      isOver = true;
      clearTimeout(opening);
      clearTimeout(heart);
      for (const { reject: fail, timer } of pending.values()) {
        clearTimeout(timer);
        fail(new VicinalError({ code: 'network', status: 0, detail: 'the socket closed before the reply' }));
      }
      pending.clear();
      reject(new VicinalError({ code: 'network', status: 0, detail: 'the socket did not open' }));
      end();
    };
    const close = (): void => {
      over();
      quietly(socket);
    };
    const opening = setTimeout(close, OPEN_TIMEOUT_MS);
    // A connection that a dead network holds says nothing of it, for half a minute and more.
    const listen = (): void => {
      clearTimeout(heart);
      if (heartbeatMs <= 0 || isOver) return;
      heart = setTimeout(() => {
        heart = setTimeout(close, heartbeatMs);
        try {
          socket.send(HEARTBEAT);
        } catch {
          close();
        }
      }, heartbeatMs);
    };
    let lastRef = 0;
    const call = (verb: string, body: Frame): Promise<unknown> =>
      new Promise((done, fail) => {
        if (isOver) {
          fail(new VicinalError({ code: 'network', status: 0, detail: 'the socket is closed' }));
          return;
        }
        lastRef += 1;
        const ref = String(lastRef);
        // A socket that does not answer is dead, even when nobody has told us.
        const timer = setTimeout(() => {
          pending.delete(ref);
          fail(new VicinalError({ code: 'timeout', status: 0, detail: `no reply to ${verb}` }));
          close();
        }, REPLY_TIMEOUT_MS);
        pending.set(ref, { resolve: done, reject: fail, timer });
        try {
          socket.send(JSON.stringify({ t: verb, ref, ...body }));
        } catch {
          close();
        }
      });

    socket.onopen = () => {
      clearTimeout(opening);
      listen();
      resolve({ call, ended, close });
    };
    socket.onmessage = ({ data }: { readonly data?: unknown }) => {
      listen();
      const frame = frameOf(data);
      if (frame === undefined) return;
      const ref = frame['ref'];
      const asked = typeof ref === 'string' ? pending.get(ref) : undefined;
      if (asked === undefined) {
        onPush(frame);
        return;
      }
      pending.delete(ref as string);
      clearTimeout(asked.timer);
      if (frame['t'] === 'ok') asked.resolve(frame['result']);
      else asked.reject(errorOfFrame(frame));
    };
    socket.onclose = over;
    socket.onerror = over;
  });
}

export function errorOfFrame(frame: Frame): VicinalError {
  return errorOfProblem(frame, typeof frame['status'] === 'number' ? frame['status'] : 400);
}

export function eventOf(frame: Frame): UserEvent {
  const { t: _t, ...event } = frame;
  return event as unknown as UserEvent;
}

function frameOf(data: unknown): Frame | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    return recordOf(JSON.parse(data));
  } catch {
    return undefined;
  }
}

function quietly(socket: Socket): void {
  socket.onmessage = null;
  try {
    socket.close(1000);
  } catch {
    // It was closed already.
  }
}
