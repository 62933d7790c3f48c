// A record goes home by itself: when nobody has come for it for a day, when there are too many, or when its cell goes.
import { plusMs } from '../../lib/brand.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import { type FrozenResident, frozen, type LapsedResident, type Resident, watchUser } from '../tables/users.ts';
import { call, type Step } from '../workspace.ts';
import { recordOf } from './record.ts';

/** Unless somebody waits for it. */
const AGAIN_MS = 60_000;
/** So many go in one step; of more, each second as many again. */
const AT_ONCE = 30;
const NEXT_MS = 1000;
/** A cell keeps so many records of people whose lease has ended. */
const LAPSED_MAX = 2000;

/** Lapsed records stay, so many of them, unless the cell itself is about to go. */
export function keepOrReturn(step: Step, resident: LapsedResident): void {
  const { state } = step;
  watchUser(state, resident.user, resident);
  if (state.role.phase.t === 'handing' || state.mapRow.removed === true) returnHome(step, resident);
  else if (state.lapsed.size > LAPSED_MAX) returnHome(step, oldestOf(step));
}

/** The cell goes: nobody comes back to it. */
export function returnLapsed(step: Step): void {
  for (const user of [...step.state.lapsed]) {
    const resident = step.state.users.get(user);
    if (resident?.phase === 'lapsed') returnHome(step, resident);
  }
}

/** After a restart they are in no order. */
function oldestOf({ state }: Step): LapsedResident {
  const all = [...state.lapsed].map((user) => state.users.get(user) as LapsedResident);
  return all.reduce((oldest, one) => (one.lapsedAt < oldest.lapsedAt ? one : oldest));
}

/** Frozen from this step on, on disk, until the UserObject has the record: a ping in between is a claim. */
export function returnHome(step: Step, lapsed: LapsedResident): void {
  const resident = frozen(lapsed, step.now);
  step.users.add(resident.user);
  step.state.lapsed.delete(resident.user);
  const before = step.returning++;
  if (before < AT_ONCE) sendRecord(step, resident);
  else resident.returnAt = plusMs(step.now, Math.floor(before / AT_ONCE) * NEXT_MS);
}

/** Tells the UserObject; repeated until it has answered. */
export function sendRecord(step: Step, resident: FrozenResident): void {
  const { user, epoch, session, seq } = resident;
  const { cell } = step.state.mapRow;
  resident.returnAt = plusMs(step.now, AGAIN_MS);
  watchUser(step.state, user, resident);
  step.state.returning.add(user);
  call(
    step,
    { t: 'return', user, epoch },
    { to: 'user', user },
    {
      t: 'returnRecord',
      user,
      cell,
      epoch,
      record: recordOf(resident, step.now),
      session,
      ...(seq === undefined ? {} : { seq }),
    },
    CALL_TIMEOUT_MS,
  );
}

export const isReturning = (resident: Resident | undefined): resident is FrozenResident =>
  resident?.phase === 'frozen' && resident.returnAt !== undefined;
