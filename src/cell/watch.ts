// When a user held here wants attention. Whoever is connected and holds nothing is looked after by the events of the cell, each of
// which first runs what is overdue; an alarm for the lease alone would cost a row and a call every two minutes for each user, to
// find each time that the next ping has renewed it. So theirs is coarse: it is for phones that fell silent in a cell that fell silent.
import { type EpochMs, epochMs } from '../lib/brand.ts';
import { dueHeld } from './due.ts';
import type { CellState, Held } from './state.ts';

/** Alarms that are for such leases alone fall on multiples of this. */
export const LEASE_ALARM_MS = 1_800_000;

/** Brings the agenda up to date with a user: after any change of their row, their holds, or their socket. */
export function watch(state: CellState, held: Held): void {
  const key = `u:${held.user}`;
  const due = dueHeld(held);
  const isQuiet = held.phase === 'live' && held.holds.size === 0 && state.sockets.has(held.user);
  state.agenda.set(key, isQuiet ? undefined : due);
  state.leases.set(key, isQuiet ? due : undefined);
}

export function unwatch(state: CellState, user: Held['user']): void {
  state.agenda.set(`u:${user}`, undefined);
  state.leases.set(`u:${user}`, undefined);
}

/** When the alarm is wanted. */
export function nextAlarm({ agenda, leases }: CellState): EpochMs | undefined {
  const next = agenda.next();
  const lease = leases.next();
  if (lease === undefined) return next;
  const coarse = epochMs(Math.ceil(lease / LEASE_ALARM_MS) * LEASE_ALARM_MS);
  return next === undefined || coarse < next ? coarse : next;
}
