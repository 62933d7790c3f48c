// SOCK1: a socket ends with its token, neither sooner nor later, and is warned before. SOCK2: of one user no more are open in a cell than
// the policy says, and the oldest goes, with its reason.
import type { UserId } from '../../src/protocol/ids.ts';
import type { CellNode } from '../node.ts';
import { type SimSocket, socketsOf } from '../socket.ts';
import type { MakeChecker } from './checker.ts';

const MOMENT_MS = 2000;
/** Once all is well: alarms fire when they are due, but for the second after a handler. */
const LATE_MS = 5000;

export const socketChecker: MakeChecker = ({ world, report }) => {
  const { socketsMax } = world.map.policy.presence;
  const tooManySince = new Map<CellNode, ReadonlyMap<UserId, number>>();
  /** Until when the token lasts that it was warned about. */
  const warned = new Map<SimSocket, number | undefined>();
  let wellSince: number | undefined;
  const nowOf = (node: CellNode): number => world.now + node.skewMs;
  const isCalm = (): boolean => wellSince !== undefined && world.now > wellSince + MOMENT_MS;
  const count = (node: CellNode): void => {
    const before = tooManySince.get(node);
    const now = new Map<UserId, number>();
    for (const user of new Set([...node.sockets.values()].map((socket) => socket.user))) {
      const open = socketsOf(node, user).length;
      if (open <= socketsMax) continue;
      const since = before?.get(user) ?? world.now;
      now.set(user, since);
      if (world.now > since + MOMENT_MS) report('SOCK2', `${user} has ${open} sockets open in ${node.id}`);
    }
    tooManySince.set(node, now);
  };
  return {
    committed: (node) => {
      if (node.kind === 'cell' && (node.sockets.size > socketsMax || (tooManySince.get(node)?.size ?? 0) > 0))
        count(node);
    },
    pushed: (node, socket, frame, closed) => {
      const { user, id, expiresAt, openedAt } = socket;
      const name = `${id} of ${user} in ${node.id}`;
      if (frame['t'] === 'expiring') warned.set(socket, expiresAt);
      if (closed === 'too_many_sockets') {
        const open = socketsOf(node, user);
        if (open.length <= socketsMax) report('SOCK2', `${name} is one of ${open.length}, and closed as one too many`);
        if (open.some((one) => one.openedAt < openedAt)) report('SOCK2', `${name} is closed, and not the oldest`);
      }
      if (closed !== 'token_expired') return;
      // An object's time may run ahead of its clock, never behind.
      const now = Math.max(nowOf(node), node.state?.clock ?? 0);
      if (expiresAt === undefined || expiresAt > now) report('SOCK1', `${name} is closed before its token ends`);
      if (isCalm() && warned.get(socket) !== expiresAt) report('SOCK1', `${name} was not told that its token ends`);
    },
    healed: () => {
      wellSince ??= world.now;
      for (const node of world.cells.values()) {
        count(node);
        for (const { id, user, expiresAt } of node.sockets.values()) {
          if (isCalm() && expiresAt !== undefined && expiresAt + LATE_MS < nowOf(node))
            report('SOCK1', `${id} of ${user} in ${node.id} outlives its token`);
        }
      }
    },
  };
};
