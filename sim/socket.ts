// A simulated WebSocket: what either side sends comes in order, late perhaps, and is lost only when the connection ends; of that the cell
// may learn long after the client. Each has a token, as long as that lasts.

import { type Connection, isOver } from '../src/cell/users/connections.ts';
import type { Attachment } from '../src/engine/effects.ts';
import { type EpochMs, epochMs } from '../src/lib/brand.ts';
import type { CellRequest } from '../src/messages/calls.ts';
import type { UserId } from '../src/protocol/ids.ts';
import type { AnyReply, CellNode } from './node.ts';
import { RESET } from './stub.ts';
import type { World } from './world.ts';

type Frame = Readonly<Record<string, unknown>>;
type Presence = Extract<CellRequest, { readonly t: 'presence' }>;

/** A connection as the cell sees it; `soft` is its attachment. */
export type SimSocket = {
  readonly id: string;
  readonly user: UserId;
  readonly session: string;
  readonly openedAt: EpochMs;
  /** Of its token. */
  expiresAt: EpochMs | undefined;
  soft: Attachment | undefined;
  readonly push: (frame: Frame, close: boolean) => void;
};

/** The client's end. */
export type Line = {
  readonly ping: (request: Presence, heard: (reply: AnyReply) => void) => void;
  /** Another token of the same person. */
  readonly renew: (expiresAt: EpochMs) => void;
  /** The client is gone, and the cell learns of it late. */
  readonly cut: () => void;
  /** From now on the client hears; what came before, first. */
  readonly take: (onFrame: (frame: Frame, close: boolean) => void) => void;
};

/** What comes back from an upgrade, with the connection that it opened. */
export type Upgraded = AnyReply & { readonly line?: Line };

/** What a client hears when its object has died. */
export const LOST: Frame = { t: 'lost' };
/** The answer to the upgrade has not come by then, and never will. */
const UNHEARD_MS = 20_000;
/** A cell learns so late of a client that is gone. */
const HALF_OPEN_MS = 90_000;

export const connectionOf = ({ id, user, openedAt, expiresAt }: SimSocket): Connection => ({
  id,
  user,
  openedAt,
  ...(expiresAt === undefined ? {} : { expiresAt }),
});

/** The sockets of a user that are open in the cell. */
export const socketsOf = ({ sockets }: CellNode, user: UserId): readonly SimSocket[] =>
  [...sockets.values()].filter((one) => one.user === user);

/** Takes a connection at the cell, as its object does: it is answered with the outcome of its first ping. */
export function accept(
  world: World,
  cell: CellNode,
  { session, expiresAt, first }: { session: string; expiresAt: EpochMs | undefined; first: Presence },
  back: (reply: Upgraded) => void,
): void {
  const { user } = first;
  const { socket, line } = open(world, cell, user, session, expiresAt);
  cell.sockets.set(socket.id, socket);
  world.dispatch(cell, { t: 'socket_open', user, session });
  // The object may have died of that: another knows nothing of this connection.
  if (cell.sockets.has(socket.id)) world.dispatch(cell, { t: 'connected', connections: [connectionOf(socket)] });
  if (!cell.sockets.has(socket.id)) {
    back({ t: 'failed', marks: RESET });
    return;
  }
  world.ask(cell, first, (reply) => {
    if (reply.t === 'problem' && reply.code !== 'no_presence' && cell.sockets.delete(socket.id)) {
      socket.push({ t: 'error', code: reply.code }, true);
      // In a turn of its own, as after the shell has waited for the answer.
      world.after(0, () => {
        world.dispatch(cell, { t: 'disconnected', user, id: socket.id });
        if (socketsOf(cell, user).length === 0) world.dispatch(cell, { t: 'socket_lost', user });
      });
    }
    back({ ...reply, line });
  });
}

function open(
  world: World,
  cell: CellNode,
  user: UserId,
  session: string,
  expiresAt: EpochMs | undefined,
): { readonly socket: SimSocket; readonly line: Line } {
  const early: { readonly frame: Frame; readonly close: boolean }[] = [];
  let onFrame: ((frame: Frame, close: boolean) => void) | undefined;
  let isCut = false;
  let [upAt, downAt] = [0, 0];
  /** After `ms` at the soonest, and after all that was sent before. */
  const up = (run: () => void): void => {
    upAt = Math.max(upAt, world.now + world.delay());
    world.after(upAt - world.now, run);
  };
  const down = (run: () => void): void => {
    downAt = Math.max(downAt, world.now + world.delay());
    world.after(downAt - world.now, run);
  };
  /** The cell hears that it has ended. */
  const lost = (): void => {
    const { id } = socket;
    cell.sockets.delete(id);
    world.dispatch(cell, { t: 'disconnected', user, id });
    if (socketsOf(cell, user).length === 0) world.dispatch(cell, { t: 'socket_lost', user });
  };
  const hear = (frame: Frame, close: boolean): void => {
    if (isCut) return;
    if (onFrame === undefined) early.push({ frame, close });
    else onFrame(frame, close);
    if (!close) return;
    isCut = true;
    // The other half of the closing handshake, where there is somebody to close it.
    if (frame !== LOST) up(lost);
  };
  const socket: SimSocket = {
    id: `c${world.nextId()}`,
    user,
    session,
    openedAt: epochMs(world.now + cell.skewMs),
    expiresAt,
    soft: undefined,
    push: (frame, close) => down(() => hear(frame, close)),
  };
  const cut = (): void => {
    if (isCut) return;
    isCut = true;
    world.after(world.draw.below(HALF_OPEN_MS), lost);
  };
  /** What the cell is sent while the connection lives. */
  const sent = (run: () => void): void =>
    up(() => {
      if (isCut || !cell.sockets.has(socket.id)) return;
      if (world.isSilent(cell)) {
        onFrame?.(LOST, true);
        cut();
      } else if (isOver(socket, world.now + cell.skewMs)) world.dispatch(cell, { t: 'tick' });
      else run();
    });
  world.after(UNHEARD_MS, () => {
    if (onFrame === undefined) cut();
  });
  const line: Line = {
    ping: (request, heard) =>
      sent(() =>
        world.ask(cell, request, (reply) => {
          if (cell.sockets.has(socket.id)) down(() => (isCut ? undefined : heard(reply)));
        }),
      ),
    renew: (until) =>
      sent(() => {
        socket.expiresAt = until;
        world.dispatch(cell, { t: 'renewed', user, id: socket.id, expiresAt: until });
      }),
    cut,
    take: (hears) => {
      onFrame = hears;
      for (const { frame, close } of early.splice(0)) hears(frame, close);
    },
  };
  return { socket, line };
}
