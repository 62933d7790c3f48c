// A machine's clock was once a day ahead: leases, expiry and wakes go on, and nobody is offered anything by a lease that has ended.
import { describe, expect, it } from 'vitest';
import { PATIENCE_MS } from '../../../src/lib/clock.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, cem, EAST, need, newQuestion, policyWith, qid, WEST } from '../support/names.ts';
import { questionItem, userHarness } from '../support/user-harness.ts';

const DAY_MS = 86_400_000;
const scout = { t: 'scout', need: need({ asker: cem }), policy: policyWith(), limit: 5 } as const;

describe('TIME2 a clock that was a day ahead', () => {
  it('stops no lease, no expiry and no wake, and is told of once', () => {
    const cell = cellHarness();
    const start = cell.now();
    cell.setNow(start + DAY_MS);
    cell.ping(bob, { ttlMs: 100_000 });
    cell.connect(ana, { ttlMs: 150_000, profile: { topics: ['x'] } });
    cell.request({
      t: 'ask',
      question: newQuestion({ asker: cem, topic: 'y', expiresInMs: 300_000, languages: ['fr'] }),
    });
    cell.request({ ...scout, beaconMs: 200_000, limit: 9 });
    // The machine is right again. Nothing waits for a day: not even who comes within the minute of patience.
    cell.setNow(start + 1000);
    cell.request({ t: 'load' });
    expect(cell.state().clock).toBe(start + DAY_MS);
    expect(cell.store.alarm()).toBe(start + 1000 + PATIENCE_MS);
    cell.setNow(start + 31_000);
    cell.request({ t: 'load' });
    expect(cell.state().clock, 'time goes on').toBe(start + DAY_MS + 30_000);
    cell.advance(30_000);
    const now = start + 1000 + PATIENCE_MS;
    expect(cell.state().clock).toBe(now);
    expect(cell.journal().filter(({ t }) => t === 'clock.healed')).toEqual([
      { t: 'clock.healed', leadMs: DAY_MS + 30_000 - PATIENCE_MS - 1000 },
    ]);
    // Thirty seconds of each have gone in the time that went on.
    expect(cell.resident(bob)?.leaseUntil).toBe(now + 70_000);
    expect(cell.question(qid()).expiresAt).toBe(now + 270_000);
    expect(cell.question(qid()).createdAt).toBe(now);
    expect(cell.state().beacons.get(qid(1, EAST))?.until).toBe(now + 170_000);
    cell.restart();
    expect(cell.state().clock).toBe(now);
    expect(cell.resident(ana)?.leaseUntil).toBeLessThanOrEqual(now + 120_000);
    cell.advance(70_000);
    expect(cell.request(scout)).toMatchObject({ candidates: [{ user: ana }] });
    cell.advance(200_000);
    expect(cell.question(qid()).phase.t).toBe('expired');
    expect(cell.request(scout)).toMatchObject({ candidates: [] });
  });

  it('TIME2 a journal that was gathered by the wrong clock does not bring it back after a restart', () => {
    const cell = cellHarness();
    const start = cell.now();
    cell.setNow(start + DAY_MS);
    cell.ping(bob, { ttlMs: 3_600_000 });
    cell.setNow(start + DAY_MS + 600_000);
    cell.step({ t: 'alarm' });
    expect(cell.store.read('journal', 0, 9)).toHaveLength(1);
    cell.setNow(start + 1000);
    cell.request({ t: 'load' });
    cell.advance(PATIENCE_MS);
    cell.restart();
    expect(cell.state().clock).toBe(start + 1000 + PATIENCE_MS);
  });

  it('leaves a question that was asked before its expiry, and what a short glitch back found', () => {
    const cell = cellHarness();
    const start = cell.now();
    cell.request({ t: 'ask', question: newQuestion({ expiresInMs: 20 * 3_600_000 }) });
    const { expiresAt } = cell.question(qid());
    cell.setNow(start + 3_600_000);
    cell.ping(bob, { point: at(1) });
    const glitch = cellHarness();
    glitch.ping(bob, { ttlMs: 100_000 });
    glitch.setNow(start - DAY_MS);
    glitch.request({ t: 'load' });
    glitch.setNow(start + 10_000);
    glitch.request({ t: 'load' });
    expect(glitch.resident(bob)?.leaseUntil).toBe(start + 100_000);
    expect(glitch.journal().some(({ t }) => t === 'clock.healed')).toBe(false);
    cell.setNow(start + 1000);
    cell.request({ t: 'load' });
    cell.advance(PATIENCE_MS);
    expect(cell.state().clock).toBe(start + 1000 + PATIENCE_MS);
    expect(cell.question(qid()).expiresAt).toBe(expiresAt);
  });

  it('holds up no dwell of a UserObject', () => {
    const user = userHarness();
    const start = user.now();
    user.setNow(start + DAY_MS);
    user.deliver([questionItem(1, 'open', 'k')]);
    user.claim(EAST, { seq: 1 });
    user.setNow(start);
    user.claim(EAST, { seq: 2 });
    user.advance(PATIENCE_MS);
    user.claim(EAST, { seq: 3 });
    expect(user.state().clock).toBe(start + PATIENCE_MS);
    expect(user.state().meta?.holding).toMatchObject({ since: start + PATIENCE_MS });
    user.restart();
    expect(user.state().clock).toBe(start + PATIENCE_MS);
    user.advance(2000);
    user.claim(WEST, { seq: 4 });
    expect(user.sentOf('recall')).toHaveLength(1);
  });
});
