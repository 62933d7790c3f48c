// What sleepers cost while nothing happens: beacons that are written once, tries by time within a budget, and hand-overs without a rush.
import { describe, expect, it } from 'vitest';
import {
  beginPoor,
  SCOUTS_AT_FIRST,
  SCOUTS_MAX,
  SCOUTS_PER_S_EACH,
  SCOUTS_PER_S_MAX,
  SCOUTS_PER_S_MIN,
  scoutBudget,
  takeScout,
} from '../../../src/cell/questions/scout-budget.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import type { QuestionId } from '../../../src/protocol/ids.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { answerAll, healthyMap, PARENT } from '../support/family.ts';
import { at, bob, cem, EAST, mapRow, NEAR, need, newQuestion, policyWith, qid, user } from '../support/names.ts';

const lay = (cell: CellHarness, more: Parameters<typeof need>[0] = {}, beaconMs = 600_000) =>
  cell.request({ t: 'scout', need: need(more), policy: policyWith(), limit: 5, beaconMs });
const beaconRows = (cell: CellHarness): readonly string[] => cell.rows('beacons');
/** Each is asked by somebody else: nobody may have so many open. */
const nth = (n: number, radiusM: number) =>
  ({ t: 'ask', question: newQuestion({ id: qid(n), asker: user(`asker-${n}`), radiusM }) }) as const;
const wide = (n: number) => nth(n, 8000);
const STEADY = { firstMs: 60_000, factor: 1, maxMs: 60_000 };

describe('a beacon that is found', () => {
  it('CALM1 is not written again, whatever version asks, as long as the need is the same', () => {
    const cell = cellHarness();
    lay(cell, { version: 1 });
    const before = beaconRows(cell);
    cell.advance(20_000);
    expect(lay(cell, { version: 2 }, 580_000)).toMatchObject({ beacon: true });
    expect(lay(cell, { version: 3, excluded: [bob] }, 580_000)).toMatchObject({ beacon: true });
    expect(beaconRows(cell)).toEqual(before);
    cell.ping(bob);
    expect(cell.sentOf('nudge'), 'whom it excludes by now counts all the same').toHaveLength(0);
  });

  it('CALM1 is written again when place, circle, topic or languages have changed, or it would end too soon', () => {
    const changes = [{ point: at(300) }, { radiusM: 2000 }, { topic: 'aid' }, { languages: ['de'] }];
    for (const change of changes) {
      const cell = cellHarness();
      lay(cell, { version: 1 });
      const before = beaconRows(cell);
      lay(cell, { version: 2, ...change });
      expect(beaconRows(cell)).not.toEqual(before);
    }
    const cell = cellHarness();
    lay(cell, {}, 100_000);
    const before = beaconRows(cell);
    lay(cell, {}, 600_000);
    expect(beaconRows(cell)).not.toEqual(before);
  });

  it('CALM1 lives as long as its question', () => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion({ radiusM: 3000, expiresInMs: 3_600_000 }) });
    cell.advance(600_000);
    const left = cell.sentOf('scout').map(({ request }) => (request.t === 'scout' ? request.beaconMs : 0));
    expect(left[0]).toBe(3_600_000);
    expect(Math.min(...left.map((ms) => ms ?? 0))).toBeGreaterThan(2_990_000);
  });
});

