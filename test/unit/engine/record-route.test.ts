// The way of a call to whoever has a user's record, step by step: what each answer makes of it.
import { describe, expect, it } from 'vitest';
import { RECORD_PATIENCE_MS, type RecordMove, RecordRoute } from '../../../src/engine/record-route.ts';
import type { CellReply, UserReply } from '../../../src/messages/calls.ts';
import { busy, problem } from '../../../src/protocol/problems.ts';
import { CELL, EAST } from '../support/names.ts';

type Heard = CellReply | UserReply | { readonly t: 'failed' };

const USER: RecordMove = { t: 'user' };
const ACKED: Heard = { t: 'acked', seq: 4 };
const FAILED: Heard = { t: 'failed' };
const PENDING: Heard = { t: 'pending', retryMs: 400 };
const GONE: Heard = { t: 'moved', to: [] };
const UNKNOWN: Heard = problem('unknown_cell');
const notHere = (missing: boolean): Heard => ({ t: 'not_here', missing });
const elsewhere = (cell = CELL, epoch = 7): Heard => ({ t: 'elsewhere', cell, epoch });
const at = (cell = CELL, epoch?: number): RecordMove => ({
  t: 'cell',
  cell,
  ...(epoch === undefined ? {} : { epoch }),
});
const done = (reply: Heard): RecordMove => ({ t: 'done', reply });

const route = (guess?: typeof CELL, patienceMs = 1000): RecordRoute => new RecordRoute(guess, () => 0.5, patienceMs);
/** One that the UserObject has sent to CELL. */
function named(): RecordRoute {
  const way = route();
  way.start();
  expect(way.replied(elsewhere())).toEqual(at(CELL, 7));
  return way;
}

describe('OWN3 the way to a record', () => {
  it('is one call to the UserObject where the record is at home, whatever it answers', () => {
    for (const reply of [ACKED, FAILED, UNKNOWN, { t: 'events', items: [], next: 0 } as const]) {
      const way = route();
      expect(way.start()).toEqual(USER);
      expect(way.replied(reply)).toEqual(done(reply));
    }
  });

  it('is one call to the cell that was guessed, where it is right', () => {
    for (const reply of [ACKED, FAILED]) {
      const way = route(CELL);
      expect(way.start()).toEqual(at());
      expect(way.replied(reply)).toEqual(done(reply));
    }
  });

  it('goes to the UserObject at once where the guess is wrong: not there, no leaf, or no cell', () => {
    for (const reply of [notHere(false), notHere(true), GONE, UNKNOWN, busy('over its limits')]) {
      const way = route(EAST);
      way.start();
      expect(way.replied(reply)).toEqual(USER);
      expect(way.replied(elsewhere())).toEqual(at(CELL, 7));
      expect(way.replied(ACKED)).toEqual(done(ACKED));
    }
  });

  it('ends at the cell that is named, whatever it answers but that the record is not there', () => {
    for (const reply of [ACKED, FAILED, UNKNOWN, GONE]) expect(named().replied(reply)).toEqual(done(reply));
  });

  it('reports a cell that has no row of the epoch that was named, and asks again after a while', () => {
    const way = named();
    expect(way.replied(notHere(true))).toEqual({ t: 'report', cell: CELL, epoch: 7 });
    expect(way.reported()).toEqual({ t: 'wait', ms: 150 });
    expect(way.waited()).toEqual(USER);
    expect(way.replied(ACKED)).toEqual(done(ACKED));
  });

  it('reports nothing of a row that is on its way, and asks again after a while', () => {
    const way = named();
    expect(way.replied(notHere(false))).toEqual({ t: 'wait', ms: 150 });
    expect(way.waited()).toEqual(USER);
    expect(way.replied(elsewhere(EAST, 8))).toEqual(at(EAST, 8));
    expect(way.replied(ACKED)).toEqual(done(ACKED));
  });

  it('waits for a record that is asked for, by the UserObject’s word and a quarter more or less', () => {
    const waits = [0, 0.5, 0.999].map((drawn) => {
      const way = new RecordRoute(undefined, () => drawn);
      way.start();
      const move = way.replied(PENDING);
      expect(way.waited()).toEqual(USER);
      return move.t === 'wait' ? Math.round(move.ms) : move.t;
    });
    expect(waits).toEqual([300, 400, 500]);
  });

  it('LIVE1 ends as busy when its patience does, however the record is looked for', () => {
    const tooLate = { t: 'done', reply: { t: 'problem', code: 'busy', retryAfterS: 1 } };
    const asked = route(undefined, 800);
    asked.start();
    expect([PENDING, PENDING].map((reply) => asked.replied(reply).t)).toEqual(['wait', 'wait']);
    expect(asked.replied(PENDING)).toMatchObject(tooLate);
    const lost = new RecordRoute(CELL, () => 0.5);
    let move = lost.start();
    let waitedMs = 0;
    for (let steps = 0; move.t !== 'done'; steps++) {
      expect(steps).toBeLessThan(200);
      if (move.t === 'wait') waitedMs += move.ms;
      if (move.t === 'user') move = lost.replied(elsewhere());
      else if (move.t === 'cell') move = lost.replied(notHere(true));
      else if (move.t === 'report') move = lost.reported();
      else move = lost.waited();
    }
    expect(move).toMatchObject(tooLate);
    expect(waitedMs).toBeGreaterThanOrEqual(RECORD_PATIENCE_MS);
    expect(waitedMs).toBeLessThan(RECORD_PATIENCE_MS + 200);
  });
});
