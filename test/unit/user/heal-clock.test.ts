// The clock was ten days ahead and is right again: what the user's object keeps is brought back to it, and stays so.
import { describe, expect, it } from 'vitest';
import type { UserRecord } from '../../../src/messages/records.ts';
import { ana, CELL, EAST, qid, record, START } from '../support/names.ts';
import { questionItem, type UserHarness, userHarness } from '../support/user-harness.ts';

const AHEAD_MS = 10 * 86_400_000;
const PATIENCE_MS = 60_000;
const KEEP_MS = 600_000;
/** When the clock is believed. */
const NOW = START + PATIENCE_MS;
const where = { t: 'where', user: ana } as const;

function healed(
  before: (user: UserHarness) => void,
  ahead: (user: UserHarness) => void = (user) => user.request(where),
) {
  const user = userHarness();
  before(user);
  user.setNow(START + AHEAD_MS);
  ahead(user);
  const leadMs = user.now() - NOW;
  user.setNow(START);
  user.request(where);
  user.setNow(NOW);
  expect(user.step({ t: 'request', request: where, token: 900 }).clockLeadMs).toBe(leadMs);
  return user;
}
const whileAhead = (live: (user: UserHarness) => void) => healed(() => undefined, live);
/** As it is, and as it is on disk. */
function metaOf(user: UserHarness) {
  user.restart();
  return user.state().meta;
}
const transfer = { session: '', transfer: 1 } as const;

describe('TIME2 what was noted while the clock was ahead is now', () => {
  it('since when a cell holds the user: a claim waits for the dwell, and no longer', () => {
    const user = whileAhead((one) => one.claim(CELL, { seq: 1 }));
    expect(metaOf(user)?.holding).toEqual({ t: 'held', cell: CELL, since: NOW });
    expect(user.replies.get(user.claim(EAST, { seq: 2 }))).toMatchObject({ t: 'pending', retryMs: 2000 });
  });

  it('when the ping came for which the user is recalled', () => {
    const user = whileAhead((one) => {
      one.claim(CELL, { seq: 1 });
      one.advance(2000);
      one.claim(EAST, { seq: 2 });
    });
    const claimant = { cell: EAST, session: 's', seq: 2, order: 2, pingAt: NOW };
    expect(metaOf(user)?.holding).toEqual({ t: 'recalling', cell: CELL, claimant });
    expect(user.open.at(-1)?.request).toMatchObject({ t: 'recall', ping: { ageMs: 0 } });
  });

  it('but for who is handed over there is no ping', () => {
    const user = whileAhead((one) => {
      one.claim(CELL, { seq: 1 });
      one.claim(EAST, transfer);
    });
    const claimant = { cell: EAST, session: 's', seq: 1, handed: true };
    expect(metaOf(user)?.holding).toEqual({ t: 'recalling', cell: CELL, claimant });
  });

  it('a leave that waits for its holder', () => {
    const user = whileAhead((one) => {
      one.claim(CELL, { seq: 1 });
      one.ask({ t: 'leave', user: ana, session: 's', seq: 2 });
    });
    expect(metaOf(user)).toMatchObject({ holding: { t: 'leaving', cell: CELL, order: 2 } });
    expect(user.state().meta?.left).toEqual({ at: NOW, session: 's', seq: 2 });
  });

  it('since when the record lies here, and when its user has left', () => {
    const user = whileAhead((one) => {
      one.claim(CELL, { seq: 1 });
      one.ask({ t: 'leave', user: ana });
      one.answer('recall', { t: 'record', record: record({ coolLeftMs: 90_000 }) });
    });
    expect(metaOf(user)).toMatchObject({ recordAt: NOW, left: { at: NOW }, holding: { t: 'free', last: CELL } });
    user.setNow(NOW + 1000);
    expect(user.replies.get(user.claim(EAST, { session: 'x' }))).toMatchObject({ record: { coolLeftMs: 89_000 } });
  });

  it('when questions were asked and ended: their keys are free a day later', () => {
    const user = whileAhead((one) => {
      one.deliver([questionItem(1, 'open', 'k1')], qid(1), { keepMs: KEEP_MS });
      one.deliver([questionItem(1, 'open', 'k2'), questionItem(2, 'answered')], qid(2), { keepMs: KEEP_MS });
    });
    user.restart();
    expect(user.state().inbox.known.get(qid(1))?.question).toEqual({ state: 'open', key: 'k1', at: NOW });
    expect(user.state().inbox.known.get(qid(2))?.question).toEqual({
      state: 'answered',
      key: 'k2',
      at: NOW,
      endedAt: NOW,
    });
  });

  it('of what questions have told, also where the user is held: the copy is what a cell that has no row is granted', () => {
    const user = whileAhead((one) => {
      one.deliver([questionItem(1, 'open', 'k1')], qid(1), { keepMs: KEEP_MS });
      one.claim(CELL, { seq: 1 });
    });
    const { record: granted } = user.replies.get(user.claim(CELL, { seq: 1 })) as { record: UserRecord };
    expect(granted.inbox?.known).toEqual([
      [qid(1), { incarnation: 1, n: 1, purgeAt: KEEP_MS, question: { state: 'open', key: 'k1', at: 0 } }],
    ]);
  });
});

describe('TIME2 what is to come stays as far ahead', () => {
  it('when streams are let go, and the alarm for it', () => {
    const user = whileAhead((one) => one.deliver([questionItem(1, 'open')], qid(1), { keepMs: KEEP_MS }));
    expect(user.store.alarm()).toBe(NOW + KEEP_MS);
    user.advance(KEEP_MS - 1);
    expect(user.state().inbox.known.size).toBe(1);
    user.advance(1);
    expect(user.state().inbox.known.size).toBe(0);
  });
});

describe('TIME2 what is past', () => {
  it('stays', () => {
    const user = healed((one) => {
      one.deliver([questionItem(1, 'open', 'k')], qid(1), { keepMs: KEEP_MS + AHEAD_MS });
      one.claim(CELL, { seq: 1 });
    });
    user.restart();
    expect(user.state()).toMatchObject({ meta: { holding: { since: START } } });
    expect(user.state().inbox.known.get(qid(1))?.question?.at).toBe(START);
  });
});