describe('the end of a question', () => {
  const asked = () => {
    const cell = cellHarness({ manual: ['dropBeacon'] });
    cell.request(wide(1));
    return cell;
  };

  it('CALM1 is told to every cell where its beacon lies, once', () => {
    const cell = asked();
    const lit = new Set(cell.sentOf('scout').map(({ address }) => JSON.stringify(address)));
    cell.request({ t: 'cancel', id: qid(1), user: null });
    const told = cell.sentOf('dropBeacon').map(({ address }) => JSON.stringify(address));
    expect(new Set(told)).toEqual(lit);
    expect(told).toHaveLength(lit.size);
    cell.advance(3_600_000);
    expect(cell.sentOf('dropBeacon')).toHaveLength(told.length);
  });

  it('CALM1 needs no word where the beacon ends with it', () => {
    const cell = asked();
    cell.advance(900_000);
    expect(cell.question(qid(1)).phase.t).toBe('expired');
    expect(cell.sentOf('dropBeacon')).toHaveLength(0);
  });

  it('CALM1 takes the beacon away, over a crash too, and a word that was lost is made up for by the next nudge', () => {
    const cell = cellHarness({ manual: ['nudge'] });
    lay(cell);
    cell.request({ t: 'dropBeacon', questionId: qid(1, EAST) });
    cell.restart();
    expect(beaconRows(cell)).toEqual([]);
    cell.ping(bob);
    expect(cell.sentOf('nudge')).toHaveLength(0);
    lay(cell);
    expect(cell.sentOf('nudge')).toHaveLength(0);
    cell.ping(cem);
    cell.answer('nudge', { t: 'gone' });
    expect(beaconRows(cell)).toEqual([]);
  });
});

describe('tries by time', () => {
  it('CALM2 have a budget that fills again, and never more than its most', () => {
    const budget = scoutBudget();
    const now = epochMs(1_000_000);
    const spent = (at: number, sleepers = 1000): number => {
      let n = 0;
      while (takeScout(budget, sleepers, epochMs(at))) n++;
      return n;
    };
    expect(spent(now), 'a cell that has come to memory').toBe(SCOUTS_AT_FIRST);
    expect(spent(now + 1000)).toBe(SCOUTS_PER_S_MAX);
    expect(spent(now + 3_600_000)).toBe(SCOUTS_MAX);
    expect(spent(now), 'a clock that went back').toBe(0);
    const later = now + 3_600_000;
    expect(spent(later)).toBe(SCOUTS_MAX);
    expect(spent(later + 8000, 1), 'one sleeper alone').toBe(8 * SCOUTS_PER_S_MIN);
    expect(spent(later + 11_000, 60), 'each has its share').toBe(3 * 60 * SCOUTS_PER_S_EACH);
    beginPoor(budget, epochMs(later + 3_600_000));
    expect(spent(later + 3_600_000), 'a part of a cell').toBe(0);
  });

  it('CALM2 send no more scouts than that, however many sleep; a question that is asked is not held back', () => {
    const cell = cellHarness({ policy: { backOff: STEADY, question: { ttlDefaultMs: 86_400_000 } } });
    for (let n = 1; n <= 100; n++) cell.request(wide(n));
    const asked = cell.sentOf('scout').length;
    expect(asked).toBeGreaterThanOrEqual(100 * NEAR.length);
    cell.advance(59_000);
    expect(cell.sentOf('scout')).toHaveLength(asked);
    const seconds = 14;
    cell.advance(seconds * 1000);
    for (let n = 1; n <= 100; n++) expect(cell.question(qid(n)).stage, `question ${n} was tried`).toBeGreaterThan(1);
    expect(cell.sentOf('scout').length - asked).toBeLessThanOrEqual(SCOUTS_MAX + SCOUTS_PER_S_MAX * seconds);
    cell.request(wide(201));
    expect(cell.sentOf('scout').at(-1)?.request).toMatchObject({ need: { questionId: qid(201) } });
  });

  it('CALM2 LOAD8 that look farther have no budget, and go after the calls of users as all of them do', () => {
    const cell = cellHarness({ policy: { backOff: STEADY, radiusGrowth: [1, 2], radiusStepsM: [500, 8000] } });
    for (let n = 1; n <= 30; n++) cell.request(nth(n, 3000));
    expect(
      cell.sentOf('scout').some(({ background }) => background),
      'somebody waits',
    ).toBe(false);
    cell.sent.length = 0;
    cell.advance(80_000);
    const scouts = cell.sentOf('scout');
    expect(scouts.length).toBe(30 * NEAR.length);
    expect(scouts.every(({ background }) => background)).toBe(true);
  });

  it('CALM2 go first where no beacon is known to lie', () => {
    let dark: string | undefined;
    const cell = cellHarness({
      policy: { backOff: STEADY, radiusGrowth: [1] },
      respond: ({ request, address }) =>
        request.t === 'scout' && address.to === 'cell' && address.cell === dark ? { t: 'failed' } : undefined,
    });
    cell.request(wide(1));
    const nearest = cell.sentOf('scout').map(({ address }) => (address.to === 'cell' ? address.cell : ''));
    dark = nearest.at(-1);
    cell.request(wide(2));
    cell.sent.length = 0;
    cell.advance(80_000);
    const order = (id: QuestionId) =>
      cell.sentOf('scout').flatMap(({ request, address }) => {
        const isOf = request.t === 'scout' && request.need.questionId === id;
        return isOf && address.to === 'cell' ? [address.cell] : [];
      });
    expect(order(qid(2))[0]).toBe(dark);
  });

  it('CALM2 of those that sleep long are spread, and none is early', () => {
    const cell = cellHarness({ policy: { backOff: STEADY } });
    for (let n = 1; n <= 50; n++) cell.request(nth(n, 500));
    const sleeps = Array.from({ length: 50 }, (_, i) => {
      const { phase } = cell.question(qid(i + 1));
      return phase.t === 'dormant' ? phase.wakeAt - cell.now() : 0;
    });
    expect(Math.min(...sleeps)).toBeGreaterThanOrEqual(STEADY.maxMs);
    expect(Math.max(...sleeps)).toBeLessThanOrEqual(1.2 * STEADY.maxMs);
    expect(new Set(sleeps.map((ms) => Math.floor(ms / 1000))).size).toBeGreaterThanOrEqual(8);
  });
});

