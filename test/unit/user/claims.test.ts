// Who holds the user: the UserObject alone says, and only a recall that was answered moves it.
import { describe, expect, it } from 'vitest';
import { present } from '../../../src/lib/assert.ts';
import { loadUser } from '../../../src/user/codec.ts';
import { CELL, EAST, record, WEST } from '../support/names.ts';
import { DWELL_MS, heldUser, userHarness } from '../support/user-harness.ts';

describe('a claim of another cell', () => {
  it('OWN1 recalls the holder, and is granted a new epoch with what the holder says; the holder may forget', () => {
    const user = heldUser();
    const token = user.claim(EAST, { seq: 2 });
    expect(user.replies.get(token)).toBeUndefined();
    expect(user.open).toMatchObject([
      { address: { to: 'cell', cell: CELL }, request: { t: 'recall', user: 'ana', epoch: 1 } },
    ]);
    user.answer('recall', { t: 'record', record: record({ reputation: 0.8 }) });
    expect(user.replies.get(token)).toMatchObject({
      t: 'granted',
      epoch: 2,
      record: { reputation: 0.8, pseudonym: 'u-1' },
    });
    expect(user.open).toMatchObject([
      { address: { to: 'cell', cell: CELL }, request: { t: 'forget', user: 'ana', epoch: 1 } },
    ]);
    expect(user.request({ t: 'where', user: 'ana' as never })).toEqual({
      t: 'where',
      cell: EAST,
      epoch: 2,
      held: true,
    });
  });

  it('OWN1 takes its own copy of the record when the holder has no row', () => {
    const user = heldUser();
    user.claim(EAST, { seq: 2 });
    user.answer('recall', { t: 'record', record: record({ reputation: 0.8 }) });
    user.advance(DWELL_MS);
    const token = user.claim(CELL, { seq: 3 });
    user.answer('recall', { t: 'no_row' });
    expect(user.replies.get(token)).toMatchObject({ t: 'granted', epoch: 3, record: { reputation: 0.8 } });
  });

  it('CLAIM7 that says words of the profile waits for no dwell', () => {
    const user = userHarness();
    user.claim(CELL, { seq: 1 });
    const token = user.claim(EAST, { seq: 2, changes: true });
    user.answer('recall', { t: 'record', record: record() });
    expect(user.replies.get(token)).toMatchObject({ t: 'granted', epoch: 2 });
  });

  it('CLAIM5 within the dwell is told how long to wait, and recalls nobody', () => {
    const user = userHarness();
    user.claim(CELL);
    user.advance(700);
    const token = user.claim(EAST);
    expect(user.replies.get(token)).toEqual({ t: 'pending', retryMs: 1300, order: 2 });
    expect(user.sent).toEqual([]);
    user.advance(1300);
    user.claim(EAST);
    expect(user.sentOf('recall')).toHaveLength(1);
  });

  it.each([{ t: 'failed' }, { t: 'moved', to: [] }, { t: 'uninitialised' }] as const)(
    'CLAIM4 gets pending when the holder says %j; the holder keeps the user however long that lasts',
    (answer) => {
      const user = heldUser();
      for (let i = 0; i < 20; i++) {
        const token = user.claim(EAST, { seq: 2 + i });
        user.answer('recall', answer);
        expect(user.replies.get(token)).toEqual({ t: 'pending', retryMs: 500, order: i + 2 });
        user.advance(3_600_000);
      }
      expect(user.request({ t: 'where', user: 'ana' as never })).toEqual({ t: 'where', cell: CELL, epoch: 1 });
      const token = user.claim(EAST, { seq: 99 });
      user.answer('recall', { t: 'no_row' });
      expect(user.replies.get(token)).toMatchObject({ t: 'granted', epoch: 2 });
    },
  );

  it('CLAIM4 the recall goes on after a crash, and its claimant gets the user', () => {
    const user = heldUser();
    user.claim(EAST, { seq: 2 });
    user.restart();
    expect(user.open).toMatchObject([{ request: { t: 'recall', epoch: 1 } }]);
    user.answer('recall', { t: 'record', record: record() });
    expect(user.request({ t: 'where', user: 'ana' as never })).toEqual({
      t: 'where',
      cell: EAST,
      epoch: 2,
      held: true,
    });
    expect(user.replies.get(user.claim(EAST, { seq: 2 }))).toMatchObject({ t: 'granted', epoch: 2 });
  });

  it('CLAIM4 repeats the recall when the frozen holder asks for the user, as the claimant may have gone', () => {
    const user = heldUser();
    user.claim(EAST, { seq: 2 });
    user.answer('recall', { t: 'failed' });
    expect(user.open).toEqual([]);
    expect(user.request({ t: 'where', user: 'ana' as never })).toEqual({ t: 'where', cell: CELL, epoch: 1 });
    user.answer('recall', { t: 'record', record: record() });
    expect(user.sentOf('forget')).toMatchObject([{ address: { cell: CELL }, request: { epoch: 1 } }]);
    expect(user.request({ t: 'where', user: 'ana' as never })).toEqual({
      t: 'where',
      cell: EAST,
      epoch: 2,
      held: true,
    });
  });

  it('CLAIM1 the newest of several claimants gets the user, the others are refused', () => {
    const user = heldUser();
    const east = user.claim(EAST, { seq: 2 });
    const west = user.claim(WEST, { seq: 3 });
    expect(user.replies.get(east)).toEqual({ t: 'refused' });
    expect(user.sentOf('recall')).toHaveLength(1);
    user.answer('recall', { t: 'record', record: record() });
    expect(user.replies.get(west)).toMatchObject({ t: 'granted', epoch: 2 });
  });

  it('CLAIM3 the holder itself may be the newest claimant: it gets a new epoch, and is not told to forget', () => {
    const user = heldUser();
    const east = user.claim(EAST, { seq: 2 });
    const back = user.claim(CELL, { seq: 3 });
    expect(user.replies.get(east)).toEqual({ t: 'refused' });
    user.answer('recall', { t: 'no_row' });
    expect(user.replies.get(back)).toMatchObject({ t: 'granted', epoch: 2 });
    expect(user.sentOf('forget')).toEqual([]);
  });

  it('CLAIM2 repeated while it waits, every asking gets the one answer', () => {
    const user = heldUser();
    const tokens = [user.claim(EAST, { seq: 2 }), user.claim(EAST, { seq: 2 })];
    user.answer('recall', { t: 'no_row' });
    for (const token of tokens) expect(user.replies.get(token)).toMatchObject({ t: 'granted', epoch: 2 });
  });

  it('an answer to an earlier recall is for nobody', () => {
    const user = heldUser();
    user.claim(EAST, { seq: 2 });
    const [late] = user.open;
    user.answer('recall', { t: 'failed' });
    user.claim(EAST, { seq: 3 });
    if (late !== undefined) user.reply(late, { t: 'no_row' });
    expect(user.request({ t: 'where', user: 'ana' as never })).toMatchObject({ epoch: 1 });
  });
});

