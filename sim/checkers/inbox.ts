// KEEP2: what questions owe their users reaches the inbox exactly once, in order for each question, numbered without gaps,
// and stays until it is acknowledged; clients never see two events under one number. OWN3: of a record there is one history, wherever it
// lies: no place writes one that is behind what another wrote before.
import type { Question } from '../../src/cell/tables/questions.ts';
import { hasEnded } from '../../src/cell/tables/questions.ts';
import type { QuestionId, UserId } from '../../src/protocol/ids.ts';
import type { EventBody, UserEvent } from '../../src/protocol/views.ts';
import { type RecordWrite, recordWrites } from '../record-writes.ts';
import type { MakeChecker } from './checker.ts';

/** All that was ever in a user's record. */
type History = {
  lastSeq: number;
  place: string;
  readonly events: Map<number, string>;
  /** Those that were there last. */
  readonly present: Set<number>;
  readonly known: Map<QuestionId, { readonly incarnation: number; readonly n: number }>;
};

export const inboxChecker: MakeChecker = ({ ledger, report }) => {
  /** Events owed, by user and question, by their number in the stream: those that were on a disk before they were taken. */
  const owed = new Map<string, Map<number, string>>();
  const stored = new Map<string, string[]>();
  const histories = new Map<UserId, History>();
  const questions = new Map<QuestionId, Question>();
  const writesOf = recordWrites();
  const looked = new WeakSet<UserEvent>();
  const streamOf = (user: UserId, question: QuestionId): string => `${user} ${question}`;
  const isLost = (user: UserId, question?: string): boolean =>
    ledger.lost.users.has(user) || (question !== undefined && ledger.lost.questions.has(question));

  const noteOwed = (question: Question): void => {
    for (const [user, stream] of question.streams) {
      const name = streamOf(user, question.id);
      const known = owed.get(name) ?? new Map<number, string>();
      owed.set(name, known);
      for (const item of stream.items) {
        if (item.event === undefined) continue;
        const text = textOf(item.event);
        const before = known.get(item.n);
        if (before !== undefined && before !== text && !isLost(user, question.id))
          report('KEEP2', `item ${item.n} of ${name} was ${before} and is now ${text}`);
        known.set(item.n, text);
      }
    }
  };
  const follow = ({ user, inbox, place }: RecordWrite): void => {
    const history: History = histories.get(user) ?? {
      lastSeq: 0,
      place,
      events: new Map(),
      present: new Set(),
      known: new Map(),
    };
    histories.set(user, history);
    const isForgiven = isLost(user);
    const say = (rule: string, what: string): void => {
      if (!isForgiven) report(rule, what);
    };
    if (inbox.lastSeq < history.lastSeq)
      say(
        'OWN3',
        `${user}'s record in ${place} ends at ${inbox.lastSeq}, and ended at ${history.lastSeq} in ${history.place}`,
      );
    for (const [id, before] of history.known) {
      const now = inbox.known.get(id);
      if (now !== undefined && now.incarnation === before.incarnation && now.n < before.n)
        say('OWN3', `${user}'s record in ${place} knows ${now.n} of ${id}, and knew ${before.n} in ${history.place}`);
    }
    for (const seq of history.present) {
      if (inbox.events.has(seq)) continue;
      history.present.delete(seq);
      if (seq > (ledger.acked.get(user) ?? 0))
        say('KEEP2', `event ${seq} of ${user} is not in the inbox and was not acknowledged`);
    }
    for (let seq = history.lastSeq + 1; seq <= inbox.lastSeq; seq++)
      if (!inbox.events.has(seq) && seq > (ledger.acked.get(user) ?? 0))
        say('KEEP2', `event ${seq} of ${user} was never in the inbox`);
    for (const [seq, event] of inbox.events) {
      if (looked.has(event)) continue;
      looked.add(event);
      history.present.add(seq);
      const before = history.events.get(seq);
      const text = textOf(event);
      if (before !== undefined && before !== text)
        say('OWN3', `event ${seq} of ${user} was ${before} and is ${text} in ${place}`);
      if (before !== undefined) continue;
      history.events.set(seq, text);
      const name = streamOf(user, questionIn(event));
      const list = stored.get(name) ?? [];
      stored.set(name, list);
      list.push(text);
    }
    history.lastSeq = inbox.lastSeq;
    history.place = place;
    for (const [id, { incarnation, n }] of inbox.known) history.known.set(id, { incarnation, n });
  };
  /** By what became of the question: whom must have been told what. */
  const judge = (question: Question): void => {
    const count = (user: UserId, type: string, offer: string | undefined): number =>
      (stored.get(streamOf(user, question.id)) ?? []).filter((text) =>
        text.startsWith(offer === undefined ? `${type} ` : `${type} ${offer} `),
      ).length;
    const once = (user: UserId, type: string, offer?: string): void => {
      const of = offer === undefined ? undefined : user === question.asker ? `${question.id} ${offer}` : offer;
      const times = count(user, type, of);
      if (times !== 1 && !isLost(user, question.id))
        report('KEEP2', `${user} was told ${times} times of ${type} ${of ?? question.id}`);
    };
    for (const { id, user, state } of question.offers) {
      if (state === 'reserving' || state === 'void') continue;
      once(user, 'offer.made', id);
      if (state === 'expired' || state === 'withdrawn') once(user, `offer.${state}`, id);
      if (state === 'accepted' || state === 'answered') once(question.asker, 'question.matched', id);
      if (state === 'answered' && count(question.asker, 'question.answered', `${question.id} ${id}`) !== 1)
        if (!isLost(question.asker, question.id))
          report('KEEP2', `${question.asker} was not told once of the answer ${id}`);
    }
    if (hasEnded(question.phase) && question.phase.t !== 'answered')
      once(question.asker, `question.${question.phase.t}`);
    for (const [user, stream] of question.streams) {
      const known = histories.get(user)?.known.get(question.id);
      if ((known?.n ?? 0) !== stream.next - 1 && !isLost(user, question.id))
        report('KEEP2', `${user} knows ${known?.n ?? 0} of the ${stream.next - 1} news of ${question.id}`);
    }
  };
  return {
    committed: (node, { rows }) => {
      if (node.state === undefined) return;
      if (node.kind === 'cell')
        for (const { table, key } of rows) {
          const question = table === 'questions' ? node.state.questions.get(key as QuestionId) : undefined;
          if (question === undefined) continue;
          questions.set(question.id, question);
          noteOwed(question);
        }
      for (const write of writesOf(node, rows)) follow(write);
    },
    ended: () => {
      for (const [name, items] of owed) {
        const [user, question] = name.split(' ') as [UserId, string];
        if (isLost(user, question)) continue;
        const expected = [...items].sort(([a], [b]) => a - b).map(([, text]) => text);
        const got = stored.get(name) ?? [];
        if (!isPartOf(expected, got))
          report('KEEP2', `${name} is owed ${expected.join('; ')} and got ${got.join('; ')}`);
      }
      for (const question of questions.values()) judge(question);
      for (const { user, events: seen } of ledger.seen.values()) {
        if (isLost(user)) continue;
        for (const [seq, event] of seen) {
          const truth = histories.get(user)?.events.get(seq);
          if (truth !== textOf(event))
            report('KEEP2', `${user} saw ${textOf(event)} as ${seq}, the inbox has ${truth ?? 'nothing'}`);
        }
      }
    },
  };
};

/** In its order, with others between. */
function isPartOf(part: readonly string[], all: readonly string[]): boolean {
  let found = 0;
  for (const one of all) if (one === part[found]) found++;
  return found === part.length;
}

function textOf({ type, at, data }: EventBody): string {
  const of = 'question' in data ? `${data.question.id} ${data.offerId ?? ''}` : data.id;
  return `${type} ${of} ${at}`;
}

function questionIn({ data }: EventBody): QuestionId {
  return 'question' in data ? data.question.id : data.questionId;
}
