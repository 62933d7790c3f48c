// The record at home: while no cell holds the user, news is taken here, and here it is read and acknowledged.
import { describe, expect, it } from 'vitest';
import { ana, CELL, oid, qid, record } from '../support/names.ts';
import { item, offerItem, questionItem, type UserHarness, userHarness } from '../support/user-harness.ts';

const DAY_MS = 86_400_000;
const seqs = (user: UserHarness, after = 0) => user.events(after).items.map(({ seq }) => seq);
const questions = (user: UserHarness) => user.request({ t: 'questions', user: ana, limit: 50 });
const offers = (user: UserHarness) =>
  user
    .request<{ items: { id: string; state: string; expiresAt: string }[] }>({ t: 'offers', user: ana })
    .items.map(({ id, state }) => [id, state]);

/** Home again after a while in a cell, with this record. */
function returned(more: Parameters<typeof record>[0] = {}): UserHarness {
  const user = userHarness();
  user.claim(CELL, { seq: 1 });
  user.request({ t: 'returnRecord', user: ana, cell: CELL, epoch: 1, session: 's', seq: 1, record: record(more) });
  return user;
}

describe('news for a user whom nobody holds', () => {
  it('KEEP2 is stored before it is acknowledged: in the step of the answer', () => {
    const user = userHarness();
    const request = {
      t: 'deliver',
      user: ana,
      questionId: qid(),
      incarnation: 1,
      keepMs: 1000,
      items: [item(1)],
    } as const;
    const effects = user.step({ t: 'request', request, token: 50 });
    expect(effects.replies).toEqual([{ token: 50, value: { t: 'stored', upTo: 1 } }]);
    expect(effects.rows.map(({ table, key }) => `${table}/${key}`)).toEqual(['meta/meta']);
    expect(user.written(request), 'nothing new').toEqual([]);
  });

  it('KEEP2 is there after a crash, beyond nine events too, and numbers go on', () => {
    const user = userHarness();
    user.deliver(Array.from({ length: 12 }, (_, i) => item(i + 1)));
    user.restart();
    expect(seqs(user, 7)).toEqual([8, 9, 10, 11, 12]);
    expect(user.deliver([item(12), item(13)])).toEqual({ t: 'stored', upTo: 13 });
    expect(seqs(user, 11)).toEqual([12, 13]);
  });

  it('is answered with what there is to say, and no more', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open', 'k')], qid(1));
    expect(user.deliver([questionItem(1, 'open', 'k')], qid(2))).toStrictEqual({
      t: 'stored',
      upTo: 1,
      duplicateOf: qid(1),
    });
    user.restart();
    const refused = { t: 'stored', upTo: 1, refused: 'too_many_questions' };
    for (const _ of ['once', 'again'])
      expect(user.deliver([questionItem(1, 'open', 'other', 2)], qid(3))).toStrictEqual(refused);
    user.restart();
    expect(user.deliver([item(2)], qid(3))).toEqual({ ...refused, upTo: 2 });
    expect(user.deliver([questionItem(1, 'open', undefined, 3)], qid(4))).toStrictEqual({ t: 'stored', upTo: 1 });
  });

  it('marks lost history', () => {
    const user = userHarness();
    expect(user.deliver([item(4)], qid(), { after: 3 })).toEqual({ t: 'stored', upTo: 4 });
    user.restart();
    expect(user.events().items).toMatchObject([{ seq: 1, gap: true }]);
  });

  it('STORE1 costs no row where there is none, nor does reading', () => {
    const user = userHarness();
    user.deliver([]);
    user.deliver([item(2)]);
    expect(user.events()).toEqual({ t: 'events', items: [], next: 0 });
    expect(questions(user)).toEqual({ t: 'questions', ids: [] });
    expect(user.request({ t: 'ack', user: ana, seq: 5 })).toEqual({ t: 'acked', seq: 0 });
    expect(userHarness().request({ t: 'offers', user: ana })).toEqual({ t: 'offers', items: [] });
    user.request({ t: 'missing', user: ana, cell: CELL, epoch: 1 });
    expect([...user.store.load()]).toEqual([]);
    expect(user.sent).toEqual([]);
  });
});

