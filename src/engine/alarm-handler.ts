// What an object does when its alarm fires: runs what is due, and never leaves itself without a wake-up.
import { type EpochMs, plusMs } from '../lib/brand.ts';

/** A handler whose work failed or was refused is woken again so much later. */
const ALARM_GUARD_MS = 30_000;

export type AlarmPorts = {
  readonly now: () => EpochMs;
  /** Runs what is due; false when the step was refused. @throws when the object was thrown away. */
  readonly run: () => boolean;
  readonly arm: (at: EpochMs) => void;
};

/**
 * Before the platform's second try, as the first one died. Should that die too, and the platform give up, there is still a wake-up:
 * it must be on the disk before anything is run.
 */
export function guardRetry({ now, arm }: Pick<AlarmPorts, 'now' | 'arm'>): void {
  arm(plusMs(now(), ALARM_GUARD_MS));
}

/** What is due and cannot be written is tried again, but not at once and for ever. */
export function runDue({ now, run, arm }: AlarmPorts): void {
  if (!run()) arm(plusMs(now(), ALARM_GUARD_MS));
}
