// A cell over its limits: slower pings first, then one piece of work for many points, then no newcomers, then no questions.
import { describe, expect, it } from 'vitest';
import { count, countLess, eventsPerS, meter } from '../../../src/cell/backpressure/meter.ts';
import {
  COALESCE_ABOVE,
  pingEveryMs,
  REFUSE_ASKS_ABOVE,
  REFUSE_OFFERS_ABOVE,
  REFUSE_PINGS_ABOVE,
  retryAfterS,
  STRETCH_ABOVE,
  strainNow,
  strainOf,
} from '../../../src/cell/backpressure/pressure.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import { DEFAULT_POLICY } from '../../../src/matching/policy.ts';
import type { CellReply, CellRequest } from '../../../src/messages/calls.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, cem, newQuestion, qid, START, user } from '../support/names.ts';

// What a cell that cannot be split does: one that can be is split first.
const LIMITS = { ...DEFAULT_POLICY.limits, autoSplit: false };

it('LOAD2 LOAD3 LOAD4 LOAD5 the order of refusal: slower pings, one work for many, pings, questions, answers', () => {
  const order = [STRETCH_ABOVE, COALESCE_ABOVE, REFUSE_PINGS_ABOVE, REFUSE_ASKS_ABOVE, REFUSE_OFFERS_ABOVE];
  expect(order).toEqual([0.75, 1, 1.5, 2.5, 3]);
});

describe('strain', () => {
  it.each([
    [{ eventsPerS: 100, stepMs: 0.1 }, 0.5],
    [{ eventsPerS: 200, stepMs: 2 }, 1],
    [{ eventsPerS: 50, stepMs: 8 }, 1],
    [{ eventsPerS: 0.1, stepMs: 50 }, 0.0125],
  ])('LOAD2 of %j is %d: events, or the time they take, and not the mean step of a quiet cell', (load, strain) => {
    expect(strainOf(load, LIMITS)).toBeCloseTo(strain, 9);
  });

  it('LOAD2 never falls as either rises', () => {
    const steps = [0, 0.5, 1, 5, 20, 100, 400];
    for (const events of steps)
      for (const step of steps) {
        const here = strainOf({ eventsPerS: events, stepMs: step }, LIMITS);
        expect(strainOf({ eventsPerS: events + 1, stepMs: step }, LIMITS)).toBeGreaterThanOrEqual(here);
        expect(strainOf({ eventsPerS: events, stepMs: step + 1 }, LIMITS)).toBeGreaterThanOrEqual(here);
      }
  });

  it('LOAD2 counts a refused ping as a quarter of an event', () => {
    const [taken, refused] = [meter(), meter()];
    for (let ms = 0; ms < 300_000; ms += 20) {
      count(taken, epochMs(START + ms));
      countLess(refused);
      count(refused, epochMs(START + ms));
    }
    const end = epochMs(START + 300_000);
    expect(eventsPerS(refused, end) / eventsPerS(taken, end)).toBeCloseTo(0.25, 5);
  });
});

describe('the interval that clients are told', () => {
  const every = (strain: number, ttlMs = 120_000, users = 0): number =>
    pingEveryMs(strain, users, ttlMs, DEFAULT_POLICY) / 1000;

  it.each([
    [0, 10],
    [STRETCH_ABOVE, 10],
    [0.8, 16],
    [0.875, 25],
    [1, 40],
    [50, 40],
  ])('LOAD2 at %d is %d s', (strain, s) => {
    expect(every(strain)).toBeCloseTo(s, 9);
  });

  it.each([
    [30_000, 10],
    [10_000, 10 / 3],
    [3_600_000, 100],
  ])('LOAD2 keeps a lease of %d ms and its point alive: at most %d s', (ttlMs, s) => {
    expect(every(9, ttlMs)).toBeCloseTo(s, 9);
    expect(every(0, ttlMs)).toBeLessThanOrEqual(s);
  });

  it.each([
    [1500, 10],
    [3000, 20],
    [9000, 40],
  ])('LOAD2 of %d users, who would be too many at the usual pace, is %d s before they are felt', (users, s) => {
    expect(every(0, 120_000, users)).toBeCloseTo(s, 9);
  });

  it('LOAD2 never falls as the strain rises', () => {
    for (let strain = 0; strain < 3; strain += 0.01) expect(every(strain + 0.01)).toBeGreaterThanOrEqual(every(strain));
  });
});

it.each([
  [1.6, 1.5, 2],
  [3, 1.5, 21],
  [3000, 1.5, 120],
])('LOAD4 at %d what is refused above %d may come again after %d s', (strain, above, s) => {
  expect(retryAfterS(strain, above)).toBe(s);
});

