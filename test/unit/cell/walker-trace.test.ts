// What PRIV3 costs on a real trace, and that it is less than one in a hundred. `npm run bench -- --only privacy` prints how much.
import { describe, expect, it } from 'vitest';
import { atOnce, hasData, veiledBy } from '../../../bench/support/walker-trace.ts';

describe.skipIf(!hasData)('PRIV3 on a trace', () => {
  it('matches no fewer by more than 1 %, nor farther away by more than 1 %, seen or in truth', () => {
    const now = atOnce();
    expect(now.matched).toBeGreaterThan(7000);
    for (const seed of [1, 2, 3]) {
      const then = veiledBy(seed);
      expect(then.matched / now.matched).toBeGreaterThan(0.99);
      expect(then.seenM / now.seenM).toBeLessThan(1.01);
      expect(then.meanM / now.meanM).toBeLessThan(1.01);
    }
  });
});
