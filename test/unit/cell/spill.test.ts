// A try that spills into other cells: which are asked, in what order, how many calls it costs, and when it sleeps.
import { describe, expect, it } from 'vitest';
import { minDistanceToBoundsM } from '../../../src/geo/distance.ts';
import { decode } from '../../../src/geo/geohash.ts';
import type { CellReply } from '../../../src/messages/calls.ts';
import type { CellId, UserId } from '../../../src/protocol/ids.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, candidate, cem, EAST, NEAR, newQuestion, qid, WEST } from '../support/names.ts';

const names = (cell: CellHarness): readonly string[] =>
  cell.sent.map(({ request }) => request.t).filter((t) => t !== 'claim' && t !== 'deliver');
const cellsOf = (cell: CellHarness) =>
  cell.sentOf('scout').map(({ address }) => (address.to === 'cell' ? address.cell : ''));
const found = (...candidates: ReturnType<typeof candidate>[]): CellReply<'scout'> => ({
  t: 'scouted',
  candidates,
  beacon: true,
});
const wide = { t: 'ask', question: newQuestion({ radiusM: 3000 }) } as const;
const ranges = NEAR.map((near) => ({ near, distanceM: minDistanceToBoundsM(at(), decode(near)) })).sort(
  (a, b) => a.distanceM - b.distanceM || (a.near < b.near ? -1 : 1),
);

describe('what a try costs', () => {
  it('MATCH2 in the own cell: no call besides the news to its people', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.ping(cem);
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.question(qid()).offers).toHaveLength(2);
    expect(names(cell)).toEqual([]);
  });

  it('MATCH2 spilling: one scout for each touched cell, nearest first, and one reserve for each winner', () => {
    const cell = cellHarness({
      manual: ['reserve'],
      respond: ({ request, address }) =>
        request.t === 'scout' && address.to === 'cell'
          ? found(candidate(`u-${address.cell}` as UserId, address.cell, { score: address.cell === EAST ? 9 : 4 }))
          : undefined,
    });
    cell.request(wide);
    const touched = ranges.filter(({ distanceM }) => distanceM <= 3120).map(({ near }) => near);
    expect(touched.length).toBeGreaterThan(3);
    expect(cellsOf(cell).slice(0, 6)).toEqual(touched.slice(0, 6));
    expect(new Set(cellsOf(cell))).toEqual(new Set(touched));
    expect(cellsOf(cell)).toHaveLength(touched.length);
    expect(cell.sentOf('reserve').map(({ request }) => (request.t === 'reserve' ? request.user : ''))).toEqual([
      `u-${EAST}`,
      `u-${[...touched].sort()[0] === EAST ? [...touched].sort()[1] : [...touched].sort()[0]}`,
    ]);
  });

  it('MATCH2 cells that cannot do better are not asked', () => {
    const cell = cellHarness({
      policy: { weights: { nearness: 100, topicFit: 0, reputation: 0, idle: 0, freshness: 0 } },
    });
    cell.ping(bob, { point: at(50) });
    cell.ping(cem, { point: at(90) });
    cell.request(wide);
    expect(names(cell)).toEqual([]);
    expect(cell.question(qid()).offers).toHaveLength(2);
  });

  it('at most six scouts at once, and at most as many as the policy allows', () => {
    const cell = cellHarness({ manual: ['scout'] });
    cell.request({ t: 'ask', question: newQuestion({ radiusM: 8000 }) });
    expect(cell.open).toHaveLength(6);
    cell.answer('scout', found());
    expect(cell.open).toHaveLength(6);
    const few = cellHarness({ policy: { scoutCellsMax: 2 } });
    few.request({ t: 'ask', question: newQuestion({ radiusM: 8000 }) });
    expect(few.sentOf('scout')).toHaveLength(2);
  });

  it('REACH1 where the circle has more cells than a try may ask, each try leaves its beacon in others', () => {
    const policy = { scoutCellsMax: 2, radiusGrowth: [1], backOff: { firstMs: 10_000, factor: 1, maxMs: 10_000 } };
    const cell = cellHarness({ policy });
    cell.request({ t: 'ask', question: newQuestion({ radiusM: 8000 }) });
    for (let tries = 1; tries < NEAR.length; tries++) cell.advance(10_000);
    expect(new Set(cellsOf(cell))).toEqual(new Set(NEAR));
    expect(cellsOf(cell)).toHaveLength(2 * NEAR.length);
  });

  it('no cell is asked once the time for it is up; what answered is used', () => {
    const cell = cellHarness({ manual: ['scout', 'reserve'] });
    cell.request({ t: 'ask', question: newQuestion({ radiusM: 8000 }) });
    cell.setNow(cell.now() + 800);
    for (let i = 0; i < 6; i++) cell.answer('scout', i === 0 ? found(candidate(bob, EAST)) : { t: 'failed' });
    expect(cell.sentOf('scout')).toHaveLength(6);
    expect(cell.sentOf('reserve')).toHaveLength(1);
  });

  it('a cell that has been divided shows who it still holds, and names its parts', () => {
    const coOwners = [`${EAST}0`, `${EAST}1`] as CellId[];
    const cell = cellHarness({
      respond: ({ request, address }) =>
        request.t === 'scout' && address.to === 'cell' && address.cell === EAST
          ? { t: 'scouted', candidates: [], beacon: false, coOwners }
          : undefined,
    });
    cell.request(wide);
    expect(cellsOf(cell)).toEqual(expect.arrayContaining(coOwners));
    expect(new Set(cellsOf(cell)).size).toBe(cellsOf(cell).length);
    expect(cell.question(qid()).phase.t).toBe('dormant');
  });
});

