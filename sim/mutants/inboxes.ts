// Faults in what is done with a record, wherever it lies: what is taken, kept, acknowledged and judged.
import { type Mutant, one, several } from './mutant.ts';

export const INBOX_MUTANTS: readonly Mutant[] = [
  // acknowledgements
  one(
    'attachment-acknowledges-all',
    'the attachment of a socket says that all is acknowledged, also what was never delivered',
    'src/cell/users/sockets.ts',
    '{ acked: acknowledgedUpTo(inbox) }',
    '{ acked: inbox.lastSeq }',
  ),
  one(
    'soft-ack-not-attached',
    'an acknowledgement over a socket is kept in memory alone',
    'src/cell/users/sockets.ts',
    '...(inbox && inbox.lastSeq > 0 && { acked: acknowledgedUpTo(inbox) }),',
    '',
  ),
  one(
    'soft-ack-ignored-at-boot',
    'what a socket carries of acknowledgements is not looked at after a construction: all that was read is there again',
    'src/cell/boot.ts',
    'if (soft.acked !== undefined && resident.inbox !== undefined) acknowledge(resident.inbox, soft.acked);',
    '',
  ),
  one(
    'soft-ack-of-many',
    'an acknowledgement over a socket costs no row, however full the inbox is',
    'src/cell/users/custody.ts',
    'soft && before <= INBOX_MAX / 2 &&',
    'soft &&',
  ),
  one(
    'ack-unwritten',
    'an acknowledgement over HTTP is answered and not written',
    'src/cell/users/custody.ts',
    '  else step.users.add(resident.user);\n  if (wasFull',
    '  if (wasFull',
  ),
  // news
  one(
    'bound-of-bytes-ignored',
    'an inbox takes news however many bytes it has: its row is refused in the end, and with it all that its cell does',
    'src/record/inbox.ts',
    'inbox.bytes > INBOX_BYTES_FULL',
    'inbox.bytes < 0',
  ),
  one(
    'texts-beyond-bound',
    'events keep their texts however many bytes wait',
    'src/record/inbox.ts',
    'inbox.bytes + bytes <= INBOX_BYTES_MAX',
    'inbox.bytes >= 0',
  ),
  one(
    'event-lost-at-bound',
    'of an inbox that is full, what comes next is taken and lost',
    'src/record/inbox.ts',
    'if (item.event !== undefined) {',
    'if (item.event !== undefined && inbox.events.size < 256) {',
  ),
  several(
    'sent-both-ways',
    'news of somebody who is held in the question’s own cell is sent to their UserObject as well',
    [
      {
        file: 'src/cell/questions/delivery.ts',
        find: '    if (here !== undefined) takeHere(step, question, stream, here);\n    else if (stream.call',
        replace:
          '    if (here !== undefined) {\n      stream.at = undefined;\n      send(step, question, user, stream);\n      takeHere(step, question, stream, here);\n    } else if (stream.call',
      },
    ],
  ),
  one(
    'own-news-owed-again',
    "news that was taken in the question's own cell stays owed, under new numbers",
    'src/cell/questions/delivery.ts',
    '  stream.call = undefined;\n  heard(step, question, stream, taken);',
    '  stream.call = undefined;\n  const more = stream.items.length;\n  stream.items = stream.items.map((item) => ({ ...item, n: item.n + more }));\n  stream.next += more;\n  judged(step, question, taken);',
  ),
  one(
    'gap-inferred',
    'a delivery that begins behind a gap is taken, though nothing says that what is missing was acknowledged',
    'src/record/inbox.ts',
    'const { after = 0 } = news;',
    'const after = news.after ?? (news.items[0]?.n ?? 1) - 1;',
  ),
  one(
    'after-ignored',
    'what a question has had acknowledged is not looked at: who has lost it refuses what comes after it for ever',
    'src/record/inbox.ts',
    'known.n < after && news.items',
    'known.n < 0 && news.items',
  ),
  one(
    'gap-unmarked',
    'the first event after lost ones does not say that there were others',
    'src/record/inbox.ts',
    'known.gap === true ? { gap: true as const } : {};',
    '{};',
  ),
  one(
    'news-remembered-too-short',
    "how far a question's news has come is forgotten a minute after it was begun",
    'src/cell/questions/delivery.ts',
    'return Math.max(0, question.expiresAt - step.now) + 2 * KEPT_AFTER_END_MS;',
    'return question === undefined ? step.now + KEPT_AFTER_END_MS : 60_000;',
  ),
  // verdicts
  one(
    'refused-said-once',
    'that there is no room for a question is said once: when that answer is lost, the question goes on',
    'src/record/inbox.ts',
    'refused: known.question?.refused,',
    'refused: stored > 0 ? known.question?.refused : undefined,',
  ),
  one(
    'refused-unheard',
    'a question goes on although its asker’s custodian has said that there is no room for it',
    'src/cell/questions/delivery.ts',
    'else if (refused !== undefined) question.refused = refused;',
    'else if (refused !== undefined && question.expiresAt < 0) question.refused = refused;',
  ),
  one(
    'refused-counts-as-open',
    'a question for which there was no room counts as one that is open until it has ended',
    'src/record/admission.ts',
    ' && question.refused === undefined) open++;',
    ') open++;',
  ),
  one(
    'ask-unchecked-here',
    "whether there is room is not asked of the asker's record in the question's own cell: the question is stored, and ends at once",
    'src/cell/questions/own-questions.ts',
    'if (refused !== undefined) return refused;',
    '',
  ),
  one(
    'duplicate-said-once',
    'that a key has an earlier question is said once: when that answer is lost, both go on',
    'src/record/inbox.ts',
    'duplicateOf: first === news.questionId ? undefined : first,',
    'duplicateOf: first === news.questionId || stored === 0 ? undefined : first,',
  ),
];