describe('a hand-over of sleepers', () => {
  const SLEEPERS = 30;
  const SLOW = { backOff: { firstMs: 3_600_000, maxMs: 3_600_000 } };
  const divided = () => {
    const cell = cellHarness({ policy: SLOW, manual: ['init', 'rows', 'swap', 'adopt', 'filled', 'deliver'] });
    for (let n = 1; n <= SLEEPERS; n++) cell.request(wide(n));
    cell.request({ t: 'split' });
    answerAll(cell, healthyMap);
    return cell;
  };

  it('CALM3 tells each part of what the questions of the others need, and not of its own', () => {
    const cell = divided();
    for (let send = cell.open.find(({ request }) => request.t === 'adopt'); send !== undefined; ) {
      cell.answer(send, { t: 'done' });
      send = cell.open.find(({ request }) => request.t === 'adopt');
    }
    for (let send = cell.open.find(({ request }) => request.t === 'filled'); send !== undefined; ) {
      cell.answer(send, { t: 'done' });
      send = cell.open.find(({ request }) => request.t === 'filled');
    }
    const heir = cell.sentOf('adopt').map(({ address }) => (address.to === 'cell' ? address.cell : ''))[0];
    const told = cell.sentOf('filled').map(({ request, address }) => ({
      cell: address.to === 'cell' ? address.cell : '',
      beacons: request.t === 'filled' ? request.beacons.map(({ need: { questionId } }) => questionId) : [],
    }));
    expect(told).toHaveLength(32);
    for (const { cell: part, beacons } of told) expect(new Set(beacons).size, part).toBe(part === heir ? 0 : SLEEPERS);
  });

  it('CALM3 wakes what it adopted asleep within half a minute, not all at once, and calls nobody before', () => {
    const [parcel] = divided().sentOf('adopt');
    const questions = parcel?.request.t === 'adopt' ? parcel.request.questions : [];
    expect(questions).toHaveLength(20);
    const cell = cellHarness({ uninitialised: true, policy: SLOW });
    const op = { by: PARENT, n: 3 };
    cell.request({ t: 'init', op, from: PARENT, mapRow: mapRow() });
    cell.setNow(cell.now() + 1);
    cell.request({ t: 'adopt', op, from: PARENT, questions });
    expect(cell.sentOf('scout')).toHaveLength(0);
    cell.restart();
    cell.advance(15_000);
    const soon = cell.sentOf('scout').length;
    expect(soon).toBeGreaterThan(0);
    cell.advance(15_000);
    expect(cell.sentOf('scout').length).toBeGreaterThan(soon);
    for (const question of cell.state().questions.values()) expect(question.stage).toBeGreaterThan(1);
  });
});
