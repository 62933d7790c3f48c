// How long an inbox may be: what is beyond the bound is kept without its texts, and nothing is lost.
import { describe, expect, it } from 'vitest';
import { ROW_BYTES_MAX } from '../../../src/engine/rows.ts';
import { utf8Length } from '../../../src/lib/text.ts';
import type { StreamItem } from '../../../src/messages/records.ts';
import {
  ANSWERS_WANTED_MAX,
  CAPACITY_MAX,
  INBOX_BYTES_MAX,
  INBOX_MAX,
  TEXT_LENGTH_MAX,
} from '../../../src/protocol/limits.ts';
import type { OfferView, QuestionNews } from '../../../src/protocol/views.ts';
import { packInbox } from '../../../src/record/packed.ts';
import { type InboxHarness, inboxHarness } from '../support/inbox-harness.ts';
import { oid, qid, START } from '../support/names.ts';
import { item, offerItem } from '../support/user-harness.ts';

const TEXT = '€'.repeat(TEXT_LENGTH_MAX);
const AT = '2026-11-20T00:00:00.000Z';
const NEWS: QuestionNews = {
  id: qid(),
  state: 'matched',
  lat: 37.77,
  lng: -122.42,
  radiusM: 1000,
  answersWanted: 50,
  offersPending: 10,
  offersAccepted: 10,
  offersAnswered: 10,
  attempts: 100,
  wakeAt: AT,
  createdAt: AT,
  expiresAt: AT,
  cell: '9q8yy' as QuestionNews['cell'],
};
const made = (n: number): StreamItem => ({
  n,
  event: { type: 'offer.made', at: AT, data: { ...(offerItem(1, 'pending').offer?.view as OfferView), text: TEXT } },
});
const answered = (n: number): StreamItem => ({
  n,
  event: {
    type: 'question.answered',
    at: AT,
    data: { question: NEWS, offerId: oid(1), answer: { offerId: oid(1), text: TEXT, at: AT } },
  },
});
/** Long enough that nothing long fits any more. */
function full(inbox: InboxHarness): void {
  for (let n = 1; inbox.inbox().bytes + 7000 <= INBOX_BYTES_MAX; n++) inbox.deliver([made(n)], qid(9));
}
const last = (inbox: InboxHarness) => [...inbox.inbox().events.values()].at(-1);

describe('BOUND2 an inbox', () => {
  it('has the texts of its events, up to the bound', () => {
    const inbox = inboxHarness();
    full(inbox);
    for (const event of inbox.inbox().events.values()) {
      expect(event).not.toHaveProperty('cut');
      expect(event.data).toMatchObject({ text: TEXT });
    }
    expect(inbox.inbox().bytes).toBeLessThanOrEqual(INBOX_BYTES_MAX);
  });

  it('keeps what is beyond without its text, and says so', () => {
    const inbox = inboxHarness();
    full(inbox);
    inbox.deliver([made(1)], qid(1));
    expect(last(inbox)).toEqual({ seq: last(inbox)?.seq, ...made(1).event, cut: true, data: expect.anything() });
    expect(last(inbox)?.data).toEqual({ ...made(1).event?.data, text: '' });
    const { events } = inbox.deliver([answered(1)], qid(2));
    expect(events).toMatchObject([{ cut: true, data: { question: NEWS, answer: { text: '', at: AT } } }]);
    inbox.deliver([item(1), item(2)], qid(3));
    expect(last(inbox), 'it has none').not.toHaveProperty('cut');
    inbox.restart();
    inbox.travel(START);
  });

  it('has whole events again once there is room', () => {
    const inbox = inboxHarness();
    full(inbox);
    inbox.deliver([made(1)], qid(1));
    inbox.ack(3);
    inbox.deliver([made(2)], qid(1));
    expect(last(inbox)).not.toHaveProperty('cut');
    expect(last(inbox)?.data).toMatchObject({ text: TEXT });
    expect(inbox.inbox().bytes).toBeLessThanOrEqual(INBOX_BYTES_MAX);
  });

  it('marks what was lost before an event that has no room', () => {
    const inbox = inboxHarness();
    full(inbox);
    expect(inbox.deliver([made(6)], qid(1), { after: 5 }).events).toMatchObject([{ gap: true, cut: true }]);
  });

  it('takes no event beyond what fits into a row with everything else; what is owed then waits, and comes once there is room', () => {
    const inbox = inboxHarness();
    for (let n = 1; n <= INBOX_MAX; n++) inbox.deliver([made(n)], qid(1));
    const all = Array.from({ length: 2 * ANSWERS_WANTED_MAX }, (_, i) => answered(i + 1));
    const upTo = new Map<number, number>();
    const rest = (): number => [...upTo.values()].reduce((sum, n) => sum + all.length - n, 0);
    for (let q = 2; q <= 40; q++) upTo.set(q, inbox.deliver(all, qid(q)).upTo);
    expect(rest()).toBeGreaterThan(1000);
    // A hundred holds have their texts beside it.
    const holds = CAPACITY_MAX * (utf8Length(TEXT) + 500);
    expect(utf8Length(JSON.stringify(packInbox(inbox.inbox()))) + holds).toBeLessThan(ROW_BYTES_MAX);
    expect(inbox.deliver([offerItem(257, 'accepted')], qid(1)).stored, 'what adds nothing is taken').toBe(1);
    for (let before = rest(); before > 0; before = rest()) {
      inbox.ack(inbox.inbox().lastSeq);
      for (const [q, n] of upTo) upTo.set(q, inbox.deliver(all, qid(q)).upTo ?? n);
      expect(rest()).toBeLessThan(before);
    }
    expect(inbox.inbox().lastSeq).toBe(INBOX_MAX + 39 * all.length);
  });
});
