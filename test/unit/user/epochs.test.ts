// Epochs, by which every cell knows whether its row counts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CELL, NEAR, record } from '../support/names.ts';
import { userHarness } from '../support/user-harness.ts';

describe('epochs', () => {
  it('OWN1 only rise, and each is granted to one cell, whatever is claimed, answered and lost', () => {
    const act = fc.oneof(
      fc.record({
        t: fc.constant('claim' as const),
        cell: fc.integer({ min: 0, max: 3 }),
        seq: fc.integer({ min: 1, max: 30 }),
      }),
      fc.record({ t: fc.constantFrom('record' as const, 'no_row' as const, 'failed' as const) }),
      fc.record({ t: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3000 }) }),
      fc.record({ t: fc.constant('restart' as const) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const user = userHarness();
        const cells = [CELL, ...NEAR];
        const claims = new Map<number, string>();
        for (const one of acts) {
          if (one.t === 'claim') {
            const cell = cells[one.cell] ?? CELL;
            claims.set(user.claim(cell, { seq: one.seq }), cell);
          } else if (one.t === 'wait') user.advance(one.ms);
          else if (one.t === 'restart') user.restart();
          else if (user.open.some(({ request }) => request.t === 'recall')) {
            user.answer('recall', one.t === 'record' ? { t: 'record', record: record() } : { t: one.t });
          }
        }
        const owners = new Map<number, string>();
        let last = 0;
        for (const [token, value] of user.replies) {
          const granted = value as { t: string; epoch: number };
          const cell = claims.get(token);
          if (granted.t !== 'granted' || cell === undefined) continue;
          expect(owners.get(granted.epoch) ?? cell).toBe(cell);
          owners.set(granted.epoch, cell);
          expect(granted.epoch).toBeGreaterThanOrEqual(last);
          last = granted.epoch;
        }
      }),
    );
  });
});
