// Somebody says that the holder has no row of its epoch: the holder is asked, and its word alone brings the record home.
import { describe, expect, it } from 'vitest';
import { ana, CELL, EAST, qid, record } from '../support/names.ts';
import { item, type UserHarness, userHarness } from '../support/user-harness.ts';

const DWELL_MS = 2000;
const missing = { t: 'missing', user: ana, cell: CELL, epoch: 1 } as const;
const home = { t: 'returnRecord', user: ana, cell: CELL, epoch: 1, session: 's', record: record() } as const;
const DONE = { t: 'done' };
const HELD = { t: 'elsewhere', cell: CELL, epoch: 1 };

/** Held in CELL at epoch 1, with an event that was told before. */
function heldUser(): UserHarness {
  const user = userHarness();
  user.deliver([item(1)]);
  user.claim(CELL, { seq: 1 });
  user.advance(DWELL_MS);
  return user;
}
/** The same, as the cell is asked whether it has a row. */
function probed(): UserHarness {
  const user = heldUser();
  user.request(missing);
  return user;
}

describe('OWN3 a record that its cell is said to lack', () => {
  it('has its cell asked, in words that freeze nothing, once while that is under way, for no row', () => {
    const user = heldUser();
    for (const _ of ['once', 'again']) expect(user.request(missing)).toEqual(DONE);
    expect(user.open).toEqual([
      {
        call: expect.any(Number),
        address: { to: 'cell', cell: CELL },
        request: { t: 'recall', user: ana, epoch: 1, probe: true },
        timeoutMs: 5000,
      },
    ]);
    expect(user.written(missing)).toEqual([]);
    expect(user.events(), 'nothing is decided').toEqual(HELD);
  });

  it('is at home once the cell has no such row: as it was granted, without a lease, over a restart too', () => {
    const user = userHarness();
    user.deliver([item(1)]);
    user.claim(CELL);
    user.claim(EAST, { session: '', transfer: 1 });
    user.answer('recall', { t: 'record', record: record({ reputation: 0.8, leaseLeftMs: 60_000 }) });
    user.request({ ...missing, cell: EAST, epoch: 2 });
    expect(user.answer('recall', { t: 'no_row' }).rows).toMatchObject([{ table: 'meta' }]);
    expect(user.request({ t: 'where', user: ana })).toEqual({ t: 'where', cell: null, epoch: 2, free: true });
    user.restart();
    expect(user.state().meta?.record).toMatchObject({ reputation: 0.8, leaseLeftMs: 0, point: { lat: 0, lng: 0 } });
    expect(user.deliver([item(1), item(2)])).toEqual({ t: 'stored', upTo: 2 });
    expect(user.replies.get(user.claim(CELL, { seq: 2 }))).toMatchObject({ t: 'granted', epoch: 3 });
  });

  it.each([
    { t: 'kept', session: 's', seq: 1 },
    { t: 'failed' },
    { t: 'uninitialised' },
    { t: 'moved', to: [] },
  ] as const)('CLAIM4 stays where it is when the cell says %j, and is asked for again at the next word', (answer) => {
    const user = probed();
    expect(user.answer('recall', answer).rows).toEqual([]);
    expect(user.events()).toEqual(HELD);
    user.restart();
    expect(user.events()).toEqual(HELD);
    user.request(missing);
    user.answer('recall', { t: 'no_row' });
    expect(user.events()).toMatchObject({ items: [{ seq: 1 }] });
  });

  it.each([
    ['an old epoch', { epoch: 0 }],
    ['an epoch that is to come', { epoch: 2 }],
    ['another cell', { cell: EAST }],
  ])('is not asked for on a word of %s', (_, other) => {
    const user = heldUser();
    expect(user.request({ ...missing, ...other })).toEqual(DONE);
    expect(user.sent).toEqual([]);
  });

  it('is not asked for where nobody holds the user', () => {
    const [never, notAnyMore] = [userHarness(), heldUser()];
    notAnyMore.request(home);
    for (const user of [never, notAnyMore]) {
      expect(user.request(missing)).toEqual(DONE);
      expect(user.sent).toEqual([]);
    }
  });

  it('LIVE1 has the recall repeated that is wanted already, and no other', () => {
    const user = heldUser();
    user.claim(EAST, { seq: 2 });
    user.answer('recall', { t: 'failed' });
    expect(user.request(missing)).toEqual(DONE);
    expect(user.open).toMatchObject([{ request: { t: 'recall', order: 2, ping: { seq: 2 } } }]);
    expect(user.open[0]?.request).not.toHaveProperty('probe');
  });
});

