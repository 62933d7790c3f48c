// Records of users in the row of the cell that holds them: what is asked of them here, what their rows and messages carry, and rows of before.
import { describe, expect, it } from 'vitest';
import type { CellReply, CellRequest, RecordCalls } from '../../../src/messages/calls.ts';
import type { PackedInbox } from '../../../src/messages/records.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { ASKED, custodianOf, DAY_MS, HELD_MS, items, NOTHING, news, read } from '../support/custody.ts';
import { bob, cem, EAST, need, oid, policyWith, qid, record } from '../support/names.ts';
import { item, offerItem, questionItem } from '../support/user-harness.ts';

const seqs = (cell: CellHarness): readonly number[] => {
  const page = cell.request(read);
  return page.t === 'events' ? page.items.map(({ seq }) => seq) : [];
};
/** Waits for the first event after one; answers with its token. */
const poll = (cell: CellHarness, after = 0, user = bob): number => {
  cell.request({ ...read, user, after, waitMs: 20_000 });
  return cell.lastToken();
};

/** With two events, a question of his own and an offer. */
const custodian = (): CellHarness =>
  custodianOf(
    news([questionItem(1, 'open', 'k'), item(2), item(3)], { n: 7 }),
    news([offerItem(1, 'accepted')], { n: 8 }),
  );

describe("OWN3 a user's record lies in exactly one place that may change it", () => {
  const ANSWERS: { readonly [K in keyof RecordCalls]: unknown } = {
    deliver: { t: 'stored', upTo: 2 },
    events: { t: 'events', items: [{ seq: 1 }, { seq: 2 }], next: 2 },
    ack: { t: 'acked', seq: 2 },
    questions: { t: 'questions', ids: [qid(7, EAST)] },
    offers: { t: 'offers', items: [{ id: oid(1), state: 'accepted' }] },
  };

  it.each(Object.values(ASKED))(
    '$t: is answered where the user is held, live or lapsed, over a restart too',
    (asked) => {
      for (const msLater of [0, HELD_MS])
        for (const crashes of [false, true]) {
          const cell = custodian();
          cell.advance(msLater);
          if (crashes) cell.restart();
          expect(cell.resident(bob)?.phase).toBe(msLater === 0 ? 'live' : 'lapsed');
          for (const more of [{}, { epoch: 4 }, { epoch: 3 }])
            expect(cell.request({ ...asked, ...more })).toMatchObject(ANSWERS[asked.t] as object);
        }
    },
  );

  it.each<[string, (cell: CellHarness) => void, number | undefined, boolean]>([
    ['a row that was never here, on a guess', (cell) => cell.request({ t: 'load' }), undefined, false],
    ['a row that was never here, at an epoch', (cell) => cell.request({ t: 'load' }), 4, true],
    ['a row that was forgotten', (cell) => held(cell, true), 4, true],
    ['a frozen row', (cell) => held(cell), undefined, false],
    ['a frozen row of this epoch', (cell) => held(cell), 4, false],
    ['a frozen row of a later epoch', (cell) => held(cell), 3, false],
    ['a frozen row of an earlier epoch', (cell) => held(cell), 5, true],
    ['a claim on its way', (cell) => cell.ping(bob), 4, true],
  ])('is not here, and is said to be missing where an epoch has no row: %s', (_, before, epoch, missing) => {
    const cell = cellHarness({ manual: ['claim'] });
    before(cell);
    const rows = cell.rows('users');
    for (const asked of Object.values(ASKED)) {
      const request = { ...asked, ...(epoch === undefined ? {} : { epoch }) };
      expect(cell.request(request), asked.t).toEqual({ t: 'not_here', missing });
      // Nor does anybody wait for what will not come.
      if (asked.t === 'events')
        expect(cell.request({ ...request, waitMs: 20_000 } as CellRequest)).toMatchObject({ missing });
    }
    expect(cell.rows('users')).toEqual(rows);
  });

  function held(cell: CellHarness, isForgotten = false): void {
    cell.ping(bob);
    cell.answer('claim', { t: 'granted', epoch: 4, record: record({ inbox: NOTHING }) });
    cell.request({ t: 'recall', user: bob, epoch: 4 });
    if (isForgotten) cell.request({ t: 'forget', user: bob, epoch: 4, left: true });
  }

  it('goes with the record that a recall is answered with, its times as durations', () => {
    const cell = custodian();
    cell.advance(5000);
    const reply = cell.request({ t: 'recall', user: bob, epoch: 4 });
    const { inbox } = (reply as Extract<CellReply, { t: 'record' }>).record;
    expect(inbox?.seq).toBe(2);
    expect(inbox?.events.map(({ seq }) => seq)).toEqual([1, 2]);
    const known = new Map(inbox?.known);
    expect(known.get(qid(7, EAST))).toMatchObject({
      n: 3,
      purgeAt: 2 * DAY_MS - 5000,
      question: { state: 'open', key: 'k', at: -5000 },
    });
  });

  it('comes with the record that a claim is granted, its times by the clock here', () => {
    const inbox: PackedInbox = {
      seq: 5,
      events: [{ seq: 5, type: 'question.dormant', at: 'then', data: { question: { id: qid(7, EAST) } as never } }],
      known: [
        [qid(7, EAST), { incarnation: 1, n: 2, purgeAt: 60_000 as never, question: undefined }],
        [
          qid(8, EAST),
          {
            incarnation: 1,
            n: 1,
            purgeAt: 90_000 as never,
            question: { state: 'open', key: 'k', at: -5000 as never, endedAt: undefined },
          },
        ],
      ],
    };
    const cell = cellHarness({ manual: ['claim'] });
    cell.ping(bob, { ttlMs: HELD_MS });
    cell.advance(1000);
    cell.answer('claim', { t: 'granted', epoch: 2, record: record({ inbox }) });
    expect(seqs(cell)).toEqual([5]);
    expect(cell.inbox(bob)?.known.get(qid(8, EAST))?.question?.at).toBe(cell.now() - 5000);
    expect(cell.request(news(items(2, 3), { n: 7 })), 'what it knows is ignored').toEqual({ t: 'stored', upTo: 3 });
    expect(seqs(cell)).toEqual([5, 6]);
    // The first question of the key is known wherever the record came from.
    expect(cell.request(news([questionItem(1, 'open', 'k')], { n: 9 }))).toMatchObject({ duplicateOf: qid(8, EAST) });
    cell.advance(60_000);
    cell.request(news(items(1, 1), { n: 10 }));
    expect([...(cell.inbox(bob)?.known.keys() ?? [])], 'and what is long over is let go').not.toContain(qid(7, EAST));
  });

  it('PROF1 a frozen row is newer than the copy that a grant of its epoch brings', () => {
    const cell = custodian();
    cell.request({ t: 'recall', user: bob, epoch: 4 });
    cell.ping(bob, { seq: 3, profile: { topics: ['aid'] } });
    const copy = record({ inbox: NOTHING, reputation: 0.9 });
    cell.answer('claim', { t: 'granted', epoch: 4, record: copy });
    expect(cell.resident(bob)).toMatchObject({
      phase: 'live',
      epoch: 4,
      reputation: 0.5,
      profile: { topics: ['aid'] },
    });
    expect(seqs(cell)).toEqual([1, 2]);
    expect(cell.request(news([item(3)], { n: 7 })), 'known already').toEqual({ t: 'stored', upTo: 3 });
  });

  it('a grant of a later epoch brings all that is known', () => {
    const cell = custodian();
    cell.request({ t: 'recall', user: bob, epoch: 4 });
    cell.ping(bob, { seq: 3 });
    const event = { seq: 3, type: 'question.dormant', at: 'then', data: { question: {} as never } } as const;
    const inbox = { seq: 3, events: [event], known: [] } as const;
    cell.answer('claim', { t: 'granted', epoch: 5, record: record({ inbox }) });
    expect(seqs(cell)).toEqual([3]);
  });
});

