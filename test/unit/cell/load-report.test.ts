// What a cell tells ops of its own accord, how seldom, and what it sees coming.
import { describe, expect, it } from 'vitest';
import type { Effects } from '../../../src/engine/effects.ts';
import { DEFAULT_POLICY } from '../../../src/matching/policy.ts';
import type { CellRequest } from '../../../src/messages/calls.ts';
import type { CellLoad } from '../../../src/protocol/status.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { PARENT } from '../support/family.ts';
import { bob, mapRow, newQuestion, ping, START, user } from '../support/names.ts';

/** 200 users, or 20 events a second, are all that the cell can carry. */
const SMALL = { limits: { ...DEFAULT_POLICY.limits, users: 100, eventsPerS: 10 } };
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

let token = 1_000_000;

/** One event of somebody, with what it tells. */
function tick(cell: CellHarness, who = bob): Effects {
  token += 1;
  return cell.step({
    t: 'request',
    envelope: { request: { t: 'presence', user: who, ping: ping(undefined, { ttlMs: HOUR_MS }) } },
    token,
    socket: true,
  });
}

function loadOf(cell: CellHarness): CellLoad {
  const reply = cell.request({ t: 'load' });
  if (reply.t !== 'load') throw new Error(`the cell answered ${reply.t}`);
  return reply;
}

/** What it tells in so many minutes with an event every second, by the second of telling. */
function told(cell: CellHarness, minutes: number, before: (second: number) => void = () => {}): [number, number][] {
  const seen: [number, number][] = [];
  for (let s = 0; s < minutes * 60; s++) {
    cell.setNow(cell.now() + 1000);
    before(s);
    const { load } = tick(cell);
    if (load !== undefined) seen.push([Math.round((cell.now() - START) / 1000), load.users]);
  }
  return seen;
}

describe('OPS1: a cell tells what it carries', () => {
  it('not in its first minute, then when there is something to tell, then once an hour', () => {
    const cell = cellHarness({ checked: false });
    const seen = told(cell, 180);
    expect(seen.map(([, users]) => users)).toEqual([1, 1, 1]);
    expect(seen[0]?.[0]).toBe(60);
    expect((seen[1]?.[0] ?? 0) - (seen[0]?.[0] ?? 0)).toBe(3600);
  });

  it('never from an object that sleeps between pings, and not when nobody is there', () => {
    const cell = cellHarness();
    cell.connect(bob);
    for (let i = 0; i < 60; i++) {
      cell.setNow(cell.now() + 50_000);
      cell.restart();
      expect(tick(cell).load).toBeUndefined();
    }
    const empty = cellHarness();
    empty.setNow(empty.now() + 5 * MINUTE_MS);
    expect(empty.step({ t: 'alarm' }).load).toBeUndefined();
  });

  it('at most once a minute, however its load swings, and with no row of its own', () => {
    const cell = cellHarness({ policy: SMALL, checked: false });
    told(cell, 5);
    const rows = cell.store.rowsWritten();
    const seen = told(cell, 30, (second) => {
      const { meter } = cell.state();
      Object.assign(meter, { eventsPerS: second % 2 === 0 ? 19 : 1, at: cell.now() });
    });
    expect(seen.length).toBeLessThanOrEqual(30);
    expect(seen.length).toBeGreaterThan(10);
    for (const [i, [at]] of seen.entries()) expect(at - (seen[i - 1]?.[0] ?? 0)).toBeGreaterThanOrEqual(60);
    expect(cell.store.rowsWritten()).toBe(rows);
  });

  it('says when the last person has gone', () => {
    const cell = cellHarness({ policy: SMALL });
    told(cell, 15);
    cell.request({ t: 'recall', user: bob, epoch: 1, leave: {} });
    cell.request({ t: 'forget', user: bob, epoch: 1, left: true });
    cell.setNow(cell.now() + 15 * MINUTE_MS);
    expect(cell.step({ t: 'alarm' }).load).toMatchObject({ users: 0 });
  });
});

