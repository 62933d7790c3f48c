// What a cell must be woken for, and what it need not be. Leases of connected users who hold nothing, beacons, and claims that are
// under way end by the clock: whoever looks sees that they are over, every event of the cell first tidies what is, and for a claim
// there is an answer to come. An alarm for each would cost a row and a call, to find nearly always that the next ping has renewed the
// lease, the next try the beacon. So theirs is coarse: it is for what is left in a cell in which nothing happens any more.
import { type EpochMs, epochMs } from '../lib/brand.ts';
import { dueArriving, dueBeacon, dueHeld } from './due.ts';
import type { Arriving, Beacon, CellState, Held } from './state.ts';

/** Alarms for such things alone fall on multiples of this. */
export const SLACK_ALARM_MS = 7_200_000;

/** After any change of their row, their holds, or their socket. */
export function watchUser(state: CellState, user: Held['user'], held: Held | undefined): void {
  const isQuiet = held?.phase === 'live' && held.holds.size === 0 && state.sockets.has(user);
  const rests = held?.phase === 'live' && held.coolUntil > state.clock;
  state.rests.set(user, rests ? held.coolUntil : undefined);
  put(state, `u:${user}`, held && dueHeld(held), isQuiet);
}

export function watchArriving(state: CellState, user: Held['user'], arriving: Arriving | undefined): void {
  const isAsked = arriving?.call !== undefined && !arriving.stored;
  put(state, `a:${user}`, arriving && dueArriving(arriving), isAsked);
}

export function watchBeacon(state: CellState, id: Beacon['need']['questionId'], beacon: Beacon | undefined): void {
  put(state, `b:${id}`, beacon && dueBeacon(beacon), true);
}

/** When the alarm is wanted. */
export function nextAlarm({ agenda, slack, rests, sleepers }: CellState): EpochMs | undefined {
  const rested = sleepers.size() > 0 ? rests.next() : undefined;
  const due = agenda.next();
  const next = due === undefined || (rested !== undefined && rested < due) ? rested : due;
  const idle = slack.next();
  if (idle === undefined) return next;
  const coarse = epochMs(Math.ceil(idle / SLACK_ALARM_MS) * SLACK_ALARM_MS);
  return next === undefined || coarse < next ? coarse : next;
}

function put({ agenda, slack }: CellState, key: string, due: EpochMs | undefined, isSlack: boolean): void {
  agenda.set(key, isSlack ? undefined : due);
  slack.set(key, isSlack ? due : undefined);
}