describe('KEEP2 news that comes to a record here', () => {
  it('is taken once, in order: what is known is ignored, at a gap it stops, and a row is written for what is new alone', () => {
    const cell = custodian();
    const rows = (request: CellRequest): readonly [CellReply, number] => {
      const before = cell.store.rowsWritten();
      const reply = cell.request(request);
      return [reply, cell.store.rowsWritten() - before];
    };
    expect(rows(news(items(1, 2)))).toEqual([{ t: 'stored', upTo: 2 }, 1]);
    expect(rows(news(items(1, 2)))).toEqual([{ t: 'stored', upTo: 2 }, 0]);
    expect(rows(news(items(4, 5)))).toEqual([{ t: 'stored', upTo: 2 }, 0]);
    expect(rows(news(items(2, 4)))).toEqual([{ t: 'stored', upTo: 4 }, 1]);
    expect(seqs(cell)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(cell.gaps(bob)).toEqual([]);
  });

  it('what was acknowledged and is not known was lost with a disk: what comes next says so', () => {
    const cell = custodian();
    expect(cell.request(news(items(3, 4), { after: 2 }))).toEqual({ t: 'stored', upTo: 4 });
    expect(cell.gaps(bob)).toEqual([3]);
  });

  it('is stored before it is acknowledged, and shown on the sockets of who is connected', () => {
    const cell = cellHarness();
    cell.connect(bob);
    cell.ping(cem);
    const token = 900;
    const effects = cell.step({ t: 'request', envelope: { request: news(items(1, 2)) }, token });
    expect(effects.rows.map(({ table, key }) => `${table}/${key}`)).toEqual([`users/${bob}`]);
    expect(effects.replies).toEqual([{ token, value: { t: 'stored', upTo: 2 } }]);
    expect(effects.frames).toMatchObject([
      { user: bob, frame: { t: 'event', seq: 1, type: 'question.dormant' }, close: false },
      { user: bob, frame: { t: 'event', seq: 2 }, close: false },
    ]);
    cell.request(news(items(1, 1), { user: cem }));
    cell.request(news(items(1, 2)));
    expect(cell.frames, 'nobody sees one twice, nor what is for others').toHaveLength(2);
  });

  it('HOLD1 of a live offer that has no hold here takes its slot anew, once', () => {
    const cell = custodian();
    const held = () => [...(cell.resident(bob)?.holds.values() ?? [])].map(({ offerId, state }) => [offerId, state]);
    expect(held()).toEqual([[oid(1), 'accepted']]);
    cell.request(news([offerItem(1, 'pending', 1, 5)], { n: 5 }));
    expect(held()).toEqual([
      [oid(1), 'accepted'],
      [oid(1, 5), 'pending'],
    ]);
    // Of what had ended by then nothing is held, however it began.
    cell.request(news([offerItem(1, 'pending', 1, 6), offerItem(2, 'withdrawn', 1, 6)], { n: 6 }));
    expect(held()).toHaveLength(2);
    cell.request(news([offerItem(1, 'expired', 1, 9)], { n: 9 }));
    expect(held()).toHaveLength(2);
    cell.restart();
    expect(held()).toHaveLength(2);
    cell.request({ t: 'scout', need: need(), policy: policyWith(), limit: 5 });
    expect(cell.request(ASKED.offers)).toMatchObject({ items: [{ id: oid(1) }, { id: oid(1, 5) }] });
  });
});

describe('KEEP2 a long poll', () => {
  it('is answered by the step that brings news, after one that brings none, each waiter once', () => {
    const cell = custodian();
    const [early, other] = [poll(cell, 2), poll(cell, 2)];
    cell.request(news([{ n: 1 }], { n: 11 }));
    cell.ping(bob, { seq: 3 });
    expect([early, other].map((token) => cell.replies.get(token))).toEqual([undefined, undefined]);
    cell.request(news([item(2)], { n: 11 }));
    const late = poll(cell, 3);
    expect(cell.replies.get(early)).toMatchObject({ t: 'events', items: [{ seq: 3 }], next: 3 });
    expect(cell.replies.get(other)).toEqual(cell.replies.get(early));
    expect(cell.state().waiters).toEqual([{ token: late, user: bob, after: 3, limit: 1000 }]);
    cell.request(news([item(3)], { n: 11 }));
    expect(cell.replies.get(late)).toMatchObject({ items: [{ seq: 4 }] });
  });

  it('is not one where there is news already, or where its client knows of more than there ever was', () => {
    const cell = custodian();
    expect(cell.replies.get(poll(cell))).toMatchObject({ t: 'events', next: 2 });
    expect(cell.replies.get(poll(cell, 99))).toMatchObject({
      t: 'events',
      items: [{ seq: 1 }, { seq: 2 }],
      reset: true,
    });
    cell.request(ASKED.ack);
    expect(cell.replies.get(poll(cell)), 'what was acknowledged is no news').toBeUndefined();
  });

  it('that has waited long enough is answered empty, and one that was answered is not answered again', () => {
    const cell = custodian();
    const [first, second] = [poll(cell, 2), poll(cell, 2)];
    cell.step({ t: 'waited', token: first });
    expect(cell.replies.get(first)).toEqual({ t: 'events', items: [], next: 2 });
    cell.request(news(items(1, 1)));
    cell.step({ t: 'waited', token: second });
    cell.step({ t: 'waited', token: 4711 });
    expect(cell.replies.get(second)).toMatchObject({ items: [{ seq: 3 }] });
  });

  it.each<[string, (cell: CellHarness) => void, boolean]>([
    ['is recalled', (cell) => cell.request({ t: 'recall', user: bob, epoch: 4 }), true],
    ['is forgotten', (cell) => cell.request({ t: 'forget', user: bob, epoch: 4 }), true],
    [
      'goes home after a day',
      (cell) => {
        cell.advance(DAY_MS);
        cell.ping(cem);
        cell.advance(HELD_MS);
      },
      true,
    ],
    ['goes home with its city', (cell) => cell.request({ t: 'dissolve', version: 99 }), false],
  ])('OWN3 is sent on in the step in which its record %s', (_, leave, staysForOthers) => {
    const cell = custodian();
    cell.ping(cem);
    cell.answer('claim', { t: 'granted', epoch: 1, record: record({ inbox: NOTHING }) });
    const [bobs, cems] = [poll(cell, 2), poll(cell, 0, cem)];
    leave(cell);
    expect(cell.replies.get(bobs)).toEqual({ t: 'not_here', missing: false });
    expect(cell.replies.get(cems)).toEqual(staysForOthers ? undefined : { t: 'not_here', missing: false });
  });

  it('waits on while the lease ends, and is lost with the object', () => {
    const cell = custodian();
    const waits = poll(cell, 2);
    cell.advance(HELD_MS);
    expect(cell.resident(bob)?.phase).toBe('lapsed');
    expect(cell.replies.get(waits)).toBeUndefined();
    cell.restart();
    cell.request(news(items(1, 1)));
    expect(cell.replies.get(waits), 'its caller calls again').toBeUndefined();
  });
});
