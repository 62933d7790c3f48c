// What a location ping costs: nothing over a socket, over HTTP a row only when it says something new.
import { describe, expect, it } from 'vitest';
import { loadCell } from '../../../src/cell/restore.ts';
import { stepCell } from '../../../src/cell/step.ts';
import { CELL_TABLES } from '../../../src/cell/tables/all.ts';
import type { Attachment, Effects } from '../../../src/engine/effects.ts';
import { snap } from '../../../src/geo/snap.ts';
import { type EpochMs, plusMs } from '../../../src/lib/brand.ts';
import { DEFAULT_POLICY } from '../../../src/matching/policy.ts';
import type { CellRequest } from '../../../src/messages/calls.ts';
import { memoryRows } from '../../../src/store/memory/memory-rows.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { at, bob, mapRow, newQuestion, ping, policyWith, qid, START } from '../support/names.ts';

/** As the edge sends it. */
const onGrid = (eastM: number) => snap(at(eastM), DEFAULT_POLICY.gridLength);

describe('over a socket', () => {
  it('SOFT1 20,000 pings of a moving user write no row and move no alarm', () => {
    const tireless = policyWith({ limits: { ...DEFAULT_POLICY.limits, eventsPerS: 500 } });
    const store = memoryRows(CELL_TABLES);
    const state = loadCell(store.load());
    const send = (request: CellRequest, now: EpochMs): Effects => {
      const envelope = { request, mapRow: mapRow({ policy: tireless }) };
      const effects = stepCell(state, { t: 'request', envelope, token: 1, socket: true }, now, () => 0.5);
      if (effects.rows.length > 0 || effects.alarmAt !== undefined) store.commit(effects);
      return effects;
    };
    stepCell(state, { t: 'socket_open', user: bob, session: 's' }, START, () => 0.5);
    const claim = send({ t: 'presence', user: bob, ping: ping() }, START).sends[0];
    const granted = { t: 'granted', epoch: 1, record: null } as const;
    store.commit(stepCell(state, { t: 'reply', call: claim?.call ?? 0, reply: granted }, START, () => 0.5));
    const before = store.rowsWritten();
    let attached = 0;
    for (let i = 1; i <= 20_000; i++) {
      const sent = ping(at((i % 100) * 5, (i % 37) * 5), { seq: i });
      attached += send({ t: 'presence', user: bob, ping: sent }, plusMs(START, i)).attachments.length;
    }
    expect(store.rowsWritten() - before).toBe(0);
    expect(attached).toBe(20_000);
  });

  it('SOFT1 a lease that pings renew costs one alarm for each lease, and no row', () => {
    const cell = cellHarness();
    cell.connect(bob);
    const rows = cell.store.rowsWritten();
    for (let i = 1; i <= 60; i++) {
      cell.advance(10_000);
      cell.ping(bob, { seq: i }, true);
    }
    // Ten minutes are five leases of two minutes: the alarm fires (one write to forget it) and is armed anew.
    expect(cell.store.rowsWritten() - rows).toBeLessThanOrEqual(12);
    expect(cell.rows('users')[0]).toContain(`"leaseUntil":${START + 120_000}`);
    expect(cell.resident(bob)?.phase).toBe('live');
  });

  it('SOFT1 the attachment carries point and lease over a restart', () => {
    const cell = cellHarness();
    cell.connect(bob);
    cell.advance(100_000);
    cell.ping(bob, { point: onGrid(700), seq: 2 }, true);
    const pingedAt = cell.now();
    cell.advance(50_000);
    cell.restart();
    expect(cell.resident(bob)).toMatchObject({ point: onGrid(700), pointAt: pingedAt, seq: 2, phase: 'live' });
    const near = { t: 'ask', question: newQuestion({ point: onGrid(700), radiusM: 500 }) } as const;
    cell.request(near);
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
  });

  it.each([
    ['no row', (soft: Attachment): Attachment => ({ ...soft, user: 'nobody' as never })],
    ['a row of another epoch', (soft: Attachment): Attachment => ({ ...soft, epoch: soft.epoch + 1 })],
  ])('SOFT1 soft state beside %s counts for nothing, and its socket is sent away', (_, change) => {
    const cell = cellHarness();
    cell.connect(bob);
    const soft = cell.attachments.get(bob) as Attachment;
    cell.attachments.set(bob, { ...change(soft), lat: 1, lng: 1 });
    cell.restart();
    expect(cell.frames).toEqual([{ user: change(soft).user, frame: { t: 'moved', reason: 'elsewhere' }, close: true }]);
    expect(cell.resident(bob)?.point).toEqual(at());
    expect(cell.state().sockets.size).toBe(0);
  });

  it('SOFT1 an attachment older than the row does not take the point back', () => {
    const cell = cellHarness();
    cell.connect(bob);
    cell.advance(1000);
    cell.ping(bob, { point: at(400) });
    cell.restart();
    expect(cell.resident(bob)?.point).toEqual(at(400));
    expect(cell.state().sockets.size).toBe(1);
  });

  it('SOFT1 a socket that was opened before a restart and had nothing attached yet counts from its next ping', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.connect(bob);
    cell.answer('claim', { t: 'pending', retryMs: 1000 });
    cell.restart();
    cell.answer('claim', { t: 'granted', epoch: 1, record: null });
    cell.ping(bob, { point: onGrid(300), seq: 3 }, true);
    expect(cell.attachments.get(bob)).toMatchObject({ seq: 3 });
    cell.restart();
    expect(cell.resident(bob)?.point).toEqual(onGrid(300));
  });

  it('a lost socket makes its point durable, and the lease runs on', () => {
    const cell = cellHarness();
    cell.connect(bob);
    cell.advance(60_000);
    cell.ping(bob, { point: at(500) }, true);
    cell.step({ t: 'socket_lost', user: bob });
    cell.attachments.clear();
    cell.advance(100_000);
    cell.restart();
    expect(cell.resident(bob)).toMatchObject({ point: at(500), phase: 'live' });
    cell.advance(20_000);
    expect(cell.resident(bob)?.phase).toBe('lapsed');
  });
});