describe('sleeping', () => {
  it('SLEEP2 waits for the scouts, each of which leaves its beacon for longer than the sleep', () => {
    const cell = cellHarness({ manual: ['scout'] });
    cell.request(wide);
    expect(cell.question(qid()).phase).toMatchObject({ t: 'open', retryAt: cell.now() + 8800 });
    const { request } = cell.open[0] ?? {};
    expect(request?.t === 'scout' ? request.beaconMs : 0).toBeGreaterThanOrEqual(5000 + 60_000);
    while (cell.open.length > 0) {
      expect(cell.question(qid()).phase.t).toBe('open');
      cell.answer('scout', found());
    }
    expect(cell.question(qid()).phase.t).toBe('dormant');
  });

  it('SLEEP2 tries again where a cell that has people left no beacon, should all of them refuse', () => {
    let refusals = 0;
    const cell = cellHarness({
      respond: ({ request, address }) => {
        if (request.t === 'reserve') {
          refusals++;
          return { t: 'refused', reason: 'capacity' };
        }
        if (request.t !== 'scout' || address.to !== 'cell' || address.cell !== EAST) return undefined;
        const users = Array.from({ length: request.limit }, (_, i) => candidate(`u${i}` as UserId, EAST));
        const free = refusals === 0 ? users : [];
        return { t: 'scouted', candidates: free, beacon: free.length < request.limit };
      },
    });
    cell.request(wide);
    expect(refusals).toBeGreaterThan(0);
    expect(cell.question(qid()).phase.t).toBe('dormant');
    expect(cellsOf(cell).filter((one) => one === EAST)).toHaveLength(2);
  });

  it('WAKE2 a beacon does not leave out who was merely busy: they are tried when they are free', () => {
    const cell = cellHarness({
      respond: ({ request, address }) => {
        if (request.t === 'reserve') return { t: 'refused', reason: 'capacity' };
        if (request.t === 'scout' && address.to === 'cell' && address.cell === EAST) return found(candidate(bob, EAST));
        return undefined;
      },
    });
    cell.request(wide);
    for (const { request } of cell.sentOf('scout')) {
      expect(request.t === 'scout' ? request.need.excluded : []).toEqual([]);
    }
    expect(cell.question(qid()).phase.t).toBe('dormant');
  });

  it('SLEEP2 tries again where no beacon was left, a few times, before it sleeps all the same', () => {
    const cell = cellHarness({
      respond: ({ request, address }) =>
        request.t === 'scout' && address.to === 'cell' && address.cell === EAST
          ? { t: 'scouted', candidates: [], beacon: false }
          : undefined,
    });
    cell.request(wide);
    expect(cellsOf(cell).filter((one) => one === EAST)).toHaveLength(4);
    expect(cell.question(qid()).phase.t).toBe('dormant');
  });

  it('silent cells do not keep it awake', () => {
    const cell = cellHarness({ respond: ({ request }) => (request.t === 'scout' ? { t: 'failed' } : undefined) });
    cell.request(wide);
    expect(cell.question(qid()).phase.t).toBe('dormant');
  });

  it('KEEP1 LIVE1 a crash in the middle of a try loses only the wait', () => {
    const cell = cellHarness({ manual: ['scout'] });
    cell.request(wide);
    cell.restart();
    expect(cell.state().searches.size).toBe(0);
    cell.advance(8800);
    expect(cell.open.length).toBeGreaterThan(0);
    while (cell.open.length > 0) cell.answer('scout', found());
    expect(cell.question(qid()).phase.t).toBe('dormant');
  });

  it('LIVE1 a try whose answers never come is begun anew', () => {
    const cell = cellHarness({ manual: ['scout'] });
    cell.request(wide);
    const first = cell.open.length;
    cell.advance(8800);
    expect(cell.sentOf('scout')).toHaveLength(2 * first);
  });

  it('answers to a try that a move ended are for nobody', () => {
    const cell = cellHarness({ policy: { scoutCellsMax: 2 }, manual: ['scout', 'reserve'] });
    cell.request(wide);
    const old = [...cell.open];
    cell.request({ t: 'patch', id: qid(), user: ana, point: at(-300) });
    for (const send of old) cell.answer(send, found(candidate(bob, EAST)));
    expect(cell.sentOf('reserve')).toEqual([]);
    for (const send of [...cell.open]) cell.answer(send, found(candidate(bob, WEST)));
    expect(cell.sentOf('reserve')).toHaveLength(1);
  });
});
