// Giving a user up: frozen on the UserObject's word, forgotten when somebody else holds them, never on the cell's own.
import { describe, expect, it } from 'vitest';
import { cellHarness } from '../support/cell-harness.ts';
import { at, bob, EAST, need, newQuestion, oid, policyWith, qid } from '../support/names.ts';

const recall = (epoch: number) => ({ t: 'recall', user: bob, epoch }) as const;
const reserve = {
  t: 'reserve',
  offerId: oid(1, 1, EAST),
  user: bob,
  need: need(),
  policy: policyWith(),
  copy: { questionId: qid(1, EAST), text: 'where?', point: at() },
  holdMs: 40_000,
} as const;

describe('a recall', () => {
  it.each([
    ['of a higher number', { session: 's', seq: 4, ageMs: 0 }, 'kept'],
    ['of the same number', { session: 's', seq: 5, ageMs: 9000 }, 'record'],
    ['of a lower number', { session: 's', seq: 6, ageMs: 9000 }, 'record'],
    ['that is younger, without numbers', { session: 's', ageMs: 5001 }, 'kept'],
    ['that is as old, without numbers', { session: 's', ageMs: 5000 }, 'record'],
    ['of another session that is younger', { session: 'other', seq: 99, ageMs: 5001 }, 'kept'],
    ['before a transfer, which is for no ping', undefined, 'record'],
  ] as const)('CLAIM6 a ping here %s', (_, ping, answer) => {
    const cell = cellHarness();
    cell.ping(bob, { seq: 5 });
    cell.advance(5000);
    const epoch = cell.resident(bob)?.epoch as number;
    expect(cell.request({ t: 'recall', user: bob, epoch, ...(ping === undefined ? {} : { ping }) })).toMatchObject({
      t: answer,
    });
    expect(cell.resident(bob)?.phase).toBe(answer === 'kept' ? 'live' : 'frozen');
    // Of an earlier epoch there is no row, however new the ping is.
    expect(cell.request({ t: 'recall', user: bob, epoch: epoch - 1, ...(ping === undefined ? {} : { ping }) })).toEqual(
      {
        t: 'no_row',
      },
    );
  });

  it('CLAIM6 that was answered kept is answered so again, though nobody counted it and the ping has grown old', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.advance(2000);
    cell.ping(bob);
    const copy = { ...recall(1), ping: { session: 'other', ageMs: 1000 } };
    expect(cell.request(copy)).toMatchObject({ t: 'kept' });
    cell.advance(5000);
    expect(cell.request(copy)).toMatchObject({ t: 'kept' });
    expect(cell.request({ ...copy, ping: { session: 'other', ageMs: 1001 } })).toMatchObject({ t: 'record' });
  });

  it('OWN1 freezes the row of its epoch and answers with the record, holds included', () => {
    const cell = cellHarness();
    cell.ping(bob, { profile: { topics: ['food'], capacity: 2 } });
    cell.request(reserve);
    cell.advance(5000);
    expect(cell.request(recall(1))).toMatchObject({
      t: 'record',
      record: {
        v: 1,
        profile: { topics: ['food'], languages: [], capacity: 2 },
        point: at(),
        pointAgeMs: 5000,
        leaseLeftMs: 115_000,
        idleMs: 5000,
        holds: [{ offerId: reserve.offerId, state: 'reserved', leftMs: 35_000 }],
      },
    });
    expect(cell.resident(bob)?.phase).toBe('frozen');
    expect(cell.request({ t: 'scout', need: need(), policy: policyWith(), limit: 5 })).toMatchObject({
      candidates: [],
    });
    expect(cell.request({ ...reserve, offerId: oid(2, 1, EAST) })).toEqual({ t: 'refused', reason: 'gone' });
    cell.restart();
    expect(cell.resident(bob)?.phase).toBe('frozen');
    expect(cell.state().roster.size()).toBe(0);
  });

  it('asked again gives the record again, and enters the journal once', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request(recall(1));
    expect(cell.request(recall(1))).toMatchObject({ t: 'record' });
    expect(cell.journal().map(({ t }) => t)).toEqual(['user.entered', 'user.left']);
  });

  it('of another epoch, or of somebody unknown, finds no row and freezes nobody', () => {
    const cell = cellHarness();
    cell.ping(bob);
    expect(cell.request(recall(2))).toEqual({ t: 'no_row' });
    expect(cell.request({ t: 'recall', user: 'zoe' as never, epoch: 1 })).toEqual({ t: 'no_row' });
    expect(cell.resident(bob)?.phase).toBe('live');
  });

  it('says 0 for a lease that has ended: only a real ping renews it', () => {
    const cell = cellHarness();
    cell.ping(bob, { ttlMs: 20_000 });
    cell.request(reserve);
    cell.advance(30_000);
    expect(cell.request(recall(1))).toMatchObject({ t: 'record', record: { leaseLeftMs: 0 } });
  });
});

