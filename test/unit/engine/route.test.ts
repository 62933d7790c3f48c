// The way of a call, step by step: what each answer makes of it.
import { describe, expect, it } from 'vitest';
import { type Heard, type Move, Route } from '../../../src/engine/route.ts';
import type { MapRow } from '../../../src/messages/map-row.ts';
import type { CellId } from '../../../src/protocol/ids.ts';

const [HERE, NEXT, LAST] = ['9q8yyk', '9q8yyk0', '9q8yyk00'] as readonly string[] as [CellId, CellId, CellId];
const KEY = '9q8yyk00bbbb';
const ROW = { cell: HERE, version: 7 } as MapRow;
const DONE: Heard = { t: 'done' };
const UNBORN: Heard = { t: 'uninitialised' };
const moved = (...to: readonly CellId[]): Heard => ({ t: 'moved', to });
const pending = (retryMs: number): Heard => ({ t: 'pending', retryMs });

const route = (key: string | undefined = KEY, patienceMs = 1000): Route =>
  new Route({ cell: HERE, key }, patienceMs, () => 0.5);
const call = (cell: CellId, row?: MapRow, versioned = true): Move => ({ t: 'call', cell, row, versioned });
const code = (move: Move): string | undefined =>
  move.t === 'done' && move.reply.t === 'problem' ? move.reply.code : undefined;

describe('the way of a call', () => {
  it('is one call to a cell that answers, a failure too', () => {
    for (const reply of [DONE, { t: 'failed' } as const]) {
      const way = route();
      expect(way.start()).toEqual(call(HERE));
      expect(way.replied(reply)).toEqual({ t: 'done', cell: HERE, reply });
    }
  });

  it('EDGE8 goes to a cell that is behind, or was never initialised, with its row, once', () => {
    const way = route();
    way.start();
    expect(way.replied(UNBORN)).toEqual({ t: 'readRow', cell: HERE });
    expect(way.rowRead(ROW)).toEqual(call(HERE, ROW));
    expect(code(way.replied(UNBORN))).toBe('unknown_cell');
  });

  it('EDGE8 follows the key from cell to cell, by their word or by the map, and names no row of another', () => {
    const way = route();
    way.start();
    way.replied(UNBORN);
    way.rowRead(ROW);
    expect(way.replied(moved(NEXT))).toEqual({ t: 'find', key: KEY, named: [NEXT] });
    expect(way.found(NEXT)).toEqual(call(NEXT));
    expect(way.replied(UNBORN)).toEqual({ t: 'readRow', cell: NEXT });
    expect(way.rowRead(undefined)).toEqual({ t: 'find', key: KEY, named: [] });
    expect(way.found(LAST)).toEqual(call(LAST));
    expect(way.replied(DONE)).toEqual({ t: 'done', cell: LAST, reply: DONE });
  });

  it('ends where nobody owns the key, where it leads back, and after five cells', () => {
    for (const next of [undefined, HERE]) {
      const way = route();
      way.start();
      way.replied(moved());
      expect(code(way.found(next))).toBe('unknown_cell');
    }
    const way = route();
    way.start();
    let move: Move = call(HERE);
    let calls = 1;
    for (let hop = 0; move.t === 'call'; hop++) {
      way.replied(moved());
      move = way.found(hop % 2 === 0 ? NEXT : HERE);
      if (move.t === 'call') calls++;
    }
    expect(code(move)).toBe('busy');
    expect(calls).toBe(5);
  });

  it('without a key tells that its cell has moved, and asks one that is not a leaf for what it knows', () => {
    const way = new Route({ cell: HERE }, 1000, () => 0.5);
    way.start();
    expect(way.replied(moved(NEXT))).toEqual({ t: 'done', cell: HERE, reply: moved(NEXT) });
    const late = new Route({ cell: HERE }, 1000, () => 0.5);
    late.start();
    late.replied(UNBORN);
    expect(late.rowRead(undefined)).toEqual(call(HERE, undefined, false));
    expect(late.replied(moved(NEXT))).toMatchObject({ t: 'done', reply: moved(NEXT) });
    const never = new Route({ cell: HERE }, 1000, () => 0.5);
    never.start();
    never.replied(UNBORN);
    never.rowRead(undefined);
    expect(code(never.replied(UNBORN))).toBe('unknown_cell');
  });

  it('waits for a cell that is being split or merged, by its word and a quarter more or less, until its patience ends', () => {
    const waits = [0, 0.5, 0.999].map((drawn) => {
      const way = new Route({ cell: HERE, key: KEY }, 1000, () => drawn);
      way.start();
      const move = way.replied(pending(400));
      expect(way.waited()).toEqual(call(HERE));
      return move.t === 'wait' ? Math.round(move.ms) : move.t;
    });
    expect(waits).toEqual([300, 400, 500]);
    const way = route();
    way.start();
    let calls = 1;
    for (let move = way.replied(pending(400)); move.t === 'wait'; move = way.replied(pending(400))) {
      way.waited();
      calls++;
    }
    expect(calls).toBe(4);
    expect(code(way.replied(pending(400)))).toBe('busy');
    const exact = route(KEY, 800);
    exact.start();
    expect([400, 400, 400].map((ms) => exact.replied(pending(ms)).t)).toEqual(['wait', 'wait', 'done']);
  });

  it('EDGE8 asks a cell for what it knows of itself while the map cannot be read', () => {
    const lost = route();
    lost.start();
    lost.replied(UNBORN);
    expect(lost.rowRead('away')).toEqual(call(HERE, undefined, false));
    expect(lost.replied(DONE)).toEqual({ t: 'done', cell: HERE, reply: DONE });
    for (const [reply, end] of [
      [UNBORN, 'away'],
      [pending(100), 'busy'],
      [moved(NEXT), 'busy'],
    ] as const) {
      const way = route();
      way.start();
      way.replied(UNBORN);
      way.rowRead('away');
      const move = way.replied(reply);
      expect(code(move) ?? move.t).toBe(end);
    }
  });
});