describe('OPS1: a part of a cell that was divided', () => {
  const op = { by: PARENT, n: 3 };
  const from = { op, from: PARENT };

  /** Being filled, with so many people who came by themselves. */
  function filling(people: number): CellHarness {
    const cell = cellHarness({ uninitialised: true });
    cell.request({ t: 'init', ...from, mapRow: mapRow() });
    for (let n = 0; n < people; n++) cell.ping(user(`u${n}`), { ttlMs: HOUR_MS });
    return cell;
  }

  /** What it tells when it hears that everything is here, and then that everybody is. */
  function filled(cell: CellHarness): readonly (CellLoad | undefined)[] {
    token += 2;
    const hear = (request: CellRequest, n: number) =>
      cell.step({ t: 'request', envelope: { request }, token: token - n });
    return [hear({ t: 'filled', ...from, beacons: [] }, 1).load, hear({ t: 'handed', ...from }, 0).load];
  }

  it('tells once that everybody is there, and then like any other', () => {
    const cell = filling(3);
    cell.setNow(cell.now() + 8000);
    expect(filled(cell)).toMatchObject([undefined, { users: 3, life: 'leaf' }]);
    expect(filled(cell)).toEqual([undefined, undefined]);
    expect(told(cell, 30)).toEqual([]);
  });

  it('tells nothing when nobody is there', () => {
    expect(filled(filling(0))).toEqual([undefined, undefined]);
  });

  it('tells so too when its object was thrown away meanwhile', () => {
    const cell = filling(3);
    cell.request({ t: 'filled', ...from, beacons: [] });
    cell.restart();
    expect(
      cell.step({ t: 'request', envelope: { request: { t: 'handed', ...from } }, token: ++token }).load,
    ).toMatchObject({
      users: 3,
    });
  });

  it('tells nothing more once it is not a leaf, and what it carries when it is one again', () => {
    const cell = filling(1);
    filled(cell);
    const next = { by: PARENT, n: 4 };
    cell.request({ t: 'retire', op: next, to: [PARENT] });
    expect(told(cell, 90)).toEqual([]);
    expect(cell.state().lastReport.band).toBe(0);
  });
});

describe('the load that a cell shows', () => {
  it('OPS1 sees when it will be hot by its present trend: events that rise steadily', () => {
    const cell = cellHarness({ policy: SMALL, checked: false });
    cell.connect(bob);
    // From nothing, 1.2 a second more each minute: 20 a second after about 17 minutes.
    let owed = 0;
    for (let s = 0; s < 600; s++) {
      owed += (1.2 * s) / 60;
      for (; owed >= 1; owed--) {
        cell.setNow(START + s * 1000);
        tick(cell);
      }
    }
    const { used, hotInS } = loadOf(cell);
    expect(used).toBeGreaterThan(0.5);
    expect(used).toBeLessThan(0.6);
    // 400 s by the calculation.
    expect(hotInS).toBeGreaterThan(300);
    expect(hotInS).toBeLessThan(550);
  });

  it('OPS1 sees users who come steadily, and none who stay as many', () => {
    const cell = cellHarness({ policy: SMALL, checked: false });
    cell.connect(bob);
    for (let s = 0; s < 600; s++) {
      cell.setNow(START + s * 1000);
      if (s % 6 === 0) cell.connect(user(`u${s}`), { ttlMs: HOUR_MS });
      else tick(cell);
    }
    // 101 of 200, ten more each minute: 600 s to go.
    expect(loadOf(cell).hotInS).toBeGreaterThan(450);
    expect(loadOf(cell).hotInS).toBeLessThan(900);
    told(cell, 40);
    expect(loadOf(cell).hotInS).toBeUndefined();
  });

  it('OPS1 tells how long the oldest question has been looking, and how late the last alarm was', () => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion({ expiresInMs: 600_000 }) });
    expect(loadOf(cell)).toMatchObject({ queueAgeMs: 0, alarmLagMs: 0 });
    cell.setNow(cell.now() + 90_000);
    const lateMs = 90_000 - ((cell.store.alarm() ?? 0) - START);
    cell.step({ t: 'alarm' });
    expect(loadOf(cell)).toMatchObject({ queueAgeMs: 90_000, alarmLagMs: lateMs, questions: { dormant: 1 } });
    cell.request({ t: 'cancel', id: newQuestion().id, user: newQuestion().asker });
    expect(loadOf(cell).queueAgeMs).toBe(0);
  });
});
