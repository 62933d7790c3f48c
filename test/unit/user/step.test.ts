// What every event does before anything else, and how an alarm ends.
import { describe, expect, it } from 'vitest';
import { ana, CELL, oid, qid, record } from '../support/names.ts';
import { item, offerItem, questionItem, userHarness } from '../support/user-harness.ts';

describe('a step', () => {
  it('ALARM1 arms the earlier of what is to be let go and what is to be tried again', () => {
    const user = userHarness();
    user.claim(CELL);
    user.deliver([item(1)], qid(1), 100);
    user.deliver([item(1)], qid(2), 300);
    user.answer('push', { t: 'failed' });
    const from = user.now();
    for (const due of [100, 300, 500]) {
      expect(user.store.alarm()).toBe(from + due);
      user.advance(from + due - user.now());
    }
  });

  it('ALARM1 arms an alarm that fires a moment early once more', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open')], qid(), 5000);
    const due = user.now() + 5000;
    user.setNow(due - 3);
    user.store.commit({ rows: [], alarmAt: null });
    user.step({ t: 'alarm' });
    expect(user.store.alarm()).toBe(due);
    user.advance(3);
    expect(user.state().known.size).toBe(0);
  });

  it('ALARM2 runs what is overdue when the object is constructed', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open')], qid(1), 5000);
    user.deliver([questionItem(1, 'open')], qid(2), 90_000);
    user.setNow(user.now() + 10_000);
    user.restart();
    expect([...user.state().known.keys()]).toEqual([qid(2)]);
    expect(user.store.alarm()).toBe(user.now() + 80_000);
  });

  it('ALARM2 leaves an alarm that is armed in time where it is when the object is constructed', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open')], qid(), 5000);
    expect(user.restart().alarmAt).toBeUndefined();
    expect(user.store.alarm()).toBe(user.now() + 5000);
  });

  it('answers with the live offers, by their views', () => {
    const user = userHarness();
    user.deliver([offerItem(1, 'pending')]);
    expect(user.request({ t: 'offers', user: ana })).toMatchObject({ t: 'offers', items: [{ id: oid(1) }] });
  });

  it('answers what it does not know by name', () => {
    expect(userHarness().request({ t: 'dance' } as never)).toMatchObject({ t: 'problem' });
  });

  it('ROW1 writes each row under the name by which older and newer code know it', () => {
    const user = userHarness();
    user.claim(CELL);
    user.deliver([item(1)]);
    user.advance(2000);
    user.request({ t: 'returnRecord', user: ana, cell: CELL, epoch: 1, session: 's', record: record() });
    expect([...user.store.load()].map(({ table, key }) => `${table}/${key}`)).toEqual([
      'meta/meta',
      `known/${qid()}`,
      'inbox/1',
    ]);
  });
});
