// Attempts at users in other cells: made when the reserve was confirmed, void for ever otherwise.
import { describe, expect, it } from 'vitest';
import type { CellReply } from '../../../src/messages/calls.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { ana, bob, candidate, cem, EAST, newQuestion, oid, qid } from '../support/names.ts';

const scouted = (...candidates: ReturnType<typeof candidate>[]): CellReply<'scout'> => ({
  t: 'scouted',
  candidates,
  beacon: true,
});

/** A question with an attempt at bob, held in the next cell, on its way. */
function attempting(spare = 0): CellHarness {
  let first = true;
  const cell = cellHarness({
    policy: { offers: { spare } },
    manual: ['reserve', 'release'],
    respond: ({ request, address }) => {
      if (request.t !== 'scout' || address.to !== 'cell' || address.cell !== EAST || !first) return undefined;
      first = false;
      return scouted(candidate(bob, EAST, { score: 8 }), candidate(cem, EAST, { score: 7 }));
    },
  });
  cell.request({ t: 'ask', question: newQuestion({ radiusM: 3000 }) });
  return cell;
}
const states = (cell: CellHarness) => cell.question(qid()).offers.map(({ id, user, state }) => [id, user, state]);

describe('an attempt', () => {
  it('VOID1 is stored before it is asked for, and shows nothing to anybody', () => {
    const cell = attempting();
    expect(states(cell)).toEqual([[oid(1), bob, 'reserving']]);
    expect(cell.rows('questions')[0]).toContain('reserving');
    expect(cell.request({ t: 'question', id: qid(), user: ana })).toMatchObject({
      view: { state: 'open', offersPending: 0, attempts: 0 },
    });
    expect(cell.request({ t: 'accept', offerId: oid(1), user: bob })).toMatchObject({ code: 'unknown_offer' });
  });

  it('becomes an offer when the slot is held: its user is told, its time begins', () => {
    const cell = attempting();
    cell.advance(300);
    cell.answer('reserve', { t: 'held' });
    expect(states(cell)).toEqual([[oid(1), bob, 'pending']]);
    expect(cell.question(qid()).offers[0]).toMatchObject({ until: cell.now() + 30_000 });
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
    expect(cell.request({ t: 'accept', offerId: oid(1), user: bob })).toMatchObject({ view: { state: 'accepted' } });
  });

  it('VOID1 that was refused is void, and the next best is tried with a new id', () => {
    const cell = attempting();
    cell.answer('reserve', { t: 'refused', reason: 'capacity' });
    expect(states(cell)).toEqual([
      [oid(1), bob, 'void'],
      [oid(2), cem, 'reserving'],
    ]);
    expect(cell.sentOf('release'), 'nothing was taken').toEqual([]);
  });

  it.each([
    ['failed', { t: 'failed' }],
    ['came back odd', { t: 'uninitialised' }],
  ] as const)('VOID1 whose call %s is void, and the slot that it may hold is given back', (_, answer) => {
    const cell = attempting();
    cell.answer('reserve', answer);
    expect(states(cell)[0]).toEqual([oid(1), bob, 'void']);
    expect(cell.sentOf('release')).toMatchObject([{ request: { offerId: oid(1), user: bob } }]);
  });

  it('VOID1 whose answer never came is void by its own time, over a crash too', () => {
    const cell = attempting();
    cell.restart();
    expect(cell.state().calls.size, 'but for the news to the asker').toBe(cell.state().calls.size);
    cell.advance(9_999);
    expect(states(cell)[0], 'as long as its search may wait').toEqual([oid(1), bob, 'reserving']);
    cell.advance(1);
    expect(states(cell)[0]).toEqual([oid(1), bob, 'void']);
    expect(cell.sentOf('release')).toMatchObject([{ request: { offerId: oid(1), user: bob } }]);
  });

  it('VOID1 stays void when the slot is confirmed late: it is given back, nobody is told of an offer', () => {
    const cell = attempting();
    const [late] = cell.open.filter(({ request }) => request.t === 'reserve');
    cell.advance(10_000);
    const releases = cell.sentOf('release').length;
    if (late !== undefined) cell.answer(late, { t: 'held' });
    expect(states(cell)[0]).toEqual([oid(1), bob, 'void']);
    expect(cell.sentOf('release')).toHaveLength(releases + 1);
    expect(cell.events(bob, qid())).toEqual([]);
    expect(cell.request({ t: 'accept', offerId: oid(1), user: bob })).toMatchObject({ code: 'unknown_offer' });
  });

  it('VOID1 is void when its question ends before the answer', () => {
    const cell = attempting();
    cell.request({ t: 'cancel', id: qid(), user: ana });
    expect(states(cell)).toEqual([[oid(1), bob, 'void']]);
    cell.answer('reserve', { t: 'held' });
    expect(states(cell)).toEqual([[oid(1), bob, 'void']]);
    expect(cell.sentOf('release')).toHaveLength(1);
  });

  it('BOUND2 of attempts at somebody who comes and goes the newest hundred are remembered, and the ids rise all the same', () => {
    const cell = cellHarness({ policy: { offers: { spare: 0 } }, manual: ['reserve'] });
    cell.request({ t: 'ask', question: newQuestion({ radiusM: 3000 }) });
    for (let n = 1; n <= 150; n++) {
      cell.request({ t: 'nudge', questionId: qid(), candidate: candidate(bob, EAST) });
      cell.answer('reserve', { t: 'refused', reason: 'capacity' });
    }
    const kept = states(cell);
    expect(kept).toHaveLength(100);
    expect([kept[0], kept.at(-1)]).toEqual([
      [oid(51), bob, 'void'],
      [oid(150), bob, 'void'],
    ]);
    // One that was forgotten is no offer, for whoever holds a slot for it.
    expect(cell.request({ t: 'state', offerId: oid(1), user: bob })).toMatchObject({ live: false });
  });

  it('a void attempt keeps nobody off a later try', () => {
    const cell = attempting();
    cell.answer('reserve', { t: 'refused', reason: 'capacity' });
    cell.answer('reserve', { t: 'refused', reason: 'capacity' });
    expect(cell.question(qid()).phase.t).toBe('dormant');
    expect(cell.request({ t: 'nudge', questionId: qid(), candidate: candidate(bob, EAST) })).toEqual({ t: 'tried' });
    expect(states(cell).at(-1)).toEqual([oid(3), bob, 'reserving']);
  });

  it('ONE2 no second attempt at a user while one is on its way', () => {
    const cell = attempting(1);
    expect(states(cell)).toHaveLength(2);
    expect(cell.request({ t: 'nudge', questionId: qid(), candidate: candidate(bob, EAST) })).toEqual({ t: 'tried' });
    expect(states(cell)).toHaveLength(2);
  });
});
