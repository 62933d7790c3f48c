// A question whose id comes again: a key that is used once more after its question was forgotten, at the same place.
import { describe, expect, it } from 'vitest';
import { qid } from '../support/names.ts';
import { item, questionItem, userHarness } from '../support/user-harness.ts';

const DAY_MS = 24 * 3_600_000;
const KEEP_MS = 3 * DAY_MS;

describe('a question of an id that was there before', () => {
  it('KEEP2 begins its stream anew, and nothing of it is taken for known', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open', 'k'), item(2), item(3)], qid(), KEEP_MS, 1);
    expect(user.deliver([questionItem(1, 'open', 'k'), item(2)], qid(), KEEP_MS, 2)).toEqual({ t: 'stored', upTo: 2 });
    expect([...user.state().inbox.keys()]).toEqual([1, 2, 3]);
    user.restart();
    expect(user.deliver([item(2), item(3)], qid(), KEEP_MS, 2)).toEqual({ t: 'stored', upTo: 3 });
    expect([...user.state().inbox.keys()]).toEqual([1, 2, 3, 4]);
  });

  it('KEEP2 leaves late news of the one before to nobody', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open', 'k')], qid(), KEEP_MS, 2);
    expect(user.deliver([item(7)], qid(), KEEP_MS, 1)).toEqual({ t: 'stored', upTo: 7 });
    expect(user.state().inbox.size).toBe(0);
    expect(user.deliver([], qid(), KEEP_MS, 1), 'none').toEqual({ t: 'stored', upTo: 0 });
  });

  it('ONCE1 a key is free a day after the end of its question, and not before', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open', 'k'), questionItem(2, 'answered')], qid(1), KEEP_MS, 1);
    user.advance(DAY_MS - 1000);
    expect(user.deliver([questionItem(1, 'open', 'k')], qid(2), KEEP_MS, 2)).toMatchObject({ duplicateOf: qid(1) });
    user.advance(1000);
    expect(user.deliver([questionItem(1, 'open', 'k')], qid(3), KEEP_MS, 3)).toEqual({ t: 'stored', upTo: 1 });
    user.restart();
    expect(user.deliver([item(2)], qid(3), KEEP_MS, 3)).toEqual({ t: 'stored', upTo: 2 });
  });
});
