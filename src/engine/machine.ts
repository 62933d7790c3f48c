// What an object is, whatever runs it: its tables, its memory, its step. The objects and the simulator run the same machines.
import type { EpochMs } from '../lib/brand.ts';
import type { Chance } from '../lib/chance.ts';
import type { Unread } from '../lib/versioned.ts';
import type { Effects } from './effects.ts';
import type { Row, RowStore, TableSpec } from './rows.ts';

export type Machine<State extends Memory, Event> = {
  readonly kind: string;
  readonly tables: readonly TableSpec[];
  /** The state from its rows. @throws for a row that cannot be read, unless there is somebody to tell. */
  readonly load: (rows: Iterable<Row>, unread?: Unread) => State;
  /** What the state needs of its disk beside the rows that are loaded. */
  readonly bind?: (state: State, store: Pick<RowStore, 'get' | 'aside'>) => void;
  /** Changes the state in place; the effects must be carried out in their fixed order, or the state thrown away. */
  readonly step: (state: State, event: Event, now: EpochMs, chance: Chance) => Effects;
  /** The outcome of a call as an event. */
  readonly onReply: (call: number, reply: unknown) => Event;
};

type Memory = { nextCall: number };

/** The state, as the disk has it. @param unread is told of rows that cannot be read, and sets them aside. */
export function restore<State extends Memory, Event>(
  machine: Machine<State, Event>,
  store: Pick<RowStore, 'load' | 'get' | 'aside'>,
  unread?: Unread,
): State {
  return bound(machine, store, machine.load(store.load(), unread));
}

/** The same in the middle of an object's life: replies to calls that are under way are for nobody, their numbers are not used again. */
export function reload<State extends Memory, Event>(
  machine: Machine<State, Event>,
  store: Pick<RowStore, 'load' | 'get' | 'aside'>,
  before: State,
): State {
  // Rows that cannot be read were set aside when the object was built, or lie as they are.
  const state = restore(machine, store, () => undefined);
  state.nextCall = before.nextCall;
  return state;
}

/** Gives a state that was loaded what it needs of its disk. */
export function bound<State extends Memory, Event>(
  { bind }: Machine<State, Event>,
  store: Pick<RowStore, 'get' | 'aside'>,
  state: State,
): State {
  bind?.(state, store);
  return state;
}
