// Idempotency keys: the first question of a key keeps it, and the later one is told of it.
import { describe, expect, it } from 'vitest';
import { packInbox, unpackInbox } from '../../../src/record/packed.ts';
import { inboxHarness } from '../support/inbox-harness.ts';
import { qid, START } from '../support/names.ts';
import { item, questionItem } from '../support/user-harness.ts';

const opened = (key?: string) => [questionItem(1, 'open', key)];
const FIRST = { upTo: 1, duplicateOf: undefined };

describe('a key', () => {
  it('ONCE1 belongs to its first question: a later one is told which that is, again and after a restart', () => {
    const inbox = inboxHarness();
    expect(inbox.deliver(opened('k'), qid(2))).toMatchObject(FIRST);
    inbox.advance(5);
    expect(inbox.deliver(opened('k'), qid(1))).toMatchObject({ upTo: 1, duplicateOf: qid(2) });
    inbox.restart();
    expect(inbox.deliver(opened('k'), qid(1))).toMatchObject({ upTo: 1, duplicateOf: qid(2) });
    expect(inbox.deliver([item(2)], qid(2))).toMatchObject({ upTo: 2, duplicateOf: undefined });
  });

  it('ONCE1 of two in the same millisecond the first one stored keeps it, whatever their ids', () => {
    const inbox = inboxHarness();
    expect(inbox.deliver(opened('k'), qid(2))).toMatchObject(FIRST);
    expect(inbox.deliver(opened('k'), qid(1))).toMatchObject({ duplicateOf: qid(2) });
    expect(inbox.deliver(opened('k'), qid(3))).toMatchObject({ duplicateOf: qid(2) });
    inbox.restart();
    expect(inbox.deliver([item(2)], qid(2))).toMatchObject({ upTo: 2, duplicateOf: undefined });
    expect(inbox.deliver([item(2)], qid(1))).toMatchObject({ duplicateOf: qid(2) });
  });

  it('ONCE1 other keys, and no key, are nobody’s duplicates', () => {
    const inbox = inboxHarness();
    inbox.deliver(opened('k'), qid(1));
    expect(inbox.deliver(opened('other'), qid(2))).toMatchObject(FIRST);
    inbox.deliver(opened(), qid(3));
    expect(inbox.deliver(opened(), qid(4))).toMatchObject(FIRST);
  });

  it('ONCE1 is kept after its question ended, and free when that is forgotten', () => {
    const inbox = inboxHarness();
    inbox.deliver([...opened('k'), questionItem(2, 'answered')], qid(1), { keepMs: 1000 });
    expect(inbox.deliver(opened('k'), qid(2), { keepMs: 1000 })).toMatchObject({ duplicateOf: qid(1) });
    inbox.advance(1000);
    expect(inbox.deliver(opened('k'), qid(3))).toMatchObject(FIRST);
  });

  it('ONCE1 is kept when a later question is forgotten first, and free of one that is forgotten, whoever asks', () => {
    const inbox = inboxHarness();
    inbox.deliver(opened('k'), qid(1), { keepMs: 5000 });
    inbox.deliver(opened('k'), qid(2), { keepMs: 1000 });
    inbox.deliver(opened('k'), qid(3), { keepMs: 9000 });
    inbox.advance(1000);
    expect(inbox.deliver(opened('k'), qid(4), { keepMs: 1000 })).toMatchObject({ duplicateOf: qid(1) });
    inbox.advance(4000);
    expect(inbox.deliver([item(2)], qid(3))).toMatchObject({ upTo: 2, duplicateOf: undefined });
  });

  it('ONCE1 of two that came after the first in one millisecond the same one has it, in whatever order they are read', () => {
    const inbox = inboxHarness();
    inbox.deliver(opened('k'), qid(3), { keepMs: 1000 });
    inbox.deliver(opened('k'), qid(1), { keepMs: 9000 });
    inbox.deliver(opened('k'), qid(2), { keepMs: 9000 });
    inbox.advance(1000);
    const packed = packInbox(inbox.inbox());
    for (const known of [packed.known, packed.known.toReversed()])
      expect(unpackInbox({ ...packed, known }).keys.get('k')).toBe(qid(1));
  });

  it('ONCE1 is the first one’s, in whatever order they are read', () => {
    const inbox = inboxHarness();
    inbox.deliver(opened('k'), qid(2));
    inbox.advance(5);
    inbox.deliver(opened('k'), qid(1));
    const packed = packInbox(inbox.inbox());
    for (const known of [packed.known, packed.known.toReversed()])
      expect(unpackInbox({ ...packed, known }).keys.get('k')).toBe(qid(2));
  });

  it('ONCE1 stays with its question on the way to another object, whatever that one’s clock says', () => {
    for (const ms of [-3_600_000, 0, 3_600_000]) {
      const inbox = inboxHarness();
      inbox.deliver(opened('k'), qid(2));
      inbox.travel((START + ms) as typeof START);
      expect(inbox.deliver(opened('k'), qid(1))).toMatchObject({ duplicateOf: qid(2) });
    }
  });
});
