// When a cell must be woken and for what, and what it need not be woken for. Leases of connected users who hold nothing, beacons, and
// claims that are under way end by the clock: whoever looks sees that they are over, every event of the cell first tidies what is, and for
// a claim there is an answer to come. An alarm for each would cost a row and a call, to find nearly always that the next ping has renewed
// the lease, the next try the beacon. So theirs is coarse: it is for what is left in a cell in which nothing happens any more.
import { type EpochMs, epochMs } from '../../lib/brand.ts';
import type { Agenda } from '../agenda.ts';

/** Alarms for such things alone fall on multiples of this. */
export const SLACK_ALARM_MS = 7_200_000;

/** The letter says of what kind the entity is, the rest which. */
const KINDS = {
  question: 'q',
  user: 'u',
  claim: 'a',
  beacon: 'b',
  connection: 'c',
  incoming: 't',
  role: 'l',
  nudge: 'n',
} as const;
const BY_LETTER = new Map(Object.entries(KINDS).map(([kind, letter]) => [letter as string, kind as DueKind]));

export type DueKind = keyof typeof KINDS;

export const dueKey = (kind: DueKind, id: string): string => `${KINDS[kind]}:${id}`;

/** @throws Error for what `dueKey` has not made. */
export function kindOf(key: string): { readonly kind: DueKind; readonly id: string } {
  const kind = BY_LETTER.get(key.slice(0, 1));
  if (kind === undefined) throw new Error(`assertion failed: nothing is due under ${key}`);
  return { kind, id: key.slice(2) };
}

export type Agendas = { readonly agenda: Agenda; readonly lazyAgenda: Agenda };

/** `undefined` takes it out of either. */
export function watch({ agenda, lazyAgenda }: Agendas, key: string, due: EpochMs | undefined, isSlack: boolean): void {
  agenda.set(key, isSlack ? undefined : due);
  lazyAgenda.set(key, isSlack ? due : undefined);
}

/** When the alarm is wanted. A rest that ends wants one where somebody sleeps. */
export function nextAlarm(
  state: Agendas & { readonly rests: Agenda; readonly sleepers: { readonly size: () => number } },
): EpochMs | undefined {
  const { agenda, lazyAgenda, rests, sleepers } = state;
  const rested = sleepers.size() > 0 ? rests.next() : undefined;
  const due = agenda.next();
  const next = due === undefined || (rested !== undefined && rested < due) ? rested : due;
  const idle = lazyAgenda.next();
  if (idle === undefined) return next;
  const coarse = epochMs(Math.ceil(idle / SLACK_ALARM_MS) * SLACK_ALARM_MS);
  return next === undefined || coarse < next ? coarse : next;
}
