// What the shipping steps cost in the simulated world, counted: calls between cells, rows for each transition, and the work of
// a crowd that arrives where thousands of questions sleep.

import { describe, expect, it } from 'vitest';
import type { Checker, Violation } from '../../sim/checkers/checker.ts';
import { filterChecker } from '../../sim/checkers/filters.ts';
import { oneChecker } from '../../sim/checkers/one.ts';
import { ownChecker } from '../../sim/checkers/own.ts';
import { wakeChecker } from '../../sim/checkers/wake.ts';
import { newLedger } from '../../sim/ledger.ts';
import { anywhereIn } from '../../sim/map.ts';
import type { World } from '../../sim/world.ts';
import { wasMade } from '../../src/cell/tables/offers.ts';
import { minDistanceToBoundsM } from '../../src/geo/distance.ts';
import { center, decode, neighbors } from '../../src/geo/geohash.ts';
import type { Point } from '../../src/geo/point.ts';
import { shifted } from '../../src/geo/shifted.ts';
import { prng } from '../../src/lib/prng.ts';
import type { CellId, QuestionId, UserId } from '../../src/protocol/ids.ts';
import { MARGIN_M } from '../../src/protocol/limits.ts';
import { counted, HERE, POLICY, snapped } from './counted.ts';

/** So many metres east and north of the centre of a cell. */
function at(eastM: number, northM: number, cell: string = HERE): Point {
  return shifted(center(cell), northM, eastM);
}

describe('calls', () => {
  it('MATCH2 a question matched in its own cell costs one cell call on its path, and no other cell hears of it', () => {
    const { world, run, arrive, ask, question } = counted();
    for (let i = 0; i < 5; i++) arrive(`near${i}`, at(40 * i, 40));
    arrive('elsewhere', at(0, 0, neighbors(HERE).e));
    run(5000);
    world.calls.length = 0;
    let onPath: readonly string[] = [];
    const id = ask(at(0, 0), {}, () => {
      onPath = world.calls.filter(({ to }) => world.cells.has(to as CellId)).map(({ to }) => to);
    });
    run(100);
    expect(onPath).toEqual([HERE]);
    run(3000);
    expect(question(id).offers.map(({ user }) => user)).toEqual(['near0', 'near1']);
    // Whom this cell holds it tells in the same step. The asker is nowhere: their UserObject has the record.
    expect(world.calls.map(({ request, to }) => [request.t, to])).toEqual([
      ['ask', HERE],
      ['deliver', 'asker'],
    ]);
  });

  it('MATCH2 one that spills: at most one scout for each touched cell, and one reserve for each winner', () => {
    const draw = prng(11);
    const { world, run, arrive, ask, cancel, question } = counted({ policy: { ...POLICY, scoutCellsMax: 32 } });
    const anywhere = (): Point => anywhereIn(world.map.box, draw);
    for (let i = 0; i < 400; i++) arrive(`user${i}`, anywhere(), 3);
    run(10_000);
    let spilled = 0;
    for (let n = 0; n < 200; n++) {
      world.calls.length = 0;
      const point = snapped(anywhere());
      const radiusM = draw.pick([600, 1200, 2400]);
      const id = ask(point, { radiusM });
      run(700);
      const home = world.map.leafOf(point);
      const touched = world.map.cells.filter(
        (cell) => cell !== home && minDistanceToBoundsM(point, decode(cell)) <= radiusM + MARGIN_M,
      );
      const scouts = world
        .of('scout')
        .filter(({ request }) => request.t === 'scout' && request.need.questionId === id)
        .map(({ to }) => to);
      expect(new Set(scouts).size).toBe(scouts.length);
      expect(touched).toEqual(expect.arrayContaining(scouts));
      const made = question(id).offers.filter(wasMade);
      const winners = made.filter(({ cell }) => cell !== home).map(({ cell, id: offer }) => `${cell} ${offer}`);
      const reserves = world
        .of('reserve')
        .map(({ to, request }) => `${to} ${request.t === 'reserve' ? request.offerId : ''}`);
      expect(reserves.sort()).toEqual(winners.sort());
      if (winners.length > 0) spilled++;
      cancel(id);
      run(300);
    }
    expect(spilled).toBeGreaterThan(20);
  });

  it('LIVE1 MATCH2 a neighbour that never answers: the best of the rest is asked within the time for scouts', () => {
    const { world, run, arrive, ask, question } = counted();
    const [e, n] = [neighbors(HERE).e, neighbors(HERE).n] as [CellId, CellId];
    const box = decode(HERE);
    const corner = { lat: box.maxLat - 0.0005, lng: box.maxLng - 0.0005 };
    arrive('silent', { lat: corner.lat, lng: corner.lng + 0.001 });
    arrive('best', { lat: corner.lat + 0.001, lng: corner.lng });
    arrive('second', { lat: corner.lat - 0.002, lng: corner.lng });
    arrive('third', { lat: corner.lat + 0.004, lng: corner.lng });
    run(5000);
    expect([...(world.cells.get(e)?.state?.users.keys() ?? [])]).toEqual(['silent']);
    expect([...(world.cells.get(n)?.state?.users.keys() ?? [])].sort()).toEqual(['best', 'third']);
    world.silent.add(e);
    const from = world.now;
    const id = ask(corner, { radiusM: 600 });
    run(5000);
    expect(question(id).offers.map(({ user }) => user)).toEqual(['best', 'second']);
    const madeAt = Math.max(
      ...question(id).offers.map((offer) => (wasMade(offer) ? offer.madeAt : Number.POSITIVE_INFINITY) - from),
    );
    const { scoutTimeMs } = world.map.policy;
    expect(madeAt).toBeGreaterThan(scoutTimeMs - 100);
    expect(madeAt).toBeLessThan(scoutTimeMs + 100);
    expect(world.of('scout').filter(({ to }) => to === e)).toHaveLength(1);
  });
});

