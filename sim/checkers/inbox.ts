// KEEP2: what questions owe their users reaches the inbox exactly once, in order for each question, numbered without gaps,
// and stays until it is acknowledged; clients never see two events under one number.
import type { QuestionId, UserId } from '../../src/protocol/ids.ts';
import type { EventBody, UserEvent } from '../../src/protocol/views.ts';
import type { MakeChecker } from './checker.ts';

export const inboxChecker: MakeChecker = ({ ledger, report }) => {
  /** Events owed, by user and question, by their number in the stream. */
  const owed = new Map<string, Map<number, string>>();
  const stored = new Map<string, string[]>();
  const lastSeq = new Map<UserId, number>();
  const events = new Map<UserId, Map<number, string>>();
  const streamOf = (user: UserId, question: QuestionId): string => `${user} ${question}`;
  return {
    committed: (node, { rows }) => {
      if (node.state === undefined) return;
      if (node.kind === 'cell') {
        for (const { table, key } of rows) {
          const question = table === 'questions' ? node.state.questions.get(key as QuestionId) : undefined;
          if (question === undefined) continue;
          for (const [user, stream] of question.streams) {
            const name = streamOf(user, question.id);
            const known = owed.get(name) ?? new Map<number, string>();
            owed.set(name, known);
            for (const item of stream.items) {
              if (item.event === undefined) continue;
              const text = textOf(item.event);
              const before = known.get(item.n);
              if (before !== undefined && before !== text && !ledger.lost.questions.has(question.id))
                report('KEEP2', `item ${item.n} of ${name} was ${before} and is now ${text}`);
              known.set(item.n, text);
            }
          }
        }
        return;
      }
      const user = node.id;
      for (const { table, key, value } of rows) {
        if (table !== 'inbox') continue;
        const seq = Number(key);
        if (value === null) {
          if (seq > (ledger.acked.get(user) ?? 0))
            report('KEEP2', `event ${seq} of ${user} left the inbox before it was acknowledged`);
          continue;
        }
        const event = JSON.parse(value) as UserEvent;
        if (seq !== (lastSeq.get(user) ?? 0) + 1)
          report('KEEP2', `event ${seq} of ${user} follows ${lastSeq.get(user) ?? 0}`);
        lastSeq.set(user, seq);
        const mine = events.get(user) ?? new Map<number, string>();
        events.set(user, mine);
        mine.set(seq, textOf(event));
        const name = streamOf(user, questionIn(event));
        const list = stored.get(name) ?? [];
        stored.set(name, list);
        list.push(textOf(event));
      }
    },
    ended: () => {
      for (const [name, items] of owed) {
        if (ledger.lost.questions.has(name.split(' ')[1] ?? '')) continue;
        const expected = [...items].sort(([a], [b]) => a - b).map(([, text]) => text);
        const got = stored.get(name) ?? [];
        if (expected.join('\n') !== got.join('\n'))
          report('KEEP2', `${name} is owed ${expected.join('; ')} and got ${got.join('; ')}`);
      }
      for (const { user, events: seen } of ledger.seen.values()) {
        for (const [seq, event] of seen) {
          const truth = events.get(user)?.get(seq);
          if (truth !== textOf(event))
            report('KEEP2', `${user} saw ${textOf(event)} as ${seq}, the inbox has ${truth ?? 'nothing'}`);
        }
      }
    },
  };
};

function textOf({ type, at, data }: EventBody): string {
  const of = 'question' in data ? `${data.question.id} ${data.offerId ?? ''}` : data.id;
  return `${type} ${of} ${at}`;
}

function questionIn({ data }: EventBody): QuestionId {
  return 'question' in data ? data.question.id : data.questionId;
}