/** Limits of one event a second: a strain of 1 is two. */
const TIGHT = { limits: { ...LIMITS, eventsPerS: 1 } };

/** Puts the cell under just this strain, by what it carries and not by what it does. */
function strain(cell: CellHarness, to: number): void {
  const known = cell.state().meter;
  Object.assign(known, { eventsPerS: to * 2, workPerS: 0, at: cell.now() });
  expect(strainNow(cell.state(), cell.now())).toBeCloseTo(to, 5);
}

const everyOf = (reply: CellReply): number => (reply.t === 'present' ? reply.view.pingEveryS : Number.NaN);

describe('a cell under pressure', () => {
  it('LOAD2 tells each client when to ping next, and returns to the usual', () => {
    const cell = cellHarness({ policy: TIGHT });
    expect(everyOf(cell.connect(bob))).toBe(10);
    strain(cell, 0.9);
    expect(everyOf(cell.ping(bob, { seq: 1 }, true))).toBeGreaterThan(25);
    cell.advance(60_000);
    expect(everyOf(cell.ping(bob, { seq: 2 }, true))).toBe(10);
  });

  it('LOAD3 works many points of one user off once: no row, no search, and the newest point counts at once', () => {
    const cell = cellHarness({ policy: TIGHT });
    cell.ping(bob);
    cell.advance(1000);
    strain(cell, COALESCE_ABOVE + 0.1);
    cell.ping(bob, { point: at(50), seq: 1 });
    const rows = cell.store.rowsWritten();
    const promised = cell.resident(bob)?.leaseUntil;
    for (let i = 2; i < 30; i++) {
      cell.advance(100);
      strain(cell, COALESCE_ABOVE + 0.1);
      expect(cell.ping(bob, { point: at(50 + i), seq: i })).toMatchObject({
        t: 'present',
        view: { expiresAt: new Date(promised ?? 0).toISOString() },
      });
    }
    expect(cell.store.rowsWritten() - rows).toBe(0);
    expect(cell.resident(bob)).toMatchObject({ point: at(79), seq: 29 });
    cell.advance(10_000);
    cell.request({ t: 'load' });
    // One row for all of them, and nothing that was promised beyond it.
    expect(cell.rows('users')[0]).toContain(`"seq":29`);
    cell.restart();
    expect(cell.resident(bob)).toMatchObject({ point: at(79), leaseUntil: promised });
  });

  it('LOAD3 an arrival that was put off is tried when its turn comes', () => {
    // The question does not look around by itself meanwhile.
    const cell = cellHarness({ policy: { ...TIGHT, backOff: { firstMs: 60_000 } } });
    cell.connect(bob, { point: at(1900) });
    cell.request({ t: 'ask', question: newQuestion({ point: at(-300), radiusM: 500 }) });
    expect(cell.question(qid()).phase.t).toBe('dormant');
    strain(cell, COALESCE_ABOVE + 0.1);
    cell.ping(bob, { point: at(1800), seq: 1 }, true);
    cell.ping(bob, { point: at(-300), seq: 2 }, true);
    expect(cell.sentOf('deliver').some((send) => send.address.to === 'user' && send.address.user === bob)).toBe(false);
    cell.setNow(cell.now() + 10_000);
    cell.request({ t: 'load' });
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
  });

  it('LOAD3 what was put off is done at the turn, though the cell is under pressure still', () => {
    const cell = cellHarness({ policy: { ...TIGHT, backOff: { firstMs: 60_000 } } });
    cell.connect(bob, { point: at(1900) });
    cell.request({ t: 'ask', question: newQuestion({ point: at(-300), radiusM: 500 }) });
    strain(cell, COALESCE_ABOVE + 0.1);
    cell.ping(bob, { point: at(1800), seq: 1 }, true);
    cell.ping(bob, { point: at(-300), seq: 2 }, true);
    cell.setNow(cell.now() + 10_000);
    strain(cell, COALESCE_ABOVE + 0.5);
    cell.request({ t: 'load' });
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
  });

  it('LOAD3 what changes more than the point is never put off', () => {
    const cell = cellHarness({ policy: TIGHT });
    cell.ping(bob);
    strain(cell, COALESCE_ABOVE + 0.1);
    cell.ping(bob, { point: at(50) });
    const rows = cell.store.rowsWritten();
    cell.ping(bob, { point: at(90), profile: { topics: ['food'] } });
    expect(cell.store.rowsWritten() - rows).toBe(1);
  });

  it('LOAD4 refuses newcomers, and of those who are here what comes before its time; their leases hold', () => {
    const cell = cellHarness({ policy: TIGHT });
    cell.connect(bob);
    cell.ping(cem);
    const lease = cell.resident(cem)?.leaseUntil;
    cell.advance(5000);
    strain(cell, REFUSE_PINGS_ABOVE + 0.1);
    const refused = { t: 'problem', code: 'busy', retryAfterS: expect.any(Number) };
    expect(cell.ping(ana)).toEqual({ ...refused, detail: expect.any(String), retryAfterS: 10 });
    expect(cell.connect(user('newcomer'))).toMatchObject(refused);
    expect(cell.sentOf('claim')).toHaveLength(2);
    strain(cell, REFUSE_PINGS_ABOVE + 0.1);
    expect(cell.ping(cem, { seq: 1 })).toMatchObject({ ...refused, retryAfterS: 35 });
    expect(cell.ping(bob, { seq: 1 }, true)).toMatchObject({ ...refused, retryAfterS: 35 });
    expect(cell.resident(cem)).toMatchObject({ phase: 'live', leaseUntil: lease });
    cell.advance(35_000);
    strain(cell, REFUSE_PINGS_ABOVE + 0.1);
    expect(cell.ping(bob, { seq: 2 }, true).t).toBe('present');
    expect(cell.ping(cem, { seq: 2 }).t).toBe('present');
    strain(cell, REFUSE_PINGS_ABOVE);
    expect(cell.ping(ana).t).toBe('present');
  });

  it('LOAD4 takes the first ping of a socket that came back, and of another device', () => {
    const cell = cellHarness({ policy: TIGHT });
    cell.connect(bob);
    strain(cell, REFUSE_PINGS_ABOVE + 0.1);
    expect(cell.ping(bob, { seq: 1 }, true).t).toBe('problem');
    cell.step({ t: 'socket_lost', user: bob });
    expect(cell.connect(bob, { seq: 2 }).t).toBe('present');
    strain(cell, REFUSE_PINGS_ABOVE + 0.1);
    expect(cell.ping(bob, { session: 'other' }).t).toBe('present');
  });

  it.each([
    ['ask', REFUSE_ASKS_ABOVE, (): CellRequest => ({ t: 'ask', question: newQuestion({ id: qid(2) }) })],
    ['patch', REFUSE_ASKS_ABOVE, (): CellRequest => ({ t: 'patch', id: qid(), user: ana, point: at(100) })],
    ['decline', REFUSE_OFFERS_ABOVE, (c: CellHarness): CellRequest => offerCall(c, 'decline')],
    ['accept', REFUSE_OFFERS_ABOVE, (c: CellHarness): CellRequest => offerCall(c, 'accept')],
    ['answer', REFUSE_OFFERS_ABOVE, (c: CellHarness): CellRequest => ({ ...offerCall(c, 'answer'), text: 'x' })],
  ] as const)('LOAD5 takes %s up to a strain of %d and refuses it above', (_, above, make) => {
    const cell = cellHarness({ policy: TIGHT });
    cell.ping(bob);
    cell.request({ t: 'ask', question: newQuestion() });
    const request = make(cell);
    strain(cell, above + 0.01);
    const rows = cell.store.rowsWritten();
    expect(cell.request(request)).toMatchObject({ t: 'problem', code: 'busy', retryAfterS: 2 });
    expect(cell.store.rowsWritten() - rows).toBe(0);
    strain(cell, above);
    expect(cell.request(request)).not.toMatchObject({ code: 'busy' });
  });

  it('LOAD5 refuses no cancel, no leave, no read, no retry of a question that is known, and no object', () => {
    const cell = cellHarness({ policy: TIGHT });
    cell.ping(bob);
    const question = newQuestion();
    cell.request({ t: 'ask', question });
    const offerId = cell.offerOf(qid(), bob);
    const calls: readonly CellRequest[] = [
      { t: 'ask', question },
      { t: 'question', id: qid(), user: ana },
      { t: 'load' },
      { t: 'state', offerId, user: bob },
      { t: 'push', user: bob, events: [] },
      { t: 'release', offerId, user: bob },
      { t: 'cancel', id: qid(), user: ana },
      { t: 'recall', user: bob, epoch: 1, order: 1, leave: {} },
      { t: 'recall', user: bob, epoch: 1 },
      { t: 'forget', user: bob, epoch: 1 },
    ];
    for (const call of calls) {
      strain(cell, 1000);
      expect([call.t, cell.request(call)]).toEqual([call.t, expect.not.objectContaining({ t: 'problem' })]);
    }
  });
});

const offerCall = <T extends 'accept' | 'decline' | 'answer'>(cell: CellHarness, t: T) => ({
  t,
  offerId: cell.offerOf(qid(), bob),
  user: bob,
});
