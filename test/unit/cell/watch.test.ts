// Leases of connected users cost no alarm of their own: the cell's own events end them, and a coarse alarm where nothing happens.
import { describe, expect, it } from 'vitest';
import { SLACK_ALARM_MS } from '../../../src/cell/tables/indexes.ts';
import type { LapsedResident } from '../../../src/cell/tables/users.ts';
import type { UserId } from '../../../src/protocol/ids.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { at, bob, cem, need, policyWith } from '../support/names.ts';

type Cell = ReturnType<typeof cellHarness>;

/** Everybody pings every ten seconds; answers with the rows written, the one with which the harness lets an alarm fire left out. */
function pingFor(cell: Cell, users: readonly UserId[], minutes: number): number {
  const before = cell.store.rowsWritten();
  let fired = 0;
  for (let tens = 0; tens < minutes * 6; tens++) {
    const alarm = cell.store.alarm();
    cell.advance(10_000);
    if (alarm !== null && alarm <= cell.now()) fired++;
    for (const user of users) cell.ping(user, { point: at(tens % 3) }, true);
  }
  return cell.store.rowsWritten() - before - fired;
}

describe('the lease of a connected user', () => {
  it('LEASE1 ALARM1 costs a row in two hours for a whole cell, however many ping', () => {
    const many = Array.from({ length: 40 }, (_, n) => `user${n}` as UserId);
    const cell = cellHarness({ checked: false });
    for (const user of many) cell.connect(user);
    pingFor(cell, many, 3);
    // And one more: with its alarm it gathers what was recorded when they came.
    expect(pingFor(cell, many, 120)).toBeLessThanOrEqual(2);
    expect(pingFor(cell, many, 120)).toBeLessThanOrEqual(1);
  });

  it('LEASE1 ends to the millisecond for whoever looks, and the row says so with the next event of the cell', () => {
    const cell = cellHarness();
    cell.connect(bob);
    cell.connect(cem);
    cell.setNow(cell.now() + 60_000);
    cell.ping(cem, {}, true);
    cell.setNow(cell.now() + 60_000);
    const scout = { t: 'scout', need: need(), policy: policyWith(), limit: 5 } as const;
    expect(cell.request(scout)).toMatchObject({ candidates: [{ user: cem }] });
    expect(cell.resident(bob)?.phase).toBe('lapsed');
    expect(cell.resident(cem)?.phase).toBe('live');
  });

  it('LEASE1 ends by the coarse alarm in a cell where nothing else happens', () => {
    const cell = cellHarness();
    cell.connect(bob);
    cell.advance(120_000 + SLACK_ALARM_MS);
    expect(cell.resident(bob)?.phase).toBe('lapsed');
    expect(cell.journal().at(-1)?.t).toBe('user.left');
    // When the record goes home.
    expect(cell.store.alarm()).toBe((cell.resident(bob) as LapsedResident).lapsedAt + 86_400_000);
  });

  it('LEASE1 ends by an alarm of its own once the socket is lost', () => {
    const cell = cellHarness();
    cell.connect(bob);
    cell.step({ t: 'socket_lost', user: bob });
    cell.advance(120_000);
    expect(cell.resident(bob)?.phase).toBe('lapsed');
  });

  it('LEASE1 ALARM2 is watched the same after a restart', () => {
    const cell = cellHarness();
    cell.connect(bob);
    pingFor(cell, [bob], 5);
    cell.restart();
    expect(cell.resident(bob)?.phase).toBe('live');
    expect(pingFor(cell, [bob], 60)).toBeLessThanOrEqual(1);
    cell.advance(120_000 + SLACK_ALARM_MS);
    expect(cell.resident(bob)?.phase).toBe('lapsed');
  });
});