describe('reading at home', () => {
  it('has events in pages, questions newest first, and says so of a number that was never given', () => {
    const user = userHarness();
    user.deliver([questionItem(1, 'open'), item(2)], qid(1));
    user.advance(10);
    user.deliver([questionItem(1, 'open'), item(2), item(3)], qid(2));
    user.restart();
    expect(user.events(1, 1)).toMatchObject({ items: [{ seq: 2 }], next: 2 });
    expect(user.events(9)).toMatchObject({ items: [{ seq: 1 }, { seq: 2 }, { seq: 3 }], next: 3, reset: true });
    expect(questions(user)).toEqual({ t: 'questions', ids: [qid(2), qid(1)] });
    const first = user.request<{ next: string }>({ t: 'questions', user: ana, limit: 1 });
    expect(first).toMatchObject({ ids: [qid(2)] });
    expect(user.request({ t: 'questions', user: ana, limit: 1, after: first.next })).toEqual({
      t: 'questions',
      ids: [qid(1)],
    });
  });

  it('KEEP2 removes nothing; an acknowledgement does, durably, for one row', () => {
    const user = userHarness();
    user.deliver([item(1), item(2), item(3)]);
    expect(seqs(user)).toEqual([1, 2, 3]);
    const ack = { t: 'ack', user: ana, seq: 2 } as const;
    expect(user.written(ack)).toEqual(['meta/meta']);
    expect(user.written(ack)).toEqual([]);
    expect(user.request(ack)).toEqual({ t: 'acked', seq: 2 });
    user.restart();
    user.advance(30 * DAY_MS);
    user.restart();
    expect(seqs(user)).toEqual([3]);
    expect(user.request({ t: 'ack', user: ana, seq: 99 })).toEqual({ t: 'acked', seq: 3 });
  });
});

describe('offers at home', () => {
  const hold = (attempt: number, state: 'pending' | 'accepted' = 'pending') => ({
    offerId: oid(attempt),
    questionId: qid(),
    state,
    text: 'where?',
    point: record().point,
    distanceM: 5,
    leftMs: 30_000,
  });

  it('are the holds of the record, and change by the word of their questions, over a restart too', () => {
    const user = returned({ holds: [hold(1), hold(2), hold(3)] });
    user.deliver([offerItem(1, 'accepted', 1), offerItem(2, 'withdrawn', 2), offerItem(3, 'pending', 4)]);
    for (const _ of ['before', 'after']) {
      expect(offers(user)).toEqual([
        [oid(3), 'pending'],
        [oid(1), 'accepted'],
        [oid(4), 'pending'],
      ]);
      user.restart();
    }
  });

  it('HOLD1 are granted to the next cell as they are known now, and no older', () => {
    const user = returned({ holds: [hold(1), hold(2)] });
    user.advance(10_000);
    user.deliver([offerItem(1, 'accepted', 1)]);
    user.advance(5000);
    const { record: granted } = user.replies.get(user.claim(CELL, { seq: 2 })) as { record: { holds: unknown } };
    expect(granted.holds).toMatchObject([
      { offerId: oid(2), state: 'pending', leftMs: 15_000 },
      // Thirty seconds from when that was said.
      { offerId: oid(1), state: 'accepted', leftMs: 25_000 },
    ]);
  });

  it('are none of somebody who was never held, whatever their questions say', () => {
    const user = userHarness();
    user.deliver([offerItem(1, 'pending'), item(2)]);
    expect(offers(user)).toEqual([]);
    expect(seqs(user)).toEqual([1]);
  });
});

describe('what is known of questions, at home', () => {
  const keep = (user: UserHarness, n: number, keepMs: number) =>
    user.deliver([questionItem(1, 'open')], qid(n), { keepMs });

  it('ALARM1 is let go by an alarm when its question is long gone, and not before', () => {
    const user = userHarness();
    keep(user, 2, 9000);
    keep(user, 1, 5000);
    user.advance(4999);
    expect(questions(user)).toEqual({ t: 'questions', ids: [qid(1), qid(2)] });
    user.advance(1);
    expect(questions(user)).toEqual({ t: 'questions', ids: [qid(2)] });
    user.advance(4000);
    expect(questions(user)).toEqual({ t: 'questions', ids: [] });
    user.restart();
    expect(user.store.alarm()).toBeNull();
  });

  it('ALARM2 is let go by the next event of any kind after a lost alarm, which arms the next', () => {
    const user = userHarness();
    keep(user, 1, 5000);
    keep(user, 2, 90_000);
    user.setNow(user.now() + 10_000);
    expect(questions(user)).toEqual({ t: 'questions', ids: [qid(2)] });
    expect(user.store.alarm()).toBe(user.now() + 80_000);
  });

  it('ALARM2 has its alarm armed anew when the object is constructed and it is missing', () => {
    const user = userHarness();
    keep(user, 1, 5000);
    const due = user.store.alarm();
    user.store.commit({ rows: [], alarmAt: null });
    user.restart();
    expect(user.store.alarm()).toBe(due);
  });
});
