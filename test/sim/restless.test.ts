// Somebody who is now in one cell and now in the next, every second for an hour, and asks meanwhile: the record goes with them, whole.
import { describe, expect, it } from 'vitest';
import type { Checker, Violation } from '../../sim/checkers/checker.ts';
import { inboxChecker } from '../../sim/checkers/inbox.ts';
import { ownChecker } from '../../sim/checkers/own.ts';
import { newLedger } from '../../sim/ledger.ts';
import { center, neighbors } from '../../src/geo/geohash.ts';
import type { CellId, QuestionId, UserId } from '../../src/protocol/ids.ts';
import type { Profile } from '../../src/protocol/profile.ts';
import { counted, HERE, snapped } from './counted.ts';

const HOUR_S = 3600;
const ASK_EVERY_S = 60;
const THERE = neighbors(HERE).e as CellId;
const RESTLESS = 'restless' as UserId;

describe('a user who alternates between two cells every second for an hour', () => {
  // A grant keeps for two seconds, except from a ping that says a word of the profile: until it counts, the old ones would.
  it.each<readonly [string, Partial<Profile>, number]>([
    ['without a word of the profile, moves every other second at most', {}, HOUR_S / 2],
    ['with words of the profile, moves every second', { capacity: 2 }, HOUR_S],
  ])('OWN1 OWN3 KEEP2 %s, and is told everything once', (_, profile, movesMax) => {
    const violations: Violation[] = [];
    const checkers: Checker[] = [];
    const { world, run, ask, question, rows } = counted({ checkers });
    const ledger = newLedger();
    const report = (rule: string, what: string): void => void violations.push({ rule, what, atMs: world.now });
    checkers.push(ownChecker({ world, ledger, report }), inboxChecker({ world, ledger, report }));
    const ids: QuestionId[] = [];
    for (let s = 0; s < HOUR_S; s++) {
      const cell = s % 2 === 0 ? HERE : THERE;
      const ping = { point: snapped(center(cell)), profile, session: 's', seq: s };
      world.request(world.cell(cell), { t: 'presence', user: RESTLESS, ping }, 10_000, () => undefined);
      if (s % ASK_EVERY_S === 0) ids.push(ask(center(HERE), { asker: RESTLESS, expiresInMs: 30_000 }));
      run(1000);
    }
    run(120_000);
    for (const checker of checkers) checker.ended?.();
    expect(violations).toEqual([]);
    const grants = world.user(RESTLESS).state?.meta?.epoch ?? 0;
    expect(grants).toBeGreaterThan(10);
    expect(grants).toBeLessThanOrEqual(movesMax);
    expect(rows.length / HOUR_S, 'rows a ping').toBeLessThan(10);
    // Whoever has the record knows how each has ended.
    const [known] = [...world.cells.values()].flatMap(({ state }) => state?.users.get(RESTLESS)?.inbox?.known ?? []);
    expect(ids.map((id) => [question(id).phase.t, known?.get(id)?.question?.state])).toEqual(
      ids.map(() => ['expired', 'expired']),
    );
  });
});
