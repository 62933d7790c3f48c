// What questions have told goes with the user: to the cell with the grant, and home with the record.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EpochMs, plusMs } from '../../../src/lib/brand.ts';
import type { UserReply } from '../../../src/messages/calls.ts';
import type { StreamItem, UserRecord } from '../../../src/messages/records.ts';
import type { CellId } from '../../../src/protocol/ids.ts';
import { acknowledge, eventsAfter, type Inbox, takeNews } from '../../../src/record/inbox.ts';
import { packInbox, unpackInbox } from '../../../src/record/packed.ts';
import { ana, CELL, EAST, qid, record, START, WEST } from '../support/names.ts';
import { item, questionItem, type UserHarness, userHarness } from '../support/user-harness.ts';

const DWELL_MS = 2000;
const KEEP_MS = 600_000;
const handed = { session: '', transfer: 1 } as const;
const leave = { t: 'leave', user: ana } as const;
const home = (sent: UserRecord, epoch = 1, cell = CELL) =>
  ({ t: 'returnRecord', user: ana, cell, epoch, session: 's', record: sent }) as const;
const granted = (user: UserHarness, token: number): UserRecord => {
  const reply = user.replies.get(token) as UserReply<'claim'>;
  if (reply.t !== 'granted' || reply.record === null) throw new Error(`${reply.t}, not granted`);
  return reply.record;
};

/** Asked a question before anybody held them, and has two events. */
function asked(): UserHarness {
  const user = userHarness();
  user.deliver([questionItem(1, 'open', 'k'), item(2), item(3)], qid(), { keepMs: KEEP_MS });
  return user;
}
/** What a cell makes of what it was granted: one event more, and the first is acknowledged. */
function goneOn(sent: UserRecord, now: EpochMs): UserRecord {
  const inbox = unpackInbox(sent.inbox ?? { seq: 0, events: [], known: [] }, now);
  takeNews(inbox, { questionId: qid(), incarnation: 1, keepMs: KEEP_MS, items: [item(4)] }, now);
  acknowledge(inbox, 1);
  return { ...sent, inbox: packInbox(inbox, now) };
}

describe('a grant', () => {
  it('OWN3 carries the inbox, with times that are counted from then', () => {
    const user = asked();
    user.advance(5000);
    expect(granted(user, user.claim(CELL)).inbox).toMatchObject({
      seq: 2,
      events: [{ seq: 1 }, { seq: 2 }],
      known: [[qid(), { n: 3, purgeAt: KEEP_MS - 5000, question: { key: 'k', at: -5000 } }]],
    });
  });

  it('PROF1 of a newcomer has the defaults, and what was told them before anybody held them', () => {
    const newcomer = {
      v: 1,
      profile: { topics: [], languages: [], capacity: 1 },
      point: { lat: 0, lng: 0 },
      pointAgeMs: 0,
      leaseLeftMs: 0,
      idleMs: 24 * 3_600_000,
      coolLeftMs: 0,
      reputation: 0.5,
      pseudonym: 'u-1',
      blocked: [],
      holds: [],
    };
    const empty = { seq: 0, events: [], known: [] };
    const nobody = userHarness();
    expect(granted(nobody, nobody.claim(CELL))).toEqual({ ...newcomer, inbox: empty });
    const user = asked();
    expect(granted(user, user.claim(CELL))).toMatchObject({ ...newcomer, inbox: { seq: 2 } });
  });

  it('CLAIM2 that is repeated carries what it carried, as much older', () => {
    const user = asked();
    const first = granted(user, user.claim(CELL, { seq: 1 }));
    user.advance(1000);
    user.restart();
    for (const again of [{ seq: 1 }, { transfer: 0 }]) {
      const { inbox } = granted(user, user.claim(CELL, again));
      expect(inbox).toMatchObject({ seq: first.inbox?.seq, events: first.inbox?.events });
      expect(inbox?.known[0]?.[1]).toMatchObject({ purgeAt: KEEP_MS - 1000, question: { at: -1000 } });
    }
  });

  it('ALARM1 leaves nothing to do here: what is to be let go is the cell’s to let go', () => {
    const user = asked();
    user.claim(CELL);
    user.advance(KEEP_MS + 1);
    expect(user.state().inbox.known.size).toBe(1);
    user.restart();
    expect(user.store.alarm()).toBeNull();
  });
});

