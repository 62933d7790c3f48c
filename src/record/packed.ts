// An inbox as a row or a message carries it.
import { type EpochMs, epochMs } from '../lib/brand.ts';
import type { Known, PackedInbox } from '../messages/records.ts';
import { earliestPurge, type Inbox, keepEvent, rememberKey } from './inbox.ts';

/** @param from what its times are counted from; absent: they stay as they are. */
export function packInbox({ lastSeq, events, known }: Inbox, from: EpochMs | 0 = 0): PackedInbox {
  return { seq: lastSeq, events: [...events.values()], known: [...known].map(([id, one]) => [id, by(one, -from)]) };
}

/** @param from what its times are counted from; absent: they are what they say. */
export function unpackInbox({ seq, events, known }: PackedInbox, from: EpochMs | 0 = 0): Inbox {
  const inbox: Inbox = {
    lastSeq: seq,
    events: new Map(events.map((event) => [event.seq, event])),
    known: new Map(known.map(([id, one]) => [id, by(one, from)])),
    bytes: 0,
    keys: new Map(),
    purgeAt: undefined,
  };
  return indexed(inbox);
}

/** What follows from what is known. */
export function indexed(inbox: Inbox): Inbox {
  // Rows of before come in the order of their keys as texts.
  const events = [...inbox.events.values()].sort((a, b) => a.seq - b.seq);
  inbox.events.clear();
  inbox.bytes = 0;
  for (const event of events) keepEvent(inbox, event);
  inbox.keys.clear();
  for (const [id, { question }] of inbox.known)
    if (question?.key !== undefined) rememberKey(inbox, question.key, id, question);
  inbox.purgeAt = earliestPurge(inbox);
  return inbox;
}

/** The same by a clock that has proved to be ahead. */
export function inboxBy(move: (time: EpochMs) => EpochMs, inbox: Inbox): Inbox {
  const known = new Map([...inbox.known].map(([id, one]) => [id, moved(one, move)]));
  return indexed({ ...inbox, known, keys: new Map() });
}

const by = (known: Known, ms: number): Known => (ms === 0 ? known : moved(known, (time) => epochMs(time + ms)));

function moved({ question, ...known }: Known, move: (time: EpochMs) => EpochMs): Known {
  return {
    ...known,
    purgeAt: move(known.purgeAt),
    question: question && {
      ...question,
      at: move(question.at),
      endedAt: question.endedAt === undefined ? undefined : move(question.endedAt),
    },
  };
}
