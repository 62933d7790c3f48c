// What every event does before anything else, and how an alarm ends.
import { describe, expect, it } from 'vitest';
import { ana, CELL, qid, record } from '../support/names.ts';
import { item, questionItem, userHarness } from '../support/user-harness.ts';

describe('a step', () => {
  it('ALARM1 arms the earliest of what is to be let go, one after the other', () => {
    const user = userHarness();
    const keepMs = [300, 100, 500];
    for (const [i, ms] of keepMs.entries()) user.deliver([item(1)], qid(i), { keepMs: ms });
    const from = user.now();
    for (const due of [100, 300, 500]) {
      expect(user.store.alarm()).toBe(from + due);
      user.advance(from + due - user.now());
    }
    expect(user.store.alarm()).toBeNull();
  });

  it('ALARM1 arms an alarm that fires a moment early once more', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open')], qid(), { keepMs: 5000 });
    const due = user.now() + 5000;
    user.setNow(due - 3);
    user.store.commit({ rows: [], alarmAt: null });
    user.step({ t: 'alarm' });
    expect(user.store.alarm()).toBe(due);
    user.advance(3);
    expect(user.state().inbox.known.size).toBe(0);
  });

  it('ALARM2 runs what is overdue when the object is constructed', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open')], qid(1), { keepMs: 5000 });
    user.deliver([questionItem(1, 'open')], qid(2), { keepMs: 90_000 });
    user.setNow(user.now() + 10_000);
    user.restart();
    expect([...user.state().inbox.known.keys()]).toEqual([qid(2)]);
    expect(user.store.alarm()).toBe(user.now() + 80_000);
  });

  it('ALARM2 leaves an alarm that is armed in time where it is when the object is constructed', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open')], qid(), { keepMs: 5000 });
    expect(user.restart().alarmAt).toBeUndefined();
    expect(user.store.alarm()).toBe(user.now() + 5000);
  });

  it('FX1 says that a cell holds the user by a write: an older instance must not, and a frozen row goes on on that word', () => {
    const user = userHarness();
    const where = { t: 'where', user: ana } as const;
    expect(user.written(where)).toEqual([]);
    user.claim(CELL, { seq: 1 });
    expect(user.request(where)).toEqual({ t: 'where', cell: CELL, epoch: 1, held: true });
    expect(user.written(where)).toEqual(['meta/meta']);
    user.ask({ t: 'leave', user: ana });
    expect(user.request(where), 'nor is it said while somebody wants them').toEqual({
      t: 'where',
      cell: CELL,
      epoch: 1,
    });
    expect(user.written(where)).toEqual([]);
    user.answer('recall', { t: 'record', record: record() });
    expect(user.request(where)).toEqual({ t: 'where', cell: CELL, epoch: 1, free: true });
    expect(user.written(where)).toEqual([]);
  });

  it('answers what it does not know by name', () => {
    expect(userHarness().request({ t: 'dance' } as never)).toMatchObject({ t: 'problem' });
  });

  it('ROW1 writes one row, under the name by which older and newer code know it', () => {
    const user = userHarness();
    user.claim(CELL);
    user.advance(2000);
    user.request({ t: 'returnRecord', user: ana, cell: CELL, epoch: 1, session: 's', record: record() });
    user.deliver([item(1)]);
    user.deliver([item(1)], qid(2));
    expect([...user.store.load()].map(({ table, key }) => `${table}/${key}`)).toEqual(['meta/meta']);
  });
});
