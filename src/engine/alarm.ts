// The one alarm of an object: when a step has to move it.
import type { EpochMs } from '../lib/brand.ts';
import { type Clock, patientUntil } from '../lib/clock.ts';
import type { Effects } from './effects.ts';

/**
 * Arms the alarm for `next`, the earliest time at which anything is due. Its own handler (`inAlarm`) arms that time as it is;
 * elsewhere the alarm is only moved earlier.
 */
export function arm(
  state: { armedAt: EpochMs | undefined } & Clock,
  effects: Effects,
  next: EpochMs | undefined,
  now: EpochMs,
  inAlarm: boolean,
): void {
  if (inAlarm) state.armedAt = undefined;
  const wakeAt = patientUntil(state);
  if (wakeAt !== undefined) {
    // The machine's clock is far behind: what is due by it is to find out whether it is right.
    if (state.armedAt === wakeAt) return;
    state.armedAt = wakeAt;
    effects.alarmAt = wakeAt;
    return;
  }
  // An alarm whose time is past may have been lost: what it was for was run in this step, so it counts as none.
  const armedAt = state.armedAt !== undefined && state.armedAt > now ? state.armedAt : undefined;
  if (next !== undefined && (armedAt === undefined || next < armedAt)) {
    state.armedAt = next;
    effects.alarmAt = next;
  }
}
