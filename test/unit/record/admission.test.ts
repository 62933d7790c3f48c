// How many questions a user may have open: what counts, what frees a place, and what is let through all the same.
import { describe, expect, it } from 'vitest';
import { INBOX_MAX } from '../../../src/protocol/limits.ts';
import { refuseOneMore } from '../../../src/record/admission.ts';
import { type InboxHarness, inboxHarness } from '../support/inbox-harness.ts';
import { qid } from '../support/names.ts';
import { item, questionItem } from '../support/user-harness.ts';

const refuse = (inbox: InboxHarness, n: number, openMax = 3) => refuseOneMore(inbox.inbox(), qid(n), openMax);
/** The first item of a question, as it is delivered by where it was asked. */
const register = (inbox: InboxHarness, n: number, openMax = 3, key?: string) =>
  inbox.deliver([questionItem(1, 'open', key, openMax)], qid(n));
const end = (inbox: InboxHarness, n: number) => inbox.deliver([questionItem(2, 'cancelled')], qid(n));
const full = (openMax = 3) => ({ code: 'too_many_questions', more: { limit: 'question.openMax', most: openMax } });
const LET = { upTo: 1, refused: undefined };
const REFUSED = { upTo: 1, refused: 'too_many_questions' };

describe('OPEN1 a user', () => {
  it('has so many places; a retry keeps its own', () => {
    const inbox = inboxHarness();
    for (const n of [1, 2, 3, 2]) expect(register(inbox, n)).toMatchObject(LET);
    expect(refuse(inbox, 4)).toMatchObject({ ...full(), detail: '3 are open' });
    expect(refuse(inbox, 1)).toBeUndefined();
  });

  it('gets a place back when a question ends', () => {
    const inbox = inboxHarness();
    for (const n of [1, 2, 3]) register(inbox, n);
    expect(refuse(inbox, 4)).toMatchObject(full());
    end(inbox, 2);
    expect(refuse(inbox, 4)).toBeUndefined();
    expect(register(inbox, 4)).toMatchObject(LET);
    expect(refuse(inbox, 5)).toMatchObject(full());
  });

  it.each(['answered', 'expired', 'cancelled'] as const)(
    'gets a place back when a question is %s, and none while it sleeps or is matched',
    (state) => {
      const inbox = inboxHarness();
      register(inbox, 1);
      for (const [i, open] of (['dormant', 'matched'] as const).entries()) {
        inbox.deliver([questionItem(2 + i, open)], qid(1));
        expect(refuse(inbox, 3, 1), open).toMatchObject(full(1));
      }
      inbox.deliver([questionItem(4, state)], qid(1));
      expect(refuse(inbox, 3, 1)).toBeUndefined();
    },
  );

  it('may have none open where none is allowed, and nothing is said of others’ questions', () => {
    const inbox = inboxHarness();
    inbox.deliver([item(1)], qid(9));
    expect(refuse(inbox, 1, 1)).toBeUndefined();
    expect(refuse(inbox, 1, 0)).toMatchObject(full(0));
  });

  it('with a full inbox asks nothing before acknowledging, and what is known is answered as before', () => {
    const inbox = inboxHarness();
    register(inbox, 1);
    inbox.deliver(
      Array.from({ length: INBOX_MAX }, (_, i) => item(i + 1)),
      qid(9),
    );
    expect(refuse(inbox, 2)).toMatchObject({
      code: 'inbox_full',
      detail: '256 events wait to be acknowledged',
      more: { limit: 'inbox', most: INBOX_MAX },
    });
    expect(refuse(inbox, 1)).toBeUndefined();
    expect(register(inbox, 2)).toMatchObject({ upTo: 1, refused: 'inbox_full' });
    inbox.ack(1);
    expect(refuse(inbox, 3)).toBeUndefined();
    expect(register(inbox, 3)).toMatchObject(LET);
  });
});

describe('OPEN1 a question for which there was no room', () => {
  it('is taken all the same, and is told so at each delivery, over a restart too', () => {
    const inbox = inboxHarness();
    register(inbox, 1, 1);
    expect(register(inbox, 2, 1)).toMatchObject({ ...REFUSED, stored: 1 });
    expect(register(inbox, 2, 1), 'sent again').toMatchObject({ ...REFUSED, stored: 0 });
    inbox.restart();
    expect(inbox.deliver([questionItem(2, 'dormant'), item(3)], qid(2))).toMatchObject({ ...REFUSED, upTo: 3 });
    expect(inbox.deliver([questionItem(4, 'cancelled')], qid(2))).toMatchObject({ ...REFUSED, upTo: 4 });
    expect(inbox.seqs(), 'its events are events').toEqual([1]);
  });

  it('is refused once and for all: it gets no place that is free later', () => {
    const inbox = inboxHarness();
    register(inbox, 1, 1);
    register(inbox, 2, 1);
    end(inbox, 1);
    expect(register(inbox, 2, 1)).toMatchObject(REFUSED);
    expect(inbox.inbox().known.get(qid(2))?.question).toMatchObject({ refused: 'too_many_questions' });
  });

  it('does not count, before its end and after', () => {
    const inbox = inboxHarness();
    register(inbox, 1, 2);
    register(inbox, 2, 1);
    expect(refuse(inbox, 3, 2)).toBeUndefined();
    end(inbox, 2);
    expect(register(inbox, 3, 2)).toMatchObject(LET);
    expect(refuse(inbox, 4, 2)).toMatchObject(full(2));
  });

  it('is judged by the bound of where it was asked, and not where none is said', () => {
    const inbox = inboxHarness();
    for (const n of [1, 2]) register(inbox, n, 20);
    expect(register(inbox, 3, 2)).toMatchObject(REFUSED);
    expect(register(inbox, 4, 3)).toMatchObject(LET);
    // A cell of before.
    expect(inbox.deliver([questionItem(1, 'open')], qid(5))).toMatchObject(LET);
    expect(refuse(inbox, 6, 4)).toMatchObject(full(4));
  });

  it('that is one too many of its key is told of the first one too', () => {
    const inbox = inboxHarness();
    register(inbox, 1, 1, 'k');
    expect(register(inbox, 2, 1, 'k')).toMatchObject({ ...REFUSED, duplicateOf: qid(1) });
  });
});