describe('rows', () => {
  it('MATCH2 JRN1 ask, two offers, accept, answer: exactly these, in each object', () => {
    const { run, arrive, ask, verb, written, question } = counted();
    arrive('bob', at(30, 0));
    arrive('cem', at(60, 0));
    run(5000);
    written();

    const id = ask(at(0, 0));
    run(3000);
    expect(written()).toEqual({
      [HERE]: 'alarm 1, questions 1, users 2',
      asker: 'alarm 1, meta 1',
    });
    const [offer] = question(id).offers;
    if (offer === undefined) throw new Error('no offer');
    expect(offer.user).toBe('bob');

    verb({ t: 'accept', offerId: offer.id, user: offer.user });
    run(3000);
    expect(written()).toEqual({ [HERE]: 'questions 1, users 2', asker: 'meta 1' });

    verb({ t: 'answer', offerId: offer.id, user: offer.user, text: 'there' });
    run(3000);
    // The question's second row says that nothing is owed any more: it may go when its day is over.
    expect(written()).toEqual({ [HERE]: 'questions 2, users 1', asker: 'meta 1' });
  });

  it('MATCH2 JRN1 an offer in another cell costs one row there for its slot, and one when it is made', () => {
    const { run, arrive, ask, written, question } = counted();
    const e = neighbors(HERE).e as CellId;
    const border = { lat: center(HERE).lat, lng: decode(HERE).maxLng - 0.0005 };
    arrive('bob', { lat: border.lat, lng: border.lng + 0.001 });
    arrive('cem', { lat: border.lat, lng: border.lng + 0.002 });
    arrive('dee', at(0, 0));
    run(5000);
    written();
    const id = ask(border);
    run(3000);
    expect(question(id).offers.map(({ user, cell }) => `${user} ${cell}`)).toEqual([`bob ${e}`, `cem ${e}`]);
    // The question: asked, both attempts, and each offer as it is made.
    expect(written()).toEqual({
      [HERE]: 'alarm 1, questions 4',
      [e]: 'alarm 1, users 4',
      asker: 'alarm 1, meta 1',
    });
  });
});

describe('a crowd', () => {
  it('WAKE2 ONE2 RULE1 10,000 questions asleep in one cell, and all their people at once: all are tried, with bounded work', {
    timeout: 120_000,
  }, () => {
    const violations: Violation[] = [];
    const report = (rule: string, what: string): void => void violations.push({ rule, what, atMs: 0 });
    const checkers: Checker[] = [];
    const policy = {
      ...POLICY,
      offers: { ttlMs: 3_600_000, spare: 0, max: 40 },
      backOff: { firstMs: 3_600_000, factor: 1, maxMs: 3_600_000 },
      question: { ttlDefaultMs: 7_200_000, ttlMaxMs: 7_200_000, openMax: ASLEEP },
    };
    const { world, run, arrive, ask, question } = counted({ cells: 1, policy, checkers });
    const context = { world, ledger: newLedger(), report };
    checkers.push(
      ownChecker(context),
      oneChecker(() => PER_HEAD)(context),
      filterChecker(context),
      wakeChecker(context),
    );
    const draw = prng(3);
    const places = Array.from({ length: PLACES }, () => at(draw.below(1000) - 500, draw.below(1000) - 500));
    const asked = Array.from({ length: ASLEEP }, (_, n) =>
      ask(places[n % PLACES] as Point, {
        asker: `asker${n % 100}` as UserId,
        radiusM: 2400,
        ...(n % 2 === 0 ? { topic: 'food' } : {}),
      }),
    );
    run(60_000);
    for (const id of asked) expect(question(id).phase.t).toBe('dormant');
    const looks = countLooks(world);
    const before = { ...world.stats };
    for (let i = 0; i < ASLEEP / PER_HEAD; i++) arrive(`user${i}`, places[i % PLACES] as Point, PER_HEAD);
    run(60_000);
    for (const id of asked) expect(question(id).offers.map(({ state }) => state)).toEqual(['pending']);
    for (const checker of checkers) checker.healed?.();
    expect(violations).toEqual([]);
    // Each arrival is held against each group of alike needs, for as many of its questions as there are slots; then each
    // question is stored once and told to two people.
    const people = ASLEEP / PER_HEAD;
    const groups = 2 * PLACES;
    expect(looks()).toBeLessThan(people * groups * PER_HEAD + 10 * ASLEEP);
    expect(world.stats.events - before.events).toBeLessThan(3 * ASLEEP);
    expect(world.stats.rows - before.rows).toBeLessThan(4 * ASLEEP);
    expect(world.stats.cellCalls - before.cellCalls).toBeLessThan(ASLEEP);
  });
});

const ASLEEP = 10_000;
const PLACES = 25;
const PER_HEAD = 20;

/** Counts how often a question is looked up in the cell's memory: once at least for each that is held against somebody. */
function countLooks(world: World): () => number {
  let looks = 0;
  const state = world.cells.get(HERE)?.state;
  if (state === undefined) throw new Error('no cell');
  const { get } = state.questions;
  Object.assign(state.questions, {
    get: (id: QuestionId) => {
      looks++;
      return get(id);
    },
  });
  return () => looks;
}
