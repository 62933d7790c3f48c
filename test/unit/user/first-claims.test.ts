// Claims of a user whom nobody holds, and of one of whom nothing is known.
import { describe, expect, it } from 'vitest';
import { CELL, EAST, record } from '../support/names.ts';
import { DWELL_MS, heldUser, userHarness } from '../support/user-harness.ts';

describe('a claim of a user whom nobody holds', () => {
  it('is granted at epoch 1 with the defaults and a pseudonym that stays', () => {
    const user = userHarness();
    const token = user.claim(CELL);
    expect(user.replies.get(token)).toMatchObject({
      t: 'granted',
      epoch: 1,
      record: { profile: { topics: [], languages: [], capacity: 1 }, pseudonym: 'u-1', holds: [], leaseLeftMs: 0 },
    });
    user.restart();
    expect(user.replies.get(user.claim(CELL))).toMatchObject({ epoch: 1, record: { pseudonym: 'u-1' } });
  });

  it('CLAIM2 that is asked again gets the same epoch, over a restart too', () => {
    const user = userHarness();
    user.claim(CELL, { seq: 1 });
    expect(user.replies.get(user.claim(CELL, { seq: 1 }))).toMatchObject({ t: 'granted', epoch: 1 });
    user.restart();
    expect(user.replies.get(user.claim(CELL, { seq: 2 }))).toMatchObject({ t: 'granted', epoch: 1 });
    expect(user.request({ t: 'where', user: 'ana' as never })).toEqual({
      t: 'where',
      cell: CELL,
      epoch: 1,
      held: true,
    });
  });

  it('FX1 CLAIM2 a grant that is repeated goes through a write: an instance that was replaced repeats none', () => {
    const user = userHarness();
    user.claim(CELL, { seq: 1 });
    for (const again of [{ seq: 1 }, { transfer: 0 }]) {
      const before = user.store.rowsWritten();
      expect(user.replies.get(user.claim(CELL, again))).toMatchObject({ t: 'granted', epoch: 1 });
      expect(user.store.rowsWritten()).toBeGreaterThan(before);
    }
  });
});

describe('PROF2 a claim for the opening of a socket that says no profile', () => {
  it('is nothing for a user of whom none is known, and moves nobody', () => {
    const user = userHarness();
    expect(user.replies.get(user.claim(CELL, { opening: true }))).toEqual({ t: 'stranger' });
    expect(user.request({ t: 'where', user: 'ana' as never })).toMatchObject({ cell: null, epoch: 0 });
    // Granted, and the cell died before it had a row.
    user.claim(CELL);
    expect(user.replies.get(user.claim(CELL, { opening: true }))).toEqual({ t: 'stranger' });
    user.advance(DWELL_MS);
    const token = user.claim(EAST, { opening: true });
    user.answer('recall', { t: 'no_row' });
    expect(user.replies.get(token)).toEqual({ t: 'stranger' });
    expect(user.replies.get(user.claim(EAST))).toMatchObject({ t: 'granted', epoch: 2 });
  });

  it('is granted with the profile that is known', () => {
    const user = heldUser();
    const profile = { topics: ['food'], languages: ['en'], capacity: 2 };
    const token = user.claim(EAST, { opening: true });
    user.answer('recall', { t: 'record', record: record({ profile }) });
    expect(user.replies.get(token)).toMatchObject({ t: 'granted', record: { profile } });
  });
});
