// A user whom one cell hands over to another: claimed in the ordinary way, for no ping.
import { describe, expect, it } from 'vitest';
import type { CellId } from '../../../src/protocol/ids.ts';
import { CELL, EAST, record, WEST } from '../support/names.ts';
import { userHarness } from '../support/user-harness.ts';

/** A user held in CELL at epoch 1, whose session is at number 5. */
function heldUser() {
  const user = userHarness();
  user.claim(CELL, { seq: 5 });
  return user;
}

const transfer = (user: ReturnType<typeof userHarness>, cell: string, epoch: number): number =>
  user.ask({ t: 'claim', user: 'ana' as never, cell: cell as CellId, session: '', transfer: epoch });

describe('a transfer', () => {
  it('SPLIT4 OWN1 is granted once the holder has given the user up, and raises the epoch', () => {
    const user = heldUser();
    const token = transfer(user, EAST, 1);
    expect(user.replies.get(token)).toBeUndefined();
    user.answer('recall', { t: 'record', record: record({ leaseLeftMs: 7000 }) });
    expect(user.replies.get(token)).toMatchObject({ t: 'granted', epoch: 2, record: { leaseLeftMs: 7000 } });
    expect(user.open).toMatchObject([{ address: { cell: CELL }, request: { t: 'forget', epoch: 1 } }]);
    // Asked again, it gets the same answer.
    expect(user.replies.get(transfer(user, EAST, 1))).toMatchObject({ t: 'granted', epoch: 2 });
  });

  it('SPLIT4 is refused for a user who has left meanwhile, and for one whom nobody holds', () => {
    const user = heldUser();
    user.advance(3000);
    user.claim(WEST, { seq: 6 });
    user.answer('recall', { t: 'record', record: record() });
    expect(user.replies.get(transfer(user, EAST, 1))).toEqual({ t: 'refused' });
    const nobody = userHarness();
    expect(nobody.replies.get(transfer(nobody, EAST, 1))).toEqual({ t: 'refused' });
  });

  it('SPLIT4 gives way to a ping that claims for another cell while it is under way', () => {
    const user = heldUser();
    user.advance(3000);
    const handed = transfer(user, EAST, 1);
    const pinged = user.claim(WEST, { seq: 6 });
    expect(user.replies.get(handed)).toEqual({ t: 'refused' });
    user.answer('recall', { t: 'record', record: record() });
    expect(user.replies.get(pinged)).toMatchObject({ t: 'granted', epoch: 2 });
  });

  it('CLAIM1 is no ping: an older one of the session is refused after it as before', () => {
    const user = heldUser();
    const token = transfer(user, EAST, 1);
    user.answer('recall', { t: 'no_row' });
    expect(user.replies.get(token)).toMatchObject({ t: 'granted' });
    expect(user.replies.get(user.claim(WEST, { seq: 4 }))).toEqual({ t: 'refused' });
  });

  it('CLAIM1 tells the newest ping that the holder took, of whatever session, so that none before it counts', () => {
    for (const newest of [
      { session: 's', seq: 9 },
      { session: 'another', seq: 2 },
    ]) {
      const user = heldUser();
      const token = transfer(user, EAST, 1);
      user.answer('recall', { t: 'record', record: record({ leaseLeftMs: 7000 }), ...newest });
      expect(user.replies.get(token)).toMatchObject({ t: 'granted', epoch: 2, newest });
      expect(user.replies.get(transfer(user, EAST, 1)), 'asked again').toMatchObject({
        t: 'granted',
        epoch: 2,
        newest,
      });
    }
  });

  it('CLAIM1 forgets no newer ping that claimed elsewhere meanwhile, and was told to wait', () => {
    const user = heldUser();
    const waits = user.claim(WEST, { seq: 8 });
    expect(user.replies.get(waits)).toMatchObject({ t: 'pending' });
    const token = transfer(user, EAST, 1);
    user.answer('recall', { t: 'record', record: record(), session: 's', seq: 6 });
    expect(user.replies.get(token)).toMatchObject({ t: 'granted', newest: { session: 's', seq: 8 } });
    expect(user.replies.get(user.claim(WEST, { seq: 7 }))).toEqual({ t: 'refused' });
  });

  it('LEASE1 brings no lease along for somebody who has left the holder meanwhile, nor for one who came by a ping', () => {
    const gone = heldUser();
    gone.advance(3000);
    gone.claim(EAST, { seq: 6 });
    gone.answer('recall', { t: 'record', record: record({ leaseLeftMs: 90_000 }) });
    // Here by a ping, and left again: a transfer that comes late gets the same grant, and no lease with it.
    expect(gone.replies.get(transfer(gone, EAST, 1))).toMatchObject({ t: 'granted', record: { leaseLeftMs: 0 } });
    const token = transfer(gone, WEST, 2);
    gone.answer('recall', { t: 'no_row' });
    expect(gone.replies.get(token)).toMatchObject({ t: 'granted', epoch: 3, record: { leaseLeftMs: 0 } });
  });

  it('LIVE1 repeats a recall that was lost, also for one whom it refuses: whoever claimed may be gone', () => {
    const user = heldUser();
    user.advance(3000);
    user.claim(WEST, { seq: 6 });
    user.answer('recall', { t: 'failed' });
    expect(user.sentOf('recall')).toHaveLength(1);
    expect(user.replies.get(transfer(user, EAST, 1))).toEqual({ t: 'refused' });
    expect(user.sentOf('recall')).toHaveLength(2);
  });

  it('CLAIM4 waits for a holder that does not answer, and asks it again when it is asked again', () => {
    const user = heldUser();
    const token = transfer(user, EAST, 1);
    user.answer('recall', { t: 'failed' });
    expect(user.replies.get(token)).toMatchObject({ t: 'pending' });
    const again = transfer(user, EAST, 1);
    user.answer('recall', { t: 'record', record: record() });
    expect(user.replies.get(again)).toMatchObject({ t: 'granted', epoch: 2 });
  });
});