describe('OWN3 a record that comes home', () => {
  it.each(['returned', 'recalled for a leave'])('brings the inbox back, %s, over a restart too', (how) => {
    const user = asked();
    const sent = goneOn(granted(user, user.claim(CELL)), user.now());
    user.advance(3000);
    if (how === 'returned') user.request(home(sent));
    else {
      user.ask(leave);
      user.answer('recall', { t: 'record', record: sent });
    }
    user.restart();
    expect(user.events()).toMatchObject({ items: [{ seq: 2 }, { seq: 3 }], next: 3 });
    expect(user.deliver([item(4), item(5)])).toEqual({ t: 'stored', upTo: 5 });
    expect(user.deliver([questionItem(1, 'open', 'k')], qid(2))).toMatchObject({ duplicateOf: qid() });
    expect(user.state().meta?.record, 'it lies in one place').not.toHaveProperty('inbox');
  });

  it('has times that are counted from when it came', () => {
    const user = asked();
    const sent = granted(user, user.claim(CELL));
    user.advance(3000);
    user.request(home(sent));
    expect(user.state().inbox.known.get(qid())).toMatchObject({
      purgeAt: START + 3000 + KEEP_MS,
      question: { at: START + 3000 },
    });
    user.advance(KEEP_MS - 1);
    expect(user.state().inbox.known.size).toBe(1);
    user.advance(1);
    expect(user.state().inbox.known.size).toBe(0);
  });

  it('ALARM1 lets go of what is over by then at once', () => {
    const user = asked();
    const sent = granted(user, user.claim(CELL));
    const known = sent.inbox?.known.map(([id, one]) => [id, { ...one, purgeAt: -1 as EpochMs }] as const);
    user.request(home(record({ inbox: { seq: 2, events: [], known: known ?? [] } })));
    user.advance(0);
    expect(user.state().inbox.known.size).toBe(0);
  });

  it('goes on with a grant to the next cell, as that record has it', () => {
    for (const claim of [{ seq: 2 }, handed]) {
      const user = asked();
      const sent = goneOn(granted(user, user.claim(CELL, { seq: 1 })), user.now());
      user.advance(DWELL_MS);
      const east = user.claim(EAST, claim);
      user.answer('recall', { t: 'record', record: sent });
      expect(granted(user, east).inbox).toEqual(sent.inbox);
    }
  });

  it('that was sent before, by another cell or at another epoch changes nothing', () => {
    const user = asked();
    const sent = goneOn(granted(user, user.claim(CELL)), user.now());
    user.request(home(sent, 1, EAST));
    user.request(home(sent, 2));
    expect(user.state().inbox.lastSeq).toBe(2);
    user.request(home(sent));
    user.deliver([item(5)]);
    user.request(home(sent));
    expect(user.state().inbox.lastSeq).toBe(4);
  });

  it('that no cell has is the copy of what was granted', () => {
    const user = asked();
    user.claim(CELL);
    user.advance(DWELL_MS);
    const east = user.claim(EAST);
    user.answer('recall', { t: 'no_row' });
    expect(granted(user, east).inbox).toMatchObject({ seq: 2, events: [{ seq: 1 }, { seq: 2 }] });
    user.ask(leave);
    user.answer('recall', { t: 'no_row' });
    expect(user.events().items).toHaveLength(2);
  });
});

describe('OWN3 KEEP2 wherever the record lies', () => {
  /** A cell that holds the user: it takes news and reads as custodians do, and has the record on its disk. */
  type Held = { readonly cell: CellId; readonly record: UserRecord; readonly inbox: Inbox };
  const act = fc.oneof(
    fc.record({
      t: fc.constant('deliver' as const),
      q: fc.integer({ min: 1, max: 3 }),
      count: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ t: fc.constant('ack' as const), count: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ t: fc.constant('claim' as const), cell: fc.constantFrom(CELL, EAST, WEST) }),
    fc.record({ t: fc.constantFrom('leave' as const, 'return' as const, 'restart' as const) }),
  );

  it('each event of each question comes exactly once and in order', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const user = userHarness();
        let held: Held | undefined;
        const told = new Map<number, number>();
        const read: number[] = [];
        const given = (): UserRecord =>
          ({ ...held?.record, inbox: held && packInbox(held.inbox, user.now()) }) as UserRecord;
        const recalled = (): void => {
          if (!user.open.some(({ request }) => request.t === 'recall')) return;
          user.answer('recall', { t: 'record', record: given() });
          held = undefined;
        };
        const take = (q: number, items: readonly StreamItem[]): number => {
          const reply = user.deliver(items, qid(q)) as UserReply<'deliver'>;
          if (reply.t === 'stored') return reply.upTo;
          expect(reply).toEqual({ t: 'elsewhere', cell: held?.cell, epoch: user.state().meta?.epoch });
          const news = { questionId: qid(q), incarnation: 1, keepMs: KEEP_MS, items };
          return takeNews((held as Held).inbox, news, user.now()).upTo;
        };
        for (const one of acts) {
          if (one.t === 'restart') user.restart();
          else if (one.t === 'leave') {
            user.ask(leave);
            recalled();
          } else if (one.t === 'return' && held !== undefined) {
            user.request(home(given(), user.state().meta?.epoch, held.cell));
            held = undefined;
          } else if (one.t === 'claim' && one.cell !== held?.cell) {
            user.setNow(plusMs(user.now(), DWELL_MS));
            const token = user.claim(one.cell);
            recalled();
            const sent = granted(user, token);
            held = {
              cell: one.cell,
              record: sent,
              inbox: unpackInbox(sent.inbox ?? (record().inbox as never), user.now()),
            };
          } else if (one.t === 'deliver') {
            const before = told.get(one.q) ?? 0;
            // The last one again, as if its answer had been lost.
            const from = Math.max(1, before);
            const upTo = before + one.count;
            const items = Array.from({ length: upTo - from + 1 }, (_, i) => item(from + i));
            expect(take(one.q, items)).toBe(upTo);
            told.set(one.q, upTo);
          } else if (one.t === 'ack') {
            const inbox = held?.inbox ?? user.state().inbox;
            const page = eventsAfter(inbox, 0, one.count).items.map(({ seq }) => seq);
            read.push(...page);
            if (held !== undefined) acknowledge(inbox, page.at(-1) ?? 0);
            else user.request({ t: 'ack', user: ana, seq: page.at(-1) ?? 0 });
          }
        }
        read.push(...(held?.inbox ?? user.state().inbox).events.keys());
        const total = [...told.values()].reduce((sum, n) => sum + n, 0);
        expect(read).toEqual(Array.from({ length: total }, (_, i) => i + 1));
      }),
      { numRuns: 80 },
    );
  });
});
