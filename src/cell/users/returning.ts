// A record goes home by itself: whose lease has ended is held by nobody, and what they have said of themselves is kept for them.
import { present } from '../../lib/assert.ts';
import { plusMs } from '../../lib/brand.ts';
import { CALL_TIMEOUT_MS } from '../../protocol/limits.ts';
import { type Held, watchUser } from '../tables/users.ts';
import { call, type Tx } from '../tx.ts';
import { recordOf } from './record.ts';

/** Unless somebody waits for it. */
const AGAIN_MS = 60_000;
/** So many go in one step; of more, each second as many again. */
const AT_ONCE = 30;
const NEXT_MS = 1000;

/** Frozen from this step on, on disk, until the UserObject has the record: a ping in between is a claim. */
export function returnHome(tx: Tx, held: Held): void {
  held.phase = 'frozen';
  held.frozenAt = tx.now;
  tx.users.add(held.user);
  const before = tx.returning++;
  if (before < AT_ONCE) sendRecord(tx, held);
  else held.returnAt = plusMs(tx.now, Math.floor(before / AT_ONCE) * NEXT_MS);
}

/** Tells the UserObject; repeated until it has answered. */
export function sendRecord(tx: Tx, held: Held): void {
  const { user, epoch, session, seq } = held;
  const { cell } = present(tx.state.birth, 'birth');
  held.returnAt = plusMs(tx.now, AGAIN_MS);
  watchUser(tx.state, user, held);
  tx.state.returning.add(user);
  call(
    tx,
    { t: 'return', user, epoch },
    { to: 'user', user },
    {
      t: 'returnRecord',
      user,
      cell,
      epoch,
      record: recordOf(held, tx.now),
      session,
      ...(seq === undefined ? {} : { seq }),
    },
    CALL_TIMEOUT_MS,
  );
}

export const isReturning = (held: Held | undefined): boolean => held?.returnAt !== undefined;