describe('over HTTP', () => {
  const rowsOf = (act: (cell: ReturnType<typeof cellHarness>) => void): number => {
    const cell = cellHarness();
    cell.ping(bob, { profile: { topics: ['food'] } });
    const before = cell.store.rowsWritten();
    act(cell);
    return cell.store.rowsWritten() - before;
  };

  it.each([
    ['at the same point with the same profile', 0, {}],
    ['that repeats the profile', 0, { profile: { topics: ['food'] } }],
    ['at another point', 1, { point: at(200) }],
    ['with another profile', 1, { profile: { topics: ['cars'] } }],
    ['with another capacity', 1, { profile: { capacity: 2 } }],
    ['with another time to live', 1, { ttlMs: 300_000 }],
  ] as const)('a ping %s writes %i rows', (_, rows, more) => {
    expect(rowsOf((cell) => cell.ping(bob, more))).toBe(rows);
  });

  it('a ping after half of the lease writes one, so that what was promised is on disk', () => {
    const cell = cellHarness();
    cell.ping(bob);
    for (const [waitMs, rows] of [
      [59_000, 0],
      [2000, 1],
    ] as const) {
      cell.advance(waitMs);
      const before = cell.store.rowsWritten();
      const reply = cell.ping(bob) as { view: { expiresAt: string } };
      expect(cell.store.rowsWritten() - before).toBe(rows);
      const onDisk = JSON.parse(cell.rows('users')[0] ?? '') as { leaseUntil: number };
      expect(new Date(onDisk.leaseUntil).toISOString()).toBe(reply.view.expiresAt);
    }
  });
});
