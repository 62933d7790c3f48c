// Users whom a predecessor hands over, until the UserObject has granted or refused each.
import { type EpochMs, plusMs } from '../../lib/brand.ts';
import { versioned } from '../../lib/versioned.ts';
import type { UserId } from '../../protocol/ids.ts';
import { UNSENT_GUARD_MS } from './questions.ts';

const VERSION = 1;

export type Transfer = {
  readonly user: UserId;
  readonly epoch: number;
  retryAt: EpochMs | undefined;
  call: number | undefined;
  fence: number;
};

export const encodeTransfer = ({ user, epoch }: Transfer): string => JSON.stringify({ v: VERSION, user, epoch });

export function decodeTransfer(text: string): Transfer {
  const { user, epoch } = versioned<Pick<Transfer, 'user' | 'epoch'>>(VERSION, 'taking', text);
  return { user, epoch, retryAt: undefined, call: undefined, fence: 0 };
}

/** While the claim is on its way a crash may lose it: boot repeats it, and this does should that fail. */
export const dueTransfer = ({ retryAt }: Transfer, now: EpochMs): EpochMs => retryAt ?? plusMs(now, UNSENT_GUARD_MS);
