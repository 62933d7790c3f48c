// One simulated object: a disk that survives, a memory that does not, a skewed clock, an alarm, and callers that wait.

import { cellMachine } from '../src/cell/machine.ts';
import type { AnyCell } from '../src/cell/state.ts';
import type { CellEvent } from '../src/cell/step.ts';
import type { Effects } from '../src/engine/effects.ts';
import type { Interpreter } from '../src/engine/interpreter.ts';
import { reload, restore } from '../src/engine/machine.ts';
import type { FailureMarks } from '../src/engine/retry.ts';
import type { EpochMs } from '../src/lib/brand.ts';
import type { Chance } from '../src/lib/chance.ts';
import type { CellReply, UserReply } from '../src/messages/calls.ts';
import type { MapReply } from '../src/messages/resharding.ts';
import type { CellId, UserId } from '../src/protocol/ids.ts';
import { type MemoryRows, memoryRows } from '../src/store/memory/memory-rows.ts';
import { userMachine } from '../src/user/machine.ts';
import type { UserState } from '../src/user/state.ts';
import type { UserEventIn } from '../src/user/step.ts';
import { connectionOf, type SimSocket } from './socket.ts';

/** `failed` with its marks: the platform said how. Without: there was no answer in time. */
export type AnyReply = CellReply | UserReply | MapReply | { readonly t: 'failed'; readonly marks?: FailureMarks };
export type Caller = (reply: AnyReply) => void;

type Common = {
  /** Another one once it was lost. */
  store: MemoryRows;
  /** Of the present life: replies to calls of an earlier one find nobody. */
  life: number;
  skewMs: number;
  /** Runs the object while it has a memory. */
  engine: Interpreter<NodeEvent> | undefined;
  /** Who waits for an answer. */
  readonly callers: Set<Caller>;
  /** The time at which the platform fires the alarm next, on the world's clock. */
  alarmTicket: number;
  /** An older instance that still runs elsewhere: its memory is that of before, and the disk takes nothing of it. */
  ghost: Node | undefined;
  readonly isGhost: boolean;
};

export type CellNode = Common & {
  readonly kind: 'cell';
  readonly id: CellId;
  state: AnyCell | undefined;
  /** By connection. */
  readonly sockets: Map<string, SimSocket>;
};
export type UserNode = Common & { readonly kind: 'user'; readonly id: UserId; state: UserState | undefined };
export type Node = CellNode | UserNode;
export type NodeEvent = CellEvent | UserEventIn;

const common = (store: MemoryRows): Common => ({
  store,
  life: 0,
  skewMs: 0,
  engine: undefined,
  callers: new Set(),
  alarmTicket: 0,
  ghost: undefined,
  isGhost: false,
});

export const cellNode = (id: CellId): CellNode => ({
  kind: 'cell',
  id,
  state: undefined,
  sockets: new Map(),
  ...common(memoryRows(cellMachine.tables)),
});
export const userNode = (id: UserId): UserNode => ({
  kind: 'user',
  id,
  state: undefined,
  ...common(memoryRows(userMachine.tables)),
});

/** What a cell knows, or would if it were constructed now. */
export const remembered = (node: CellNode): AnyCell => node.state ?? restore(cellMachine, node.store);

/** An empty disk, as when the platform has lost what was on it. */
export function wipe(node: Node): void {
  node.store = memoryRows(node.kind === 'cell' ? cellMachine.tables : userMachine.tables);
  node.alarmTicket++;
}

/** The instance as it is now, as one that is cut off from its disk and its connections. */
export function ghostOf(node: Node): Node {
  const apart = { callers: new Set<Caller>(), engine: undefined, ghost: undefined, isGhost: true };
  return node.kind === 'cell' ? { ...node, ...apart, sockets: new Map() } : { ...node, ...apart };
}

/** Builds the memory from the disk; the boot event comes next. */
export function construct(node: Node): void {
  if (node.kind === 'cell') node.state = restore(cellMachine, node.store);
  else node.state = restore(userMachine, node.store);
}

/** The same for a memory that a refused step has spoilt. */
export function reconstruct(node: Node): void {
  if (node.state === undefined) throw new Error(`${node.id} has no memory`);
  if (node.kind === 'cell') node.state = reload(cellMachine, node.store, node.state);
  else node.state = reload(userMachine, node.store, node.state);
}

/** What an object is told when it has been constructed: as `src/object` does. */
export function bootEvents(node: Node, pseudonym: string): readonly NodeEvent[] {
  const alarm = node.store.alarm();
  const armedAt = alarm === null ? undefined : alarm;
  if (node.kind === 'user') return [{ t: 'boot', pseudonym, armedAt }];
  const sockets = [...node.sockets.values()];
  const attachments = sockets.flatMap(({ soft }) => soft ?? []);
  const bare = sockets.filter(({ soft }) => soft === undefined);
  return [
    { t: 'boot', attachments, armedAt },
    ...bare.map(({ user, session }): NodeEvent => ({ t: 'socket_open', user, session })),
    ...(sockets.length === 0 ? [] : [{ t: 'connected', connections: sockets.map(connectionOf) } as const]),
  ];
}

/** One event at the shipping machine. */
export function step(node: Node, event: NodeEvent, now: EpochMs, chance: Chance): Effects {
  if (node.state === undefined) throw new Error(`${node.id} has no memory`);
  return node.kind === 'cell'
    ? cellMachine.step(node.state, event as CellEvent, now, chance)
    : userMachine.step(node.state, event as UserEventIn, now, chance);
}

export const onReply = (node: Node, call: number, reply: unknown): NodeEvent =>
  node.kind === 'cell' ? cellMachine.onReply(call, reply) : userMachine.onReply(call, reply);
