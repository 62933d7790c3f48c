// Rows from before inboxes went with their users: each inbox is asked for once, of the UserObject that has it.
import { plusMs } from '../../lib/brand.ts';
import type { UserRecord } from '../../messages/records.ts';
import { unpackInbox } from '../../record/packed.ts';
import type { Transfer } from '../tables/incoming.ts';
import type { Resident } from '../tables/users.ts';
import type { Step } from '../workspace.ts';
import { askAboutHolds } from './holds.ts';
import { pushEvents } from './sockets.ts';

/** So many are asked for in a second. */
const PER_SECOND = 30;

/** Claims, in the ordinary way of a hand-over, those whom this cell holds without their inboxes; answers with what is to be claimed at once. */
export function claimInboxes(step: Step): readonly Transfer[] {
  const { state, now } = step;
  const first: Transfer[] = [];
  let n = 0;
  for (const { user, epoch, inbox, phase } of state.users.values()) {
    if (inbox !== undefined || phase === 'frozen' || state.transfers.has(user)) continue;
    const waitMs = Math.floor(n++ / PER_SECOND) * 1000;
    const retryAt = waitMs === 0 ? undefined : plusMs(now, waitMs);
    const transfer: Transfer = { user, epoch, retryAt, call: undefined, fence: 0 };
    state.transfers.set(user, transfer);
    step.transfers.add(user);
    if (retryAt === undefined) first.push(transfer);
  }
  return first;
}

/** The answer for somebody who is held here already. */
export function takeInbox(step: Step, resident: Resident, epoch: number, { inbox }: UserRecord): void {
  if (resident.epoch !== epoch || resident.inbox !== undefined || inbox === undefined) return;
  const { user } = resident;
  resident.inbox = unpackInbox(inbox, step.now);
  step.users.add(user);
  // What came meanwhile was pushed to nobody, and changed no hold.
  pushEvents(step, user, resident.inbox.events.values());
  askAboutHolds(step, resident);
}
