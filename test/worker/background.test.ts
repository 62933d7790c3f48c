// Calls for which nobody waits: few at once, in order, after those of users, and never so many that they pile up.
import { describe, expect, it } from 'vitest';
import { AT_ONCE, Background, USERS_FIRST_FROM, WAITING_MAX } from '../../src/object/background.ts';

/** Calls that wait until they are let go, and a clock that counts how often somebody looked. */
function slow(users = { waiting: 0 }) {
  const open: (() => void)[] = [];
  const begun: number[] = [];
  let looks = 0;
  const background = new Background({
    usersWaiting: () => users.waiting,
    sleep: async () => {
      looks++;
    },
  });
  return {
    background,
    open,
    begun,
    looks: () => looks,
    start: (n: number) =>
      background.run(() => {
        begun.push(n);
        return new Promise<number>((resolve) => open.push(() => resolve(n)));
      }),
  };
}
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('LOAD8: background calls of one object', () => {
  it('are few at once, and the next begins when one has ended, failed or not', async () => {
    const { background, open, begun, start } = slow();
    const calls = Array.from({ length: AT_ONCE + 3 }, (_, n) => start(n));
    const failing = background.run(() => Promise.reject(new Error('away'))).catch(() => 'failed');
    const last = start(99);
    await turn();
    expect(begun).toHaveLength(AT_ONCE);
    for (const go of open.splice(0)) go();
    await turn();
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 99]);
    for (const go of open.splice(0)) go();
    expect(await Promise.all([...calls, failing, last])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 'failed', 99]);
  });

  it('wait while many calls of users are on their way, and not for ever', async () => {
    const users = { waiting: USERS_FIRST_FROM };
    const { begun, looks, start, open } = slow(users);
    void start(1);
    await turn();
    expect(begun, 'in the end it goes on').toEqual([1]);
    expect(looks()).toBeGreaterThan(5);
    const before = looks();
    users.waiting = USERS_FIRST_FROM - 1;
    void start(2);
    await turn();
    expect([begun, looks()]).toEqual([[1, 2], before]);
    for (const go of open) go();
  });

  it('are refused when too many wait', async () => {
    const { open, start } = slow();
    const calls = Array.from({ length: AT_ONCE + WAITING_MAX }, (_, n) => start(n));
    await expect(start(0)).rejects.toThrow('too many calls wait');
    await turn();
    while (open.length > 0) {
      for (const go of open.splice(0)) go();
      await turn();
    }
    expect(await Promise.all(calls)).toHaveLength(AT_ONCE + WAITING_MAX);
  });
});
