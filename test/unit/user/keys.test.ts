// Idempotency keys: the first question of a key keeps it, and the later one is told of it.
import { describe, expect, it } from 'vitest';
import { loadUser } from '../../../src/user/codec.ts';
import { qid, START } from '../support/names.ts';
import { item, questionItem, userHarness } from '../support/user-harness.ts';

const opened = (key?: string) => [questionItem(1, 'open', key)];

describe('a key', () => {
  it('ONCE1 belongs to its first question: a later one is told which that is, again and after a restart', () => {
    const user = userHarness();
    expect(user.deliver(opened('k'), qid(2))).toEqual({ t: 'stored', upTo: 1 });
    user.advance(5);
    expect(user.deliver(opened('k'), qid(1))).toEqual({ t: 'stored', upTo: 1, duplicateOf: qid(2) });
    user.restart();
    expect(user.deliver(opened('k'), qid(1))).toEqual({ t: 'stored', upTo: 1, duplicateOf: qid(2) });
    expect(user.deliver([item(2)], qid(2))).toEqual({ t: 'stored', upTo: 2 });
  });

  it('ONCE1 of two in the same millisecond the first one stored keeps it, whatever their ids', () => {
    const user = userHarness();
    expect(user.deliver(opened('k'), qid(2))).toEqual({ t: 'stored', upTo: 1 });
    expect(user.deliver(opened('k'), qid(1))).toMatchObject({ duplicateOf: qid(2) });
    expect(user.deliver(opened('k'), qid(3))).toMatchObject({ duplicateOf: qid(2) });
    user.restart();
    expect(user.deliver([item(2)], qid(2))).toEqual({ t: 'stored', upTo: 2 });
    expect(user.deliver([item(2)], qid(1))).toMatchObject({ duplicateOf: qid(2) });
  });

  it('ONCE1 other keys, and no key, are nobody’s duplicates', () => {
    const user = userHarness();
    user.deliver(opened('k1'), qid(1));
    expect(user.deliver(opened('k2'), qid(2))).toEqual({ t: 'stored', upTo: 1 });
    user.deliver(opened(), qid(3));
    expect(user.deliver(opened(), qid(4))).toEqual({ t: 'stored', upTo: 1 });
  });

  it('ONCE1 is kept after its question ended, and free when that is forgotten', () => {
    const user = userHarness();
    user.deliver([...opened('k'), questionItem(2, 'answered')], qid(1), 1000);
    expect(user.deliver(opened('k'), qid(2), 1000)).toMatchObject({ duplicateOf: qid(1) });
    user.advance(1000);
    expect(user.deliver(opened('k'), qid(3))).toEqual({ t: 'stored', upTo: 1 });
  });

  it('ONCE1 is kept when a later question is forgotten first, and free of one that is forgotten, whoever asks', () => {
    const user = userHarness();
    user.deliver(opened('k'), qid(1), 5000);
    user.deliver(opened('k'), qid(2), 1000);
    user.deliver(opened('k'), qid(3), 9000);
    user.advance(1000);
    expect(user.deliver(opened('k'), qid(4), 1000)).toMatchObject({ duplicateOf: qid(1) });
    user.advance(4000);
    expect(user.deliver([item(2)], qid(3))).toStrictEqual({ t: 'stored', upTo: 2 });
  });

  it('ONCE1 of two that came after the first in one millisecond the same one has it, in whatever order rows are read', () => {
    const user = userHarness();
    user.deliver(opened('k'), qid(3), 1000);
    user.deliver(opened('k'), qid(1), 9000);
    user.deliver(opened('k'), qid(2), 9000);
    user.advance(1000);
    const rows = [...user.store.load()];
    for (const read of [rows, rows.toReversed()]) expect(loadUser(read).keys.get('k')).toBe(qid(1));
  });

  it('TIME1 a clock that ran back gives it to nobody else', () => {
    const user = userHarness();
    user.advance(60_000);
    user.deliver(opened('k'), qid(2));
    user.setNow(START);
    user.restart();
    expect(user.state().clock).toBe(START + 60_000);
    expect(user.deliver(opened('k'), qid(1))).toMatchObject({ duplicateOf: qid(2) });
    user.restart();
    expect(user.deliver([item(2)], qid(2))).toEqual({ t: 'stored', upTo: 2 });
  });
});