describe('while the holder is asked whether it has a row', () => {
  it('CLAIM3 its own claim waits: what it says may be from before that, and a grant of that epoch would come after', () => {
    const user = probed();
    expect(user.replies.get(user.claim(CELL, { seq: 2 }))).toEqual({ t: 'pending', retryMs: 250, order: 2 });
    expect(user.replies.get(user.claim(CELL, { session: '', transfer: 1 }))).toEqual({ t: 'pending', retryMs: 250 });
    user.answer('recall', { t: 'no_row' });
    expect(user.replies.get(user.claim(CELL, { seq: 2, order: 2 }))).toMatchObject({ t: 'granted', epoch: 2 });
  });

  it('CLAIM2 its own claim has the same epoch once it has said that there is one', () => {
    const user = probed();
    user.claim(CELL, { seq: 2 });
    user.answer('recall', { t: 'kept', session: 's', seq: 1 });
    expect(user.replies.get(user.claim(CELL, { seq: 2, order: 2 }))).toMatchObject({ t: 'granted', epoch: 1 });
  });

  it('OWN1 another cell’s claim is a recall as ever, and what was asked before decides nothing', () => {
    for (const late of ['before', 'after']) {
      const user = probed();
      const [asked] = user.open;
      const east = user.claim(EAST, { seq: 2 });
      if (late === 'before' && asked !== undefined) user.reply(asked, { t: 'no_row' });
      expect(user.replies.get(east)).toBeUndefined();
      const recall = user.sentOf('recall').at(-1);
      if (recall !== undefined) user.reply(recall, { t: 'record', record: record({ reputation: 0.8 }) });
      expect(user.replies.get(east)).toMatchObject({ t: 'granted', epoch: 2, record: { reputation: 0.8 } });
      if (late === 'after' && asked !== undefined) user.reply(asked, { t: 'no_row' });
      expect(user.events()).toEqual({ t: 'elsewhere', cell: EAST, epoch: 2 });
    }
  });

  it('OWN3 the record may come home by itself: what the cell says then is nothing more', () => {
    const user = probed();
    user.request({ ...home, record: record({ inbox: { seq: 7, events: [], known: [] } }) });
    user.answer('recall', { t: 'no_row' });
    expect(user.request({ t: 'where', user: ana })).toMatchObject({ cell: CELL, free: true });
    user.deliver([item(1)], qid(2));
    expect(user.events()).toMatchObject({ items: [{ seq: 8 }] });
  });

  it('what comes of other calls says nothing of it', () => {
    const user = heldUser();
    user.claim(EAST, { seq: 2 });
    user.answer('recall', { t: 'record', record: record() });
    user.request({ ...missing, cell: EAST, epoch: 2 });
    expect(user.answer('forget', { t: 'no_row' }).rows).toEqual([]);
    expect(user.replies.get(user.claim(EAST, { seq: 2 }))).toMatchObject({ t: 'pending' });
    user.answer('recall', { t: 'no_row' });
    expect(user.request({ t: 'where', user: ana })).toMatchObject({ epoch: 2, free: true });
  });

  it('a crash forgets it: the next word asks anew', () => {
    const user = probed();
    user.restart();
    expect(user.open).toEqual([]);
    expect(user.replies.get(user.claim(CELL, { seq: 2 }))).toMatchObject({ t: 'granted', epoch: 1 });
    user.request(missing);
    expect(user.open).toMatchObject([{ request: { t: 'recall', probe: true } }]);
  });
});
