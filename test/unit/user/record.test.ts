// The record that a cell is granted: what has ended is gone from it, and its durations are as old as they are.
import { describe, expect, it } from 'vitest';
import { loadUser } from '../../../src/user/codec.ts';
import { stepUser } from '../../../src/user/step.ts';
import { ana, CELL, EAST, oid, qid, record, START } from '../support/names.ts';
import { offerItem, userHarness } from '../support/user-harness.ts';

describe('a record that is granted', () => {
  it('HOLD1 has the holds that the holder says, and no others: it was the one to hear of them', () => {
    const user = userHarness();
    user.deliver([offerItem(1, 'declined'), offerItem(2, 'pending', 2)]);
    user.claim(CELL, { seq: 1 });
    user.advance(2000);
    const token = user.claim(EAST, { seq: 2 });
    const hold = {
      questionId: qid(),
      text: '',
      point: record().point,
      distanceM: 1,
      leftMs: 1,
      state: 'pending',
    } as const;
    const holds = [1, 3].map((attempt) => ({ ...hold, offerId: oid(attempt) }));
    user.answer('recall', { t: 'record', record: record({ holds }) });
    expect(user.replies.get(token)).toMatchObject({ record: { holds } });
  });

  it('AGE1 has a point that is older by as long as it lay', () => {
    const user = userHarness();
    user.claim(CELL, { seq: 1 });
    user.claim(EAST, { session: '', transfer: 1 });
    user.answer('recall', { t: 'record', record: record({ pointAgeMs: 5000, leaseLeftMs: 60_000 }) });
    user.advance(20_000);
    expect(user.replies.get(user.claim(EAST, { session: '', transfer: 1 }))).toMatchObject({
      record: { pointAgeMs: 25_000, leaseLeftMs: 40_000 },
    });
  });

  it('AGE1 ROW1 is as it was where a row of before does not say since when it lies', () => {
    const meta = { user: 'ana', pseudonym: 'u-1', epoch: 3, holding: { t: 'free' }, record: record(), lastSeq: 0 };
    const state = loadUser([{ table: 'meta', key: 'meta', value: JSON.stringify({ v: 1, ...meta }) }]);
    const request = { t: 'claim', user: ana, cell: CELL, session: 's' } as const;
    expect(stepUser(state, { t: 'request', request, token: 1 }, START).replies).toMatchObject([
      { value: { t: 'granted', epoch: 4, record: { idleMs: record().idleMs, leaseLeftMs: record().leaseLeftMs } } },
    ]);
  });
});
