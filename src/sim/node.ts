// One simulated object: a disk that survives, a memory that does not, a skewed clock, an alarm, and callers that wait.

import { CELL_TABLES } from '../cell/codec.ts';
import { loadCell, shelveEnded } from '../cell/load.ts';
import type { CellState } from '../cell/state.ts';
import { type CellEvent, stepCell } from '../cell/step.ts';
import { type EpochMs, epochMs } from '../lib/brand.ts';
import type { Chance } from '../lib/chance.ts';
import type { MapReply } from '../protocol/change-messages.ts';
import type { Attachment, Effects } from '../protocol/effects.ts';
import type { CellId, UserId } from '../protocol/ids.ts';
import type { CellReply, UserReply } from '../protocol/messages.ts';
import { type MemoryRows, memoryRows } from '../store/memory/memory-rows.ts';
import { loadUser, USER_TABLES } from '../user/codec.ts';
import type { UserState } from '../user/state.ts';
import { stepUser, type UserEventIn } from '../user/step.ts';

export type AnyReply = CellReply | UserReply | MapReply | { readonly t: 'failed' };
export type Caller = (reply: AnyReply) => void;

type Common = {
  readonly store: MemoryRows;
  /** Of the present life: replies to calls of an earlier one find nobody. */
  life: number;
  skewMs: number;
  nextToken: number;
  readonly waiting: Map<number, Caller>;
  /** The time at which the platform fires the alarm next, on the world's clock. */
  alarmTicket: number;
};

export type CellNode = Common & {
  readonly kind: 'cell';
  readonly id: CellId;
  state: CellState | undefined;
  readonly sockets: Map<UserId, SimSocket>;
};
export type UserNode = Common & { readonly kind: 'user'; readonly id: UserId; state: UserState | undefined };
export type Node = CellNode | UserNode;
export type NodeEvent = CellEvent | UserEventIn;

/** A connection as the cell sees it; `soft` is its attachment. */
export type SimSocket = {
  readonly user: UserId;
  readonly session: string;
  soft: Attachment | undefined;
  readonly push: (frame: Readonly<Record<string, unknown>>, close: boolean) => void;
};

const common = (store: MemoryRows): Common => ({
  store,
  life: 0,
  skewMs: 0,
  nextToken: 1,
  waiting: new Map(),
  alarmTicket: 0,
});

export const cellNode = (id: CellId): CellNode => ({
  kind: 'cell',
  id,
  state: undefined,
  sockets: new Map(),
  ...common(memoryRows(CELL_TABLES)),
});
export const userNode = (id: UserId): UserNode => ({
  kind: 'user',
  id,
  state: undefined,
  ...common(memoryRows(USER_TABLES)),
});

/** The same for a memory that a refused step has spoilt: answers to calls of before are for nobody. */
export function reconstruct(node: Node): void {
  const nextCall = node.state?.nextCall ?? 1;
  construct(node);
  if (node.state !== undefined) node.state.nextCall = nextCall;
}

/** Builds the memory from the disk; the boot event comes next. */
export function construct(node: Node): void {
  if (node.kind === 'cell') {
    node.state = loadCell(node.store.load());
    shelveEnded(node.state, node.store.get);
  } else node.state = loadUser(node.store.load());
}

export function bootEvent(node: Node, pseudonym: string): NodeEvent {
  const alarm = node.store.alarm();
  const armedAt = alarm === null ? undefined : alarm;
  if (node.kind === 'user') return { t: 'boot', pseudonym, armedAt };
  const attachments = [...node.sockets.values()].flatMap((socket) => socket.soft ?? []);
  return { t: 'boot', attachments, armedAt };
}

/** The shipping code, on this object's own clock. */
export function step(node: Node, event: NodeEvent, worldMs: number, chance: Chance): Effects {
  const now: EpochMs = epochMs(worldMs + node.skewMs);
  if (node.state === undefined) throw new Error(`${node.id} has no memory`);
  return node.kind === 'cell'
    ? stepCell(node.state, event as CellEvent, now, chance)
    : stepUser(node.state, event as UserEventIn, now);
}