describe('the order of claims', () => {
  it.each([
    ['an older one of the session', { session: 's', seq: 4 }, 'refused'],
    ['the same one', { session: 's', seq: 5 }, 'granted'],
    ['a newer one', { session: 's', seq: 6 }, 'granted'],
    ['one without a number', { session: 's' }, 'granted'],
    ['one of a new session', { session: 'other', seq: 1 }, 'granted'],
  ] as const)('CLAIM1 %s', (_, more, outcome) => {
    const user = userHarness();
    user.claim(CELL, { seq: 5 });
    user.restart();
    expect(user.replies.get(user.claim(CELL, more))).toMatchObject({ t: outcome });
  });

  it('CLAIM1 an older claim of another cell moves nobody', () => {
    const user = heldUser();
    expect(user.replies.get(user.claim(EAST, { seq: 0 }))).toEqual({ t: 'refused' });
    expect(user.sent).toEqual([]);
  });

  it('CLAIM6 without numbers the one first heard of later is the newer, and repeating the older one moves nobody', () => {
    const user = userHarness();
    user.claim(CELL);
    // Both while the dwell lasts: neither is granted, and the UserObject may die in between.
    const first = user.replies.get(user.claim(EAST)) as { readonly order: number };
    user.restart();
    const second = user.replies.get(user.claim(WEST)) as { readonly order: number };
    expect(second.order).toBeGreaterThan(first.order);
    user.advance(DWELL_MS);
    const west = user.claim(WEST, { order: second.order });
    expect(user.replies.get(user.claim(EAST, { order: first.order }))).toEqual({ t: 'refused' });
    expect(user.replies.get(west)).toBeUndefined();
    user.answer('recall', { t: 'failed' });
    expect(user.replies.get(west)).toEqual({ t: 'pending', retryMs: 500, order: second.order });
    expect(user.replies.get(user.claim(EAST, { order: first.order }))).toEqual({ t: 'refused' });
    const again = user.claim(WEST, { order: second.order });
    user.answer('recall', { t: 'no_row' });
    expect(user.replies.get(again)).toMatchObject({ t: 'granted', epoch: 2, order: second.order });
    expect(user.replies.get(user.claim(EAST, { order: first.order }))).toEqual({ t: 'refused' });
  });

  it('CLAIM1 a late copy of a claim of an earlier session moves nobody, over a restart too; a higher number does', () => {
    const user = userHarness();
    for (const [n, session] of ['phone', 'tablet', 'laptop', 'watch'].entries()) {
      user.advance(DWELL_MS);
      user.claim(n % 2 === 0 ? CELL : EAST, { session, seq: 7 });
      if (n > 0) user.answer('recall', { t: 'record', record: record() });
    }
    user.restart();
    const before = user.sentOf('recall').length;
    expect(user.replies.get(user.claim(CELL, { session: 'phone', seq: 7 }))).toEqual({ t: 'refused' });
    expect(user.replies.get(user.claim(CELL, { session: 'tablet', seq: 6 }))).toEqual({ t: 'refused' });
    expect(user.sentOf('recall')).toHaveLength(before);
    user.advance(DWELL_MS);
    user.claim(CELL, { session: 'phone', seq: 8 });
    expect(user.sentOf('recall')).toHaveLength(before + 1);
    // It is the newest session now, and the one before it is known with its number.
    expect(user.replies.get(user.claim(EAST, { session: 'watch', seq: 7 }))).toEqual({ t: 'refused' });
  });

  it('CLAIM6 numbers of one session come before: the newer ping wins, though it was heard of first', () => {
    const user = userHarness();
    user.claim(CELL, { seq: 1 });
    const { order } = user.replies.get(user.claim(EAST, { seq: 3 })) as { readonly order: number };
    user.claim(WEST, { seq: 2 });
    user.advance(DWELL_MS);
    const east = user.claim(EAST, { seq: 3, order });
    user.answer('recall', { t: 'no_row' });
    expect(user.replies.get(east)).toMatchObject({ t: 'granted' });
  });

  it('CLAIM6 a holder that has heard of a newer ping keeps the user, and whoever claimed is refused', () => {
    const user = userHarness();
    user.claim(CELL, { seq: 1 });
    const { order } = user.replies.get(user.claim(EAST, { seq: 2 })) as { readonly order: number };
    user.advance(DWELL_MS);
    const east = user.claim(EAST, { seq: 2, order, ageMs: 2000 });
    expect(user.open).toMatchObject([
      { request: { t: 'recall', epoch: 1, ping: { session: 's', seq: 2, ageMs: 2000 } } },
    ]);
    user.answer('recall', { t: 'kept', session: 's', seq: 3 });
    expect(user.replies.get(east)).toEqual({ t: 'refused' });
    expect(user.request({ t: 'where', user: 'ana' as never })).toEqual({
      t: 'where',
      cell: CELL,
      epoch: 1,
      held: true,
    });
    user.restart();
    expect(user.replies.get(user.claim(EAST, { seq: 2, order }))).toEqual({ t: 'refused' });
    expect(user.sentOf('forget')).toEqual([]);
  });

  it('CLAIM6 asks the holder again when somebody newer claims while the recall is on its way', () => {
    const user = heldUser();
    const east = user.claim(EAST, { seq: 2 });
    const west = user.claim(WEST, { seq: 9 });
    user.answer('recall', { t: 'kept', session: 's', seq: 3 });
    expect([user.replies.get(east), user.replies.get(west)]).toEqual([{ t: 'refused' }, undefined]);
    expect(user.open).toMatchObject([{ request: { t: 'recall', ping: { seq: 9 } } }]);
    user.answer('recall', { t: 'no_row' });
    expect(user.replies.get(west)).toMatchObject({ t: 'granted', epoch: 2 });
  });

  it('CLAIM6 takes up rows of before claims were counted', () => {
    const { order: _, ...before } = present(heldUser().state().meta, 'meta');
    const rows = [{ table: 'meta', key: 'meta', value: JSON.stringify({ v: 1, ...before }) }];
    expect(loadUser(rows).meta).toMatchObject({ epoch: 1, order: 0 });
  });
});

describe('CLAIM6 a holder that keeps the user', () => {
  it('is on disk as the holder, also where pings have no numbers: after a restart nobody is recalled again', () => {
    const user = userHarness();
    user.claim(CELL);
    user.advance(DWELL_MS);
    const token = user.claim(EAST);
    user.answer('recall', { t: 'kept', session: 's' });
    expect(user.replies.get(token)).toEqual({ t: 'refused' });
    user.restart();
    expect(user.sentOf('recall')).toHaveLength(1);
    expect(user.state().meta?.holding).toMatchObject({ t: 'held', cell: CELL });
  });
});
