// What a user's record keeps of questions, under test: on a clock that the test moves, on the disk and on its way.
import { expect } from 'vitest';
import { type EpochMs, plusMs } from '../../../src/lib/brand.ts';
import { utf8Length } from '../../../src/lib/text.ts';
import type { PackedInbox, StreamItem } from '../../../src/messages/records.ts';
import type { QuestionId } from '../../../src/protocol/ids.ts';
import {
  acknowledge,
  emptyInbox,
  eventsAfter,
  type Inbox,
  type News,
  purge,
  type Taken,
  takeNews,
} from '../../../src/record/inbox.ts';
import { packInbox, unpackInbox } from '../../../src/record/packed.ts';
import { qid, START } from './names.ts';

export type InboxHarness = ReturnType<typeof inboxHarness>;

export function inboxHarness() {
  let inbox = emptyInbox();
  let now: EpochMs = START;

  return {
    inbox: () => inbox,
    now: () => now,
    deliver: (items: readonly StreamItem[], questionId: QuestionId = qid(), more: Partial<News> = {}): Taken => {
      const taken = takeNews(inbox, { questionId, incarnation: 1, keepMs: 600_000, ...more, items }, now);
      checkInbox(inbox);
      return taken;
    },
    ack: (seq: number): number => acknowledge(inbox, seq),
    /** The numbers of all events after one. */
    seqs: (after = 0): readonly number[] => eventsAfter(inbox, after, 1000).items.map(({ seq }) => seq),
    advance: (ms: number): void => {
      now = plusMs(now, ms);
      purge(inbox, now);
      checkInbox(inbox);
    },
    setNow: (to: EpochMs): void => {
      now = to;
    },
    /** To the disk and back. */
    restart: (): void => {
      const was = sorted(inbox);
      inbox = unpackInbox(sent(packInbox(inbox)));
      expect(sorted(inbox), 'after a restart').toEqual(was);
      checkInbox(inbox);
    },
    /** To another object, whose clock says `to`. */
    travel: (to: EpochMs): void => {
      inbox = unpackInbox(sent(packInbox(inbox, now)), to);
      now = to;
      checkInbox(inbox);
    },
  };
}

/** What is true of every inbox. */
export function checkInbox({ events, bytes, lastSeq, known, keys, purgeAt }: Inbox): void {
  const seqs = [...events.keys()].sort((a, b) => a - b);
  expect(seqs, 'the inbox has no gap').toEqual(seqs.map((_, i) => lastSeq - seqs.length + 1 + i));
  // Each is followed by a comma, or by the bracket that closes the list.
  const length = utf8Length(JSON.stringify([...events.values()])) - 1;
  expect(bytes, 'how long the events are').toBe(events.size === 0 ? 0 : length);
  const purges = [...known.values()].map((one) => one.purgeAt);
  expect(purgeAt, 'the next purge').toBe(purges.length === 0 ? undefined : Math.min(...purges));
  for (const [key, id] of keys) expect(known.get(id)?.question?.key, 'who has a key').toBe(key);
}

/** In an order that depends on nothing but what it says. */
export function sorted(inbox: Inbox): PackedInbox {
  const { seq, events, known } = packInbox(inbox);
  return {
    seq,
    events: [...events].sort((a, b) => a.seq - b.seq),
    known: [...known].sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}

/** As a message, or a row, has it. */
const sent = (packed: PackedInbox): PackedInbox => JSON.parse(JSON.stringify(packed));
