// The open sockets of one device: usually one, of some people several at once (pages left open); each with a token, which is renewed in
// time or forgotten.
import { epochMs } from '../src/lib/brand.ts';
import type { Prng } from '../src/lib/prng.ts';
import type { CellRequest } from '../src/messages/calls.ts';
import type { UserEvent } from '../src/protocol/views.ts';
import type { Edge } from './edge.ts';
import type { AnyReply } from './node.ts';
import { accept, type Line, type Upgraded } from './socket.ts';
import type { World } from './world.ts';

const CLIENT_TIMEOUT_MS = 15_000;
/** Two more than a cell takes of one user. */
const OPEN_MAX = 7;
/** Of a token. */
const LASTS_MS = { least: 70_000, more: 180_000 };

type Presence = Extract<CellRequest, { readonly t: 'presence' }>;

export type Connections = {
  readonly isOpen: () => boolean;
  /** Who leaves pages open opens one more now and then. */
  readonly wantsAnother: () => boolean;
  /** Where `key` lies; `heard` hears of the first ping. */
  readonly open: (key: string, first: Presence, heard: (reply: AnyReply) => void) => void;
  /** Over the newest. */
  readonly ping: (request: Presence, heard: (reply: AnyReply) => void) => void;
  readonly drop: () => void;
};

/** @param draw of its own, lest it shift what else is drawn. */
export function connections(world: World, edge: Edge, draw: Prng, takeEvent: (event: UserEvent) => void): Connections {
  const hoards = draw.chance(1, 4);
  const forgetful = draw.chance(1, 4);
  const hasTokens = draw.chance(1, 2);
  let open: readonly Line[] = [];
  const newToken = () => (hasTokens ? epochMs(world.now + LASTS_MS.least + draw.below(LASTS_MS.more)) : undefined);
  const onFrame =
    (line: Line) =>
    (frame: Readonly<Record<string, unknown>>, close: boolean): void => {
      if (close) open = open.filter((one) => one !== line);
      if (frame['t'] === 'event') takeEvent(frame as unknown as UserEvent);
      const next = frame['t'] === 'expiring' && !forgetful ? newToken() : undefined;
      if (next !== undefined) world.after(draw.below(20_000), () => line.renew(next));
    };
  return {
    isOpen: () => open.length > 0,
    wantsAnother: () => hoards && open.length < OPEN_MAX && draw.chance(1, 3),
    open: (key, first, heard) => {
      const { session } = first.ping;
      const expiresAt = newToken();
      edge.connect(
        key,
        first.user,
        CLIENT_TIMEOUT_MS,
        (cell, back) => accept(world, cell, { session, expiresAt, first }, back),
        (reply) => {
          const { line } = reply as Upgraded;
          heard(reply);
          if (line === undefined) return;
          open = [...open, line];
          line.take(onFrame(line));
        },
      );
    },
    ping: (request, heard) => open.at(-1)?.ping(request, heard),
    drop: () => {
      for (const line of open) line.cut();
      open = [];
    },
  };
}