describe('OWN3 the question whether there is such a row at all', () => {
  it.each(['live', 'lapsed', 'frozen'] as const)('is answered kept for one that is %s, and leaves it so', (phase) => {
    const cell = cellHarness();
    cell.ping(bob, { ttlMs: 20_000, seq: 5 });
    if (phase === 'lapsed') cell.advance(20_000);
    if (phase === 'frozen') cell.request(recall(1));
    const rows = cell.store.rowsWritten();
    expect(cell.request({ ...recall(1), probe: true })).toEqual({ t: 'kept', session: 's', seq: 5 });
    expect(cell.resident(bob)?.phase).toBe(phase);
    expect(cell.store.rowsWritten()).toBe(rows);
    expect(cell.request({ ...recall(1), order: 1, leave: {} }), 'a recall is one all the same').toMatchObject({
      t: 'record',
    });
  });

  it('CLAIM3 is answered no_row by an instance that may write, and no grant of that epoch is taken from then on', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob);
    const rows = cell.store.rowsWritten();
    expect(cell.request({ ...recall(2), probe: true })).toEqual({ t: 'no_row' });
    expect(cell.store.rowsWritten() - rows).toBe(1);
    cell.answer('claim', { t: 'granted', epoch: 2, record: null });
    expect(cell.resident(bob)).toBeUndefined();
  });
});

describe('a claim in flight', () => {
  it.each([1, 2])('CLAIM3 takes no grant of epoch %i after a recall of epoch 2, and stays a claim', (epoch) => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob);
    expect(cell.request(recall(2))).toEqual({ t: 'no_row' });
    cell.answer('claim', { t: 'granted', epoch, record: null });
    expect(cell.resident(bob)).toBeUndefined();
    expect(cell.sentOf('claim')).toHaveLength(2);
    cell.answer('claim', { t: 'granted', epoch: 3, record: null });
    expect(cell.resident(bob)).toMatchObject({ epoch: 3, phase: 'live' });
  });

  it('CLAIM3 holds for the highest epoch recalled, in whatever order recalls come', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob);
    cell.request(recall(4));
    cell.request(recall(2));
    cell.answer('claim', { t: 'granted', epoch: 4, record: null });
    expect(cell.resident(bob)).toBeUndefined();
  });

  it('CLAIM3 an answer to an earlier claim is not one to the present claim', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob, { ttlMs: 10_000 });
    const first = cell.open[0];
    cell.advance(10_000);
    cell.ping(bob);
    if (first !== undefined) cell.answer(first, { t: 'granted', epoch: 1, record: null });
    expect(cell.resident(bob)).toBeUndefined();
    cell.answer('claim', { t: 'granted', epoch: 2, record: null });
    expect(cell.resident(bob)?.epoch).toBe(2);
  });
});

describe('a frozen row', () => {
  it('CLAIM4 stays however long nobody comes for it, and asks once a minute whether it may go', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request(recall(1));
    for (let minutes = 1; minutes <= 3; minutes++) {
      cell.advance(60_000);
      expect(cell.sentOf('where')).toHaveLength(minutes);
      cell.answer('where', { t: 'where', cell: EAST, epoch: 1 });
      expect(cell.resident(bob)?.phase).toBe('frozen');
    }
    cell.advance(60_000);
    cell.answer('where', { t: 'where', cell: EAST, epoch: 2 });
    expect(cell.resident(bob)).toBeUndefined();
  });

  it('turns a ping into a new claim, whose grant at a higher epoch replaces it', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob);
    cell.answer('claim', { t: 'granted', epoch: 1, record: null });
    cell.request(recall(1));
    cell.ping(bob, { point: at(400) });
    expect(cell.state().roster.size()).toBe(0);
    cell.answer('claim', { t: 'granted', epoch: 2, record: null });
    expect(cell.resident(bob)).toMatchObject({ epoch: 2, phase: 'live', point: at(400) });
    cell.request({ t: 'forget', user: bob, epoch: 1 });
    expect(cell.resident(bob), 'a late forget is for the old epoch').toMatchObject({ phase: 'live' });
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
  });

  it('goes with forget, once; its socket is told to reconnect', () => {
    const cell = cellHarness();
    cell.connect(bob);
    cell.request(recall(1));
    expect(cell.request({ t: 'forget', user: bob, epoch: 1 })).toEqual({ t: 'done' });
    expect(cell.request({ t: 'forget', user: bob, epoch: 1 })).toEqual({ t: 'done' });
    expect(cell.frames).toEqual([{ user: bob, frame: { t: 'moved', reason: 'elsewhere' }, close: true }]);
    expect(cell.rows('users')).toEqual([]);
  });
});
