// OPEN1: nobody has more questions open than they may for longer than it takes to say so, and nobody is refused who has fewer.
import { hasEnded } from '../../src/cell/tables/questions.ts';
import type { QuestionId, UserId } from '../../src/protocol/ids.ts';
import { INBOX_MAX } from '../../src/protocol/limits.ts';
import { ENDED_STATES } from '../../src/protocol/views.ts';
import { type RecordWrite, recordWrites } from '../record-writes.ts';
import type { MakeChecker } from './checker.ts';

/** The word that there is no room may be lost for a while. */
const SOON_MS = 100_000;

type Registered = {
  readonly id: QuestionId;
  readonly others: number;
  /** What ended in the same step may have ended after it. */
  readonly most: number;
  readonly isFull: boolean;
  readonly at: number;
};

type Answer = { readonly t?: string; readonly code?: string };

export const openChecker: MakeChecker = ({ world, ledger, report }) => {
  const { openMax } = world.map.policy.question;
  /** By the records: which of a user's questions have not ended, and how many events wait. */
  const open = new Map<UserId, Set<QuestionId>>();
  const waiting = new Map<UserId, number>();
  /** How many others were open when it was registered, and when that was. */
  const registered = new Map<string, Registered>();
  const ends = new Map<string, number>();
  const refused = new Set<string>();
  /** An id may come again. */
  const nameOf = (id: QuestionId, incarnation: number): string => `${id} ${incarnation}`;
  const writesOf = recordWrites();
  const follow = ({ user, inbox }: RecordWrite): void => {
    const before = open.get(user) ?? new Set<QuestionId>();
    const own = [...inbox.known].flatMap(([id, { question, incarnation }]) =>
      question === undefined ? [] : [{ id, name: nameOf(id, incarnation) }],
    );
    const counts = (id: QuestionId): boolean => {
      const { state, refused: why } = inbox.known.get(id)?.question ?? {};
      return state !== undefined && !ENDED_STATES.has(state) && why === undefined;
    };
    const others = new Set([...before].filter(counts));
    let most = before.size;
    for (const { id, name } of own) {
      if (registered.has(name)) continue;
      const isFull = (waiting.get(user) ?? 0) >= INBOX_MAX;
      registered.set(name, { id, others: others.size, most: most++, isFull, at: world.now });
      if (counts(id)) others.add(id);
    }
    open.set(user, new Set(own.map(({ id }) => id).filter(counts)));
    waiting.set(user, inbox.events.size);
  };
  return {
    committed: (node, { rows, replies }, event) => {
      if (node.state === undefined) return;
      if (node.kind === 'cell' && event.t === 'request' && 'envelope' in event && event.envelope.request.t === 'ask') {
        const { id, asker } = event.envelope.request.question;
        const { t, code } = (replies.find(({ token }) => token === event.token)?.value ?? {}) as Answer;
        const mine = open.get(asker)?.size ?? 0;
        const known = node.state.questions.get(id);
        // One that is known to be refused was judged when it was registered.
        if (code === 'too_many_questions' && known === undefined && mine < openMax && !ledger.lost.users.has(asker))
          report('OPEN1', `${asker} has ${mine} open of ${openMax}, and may not ask ${id}`);
        if (t === 'question' && known?.refused !== undefined)
          report('OPEN1', `${id} is acknowledged by the step that knows that it is refused: ${known.refused}`);
        if (code === 'too_many_questions' && known !== undefined && known.refused === undefined)
          report('OPEN1', `${id} is known to ${node.id} and refused: ${code}`);
      }
      for (const write of writesOf(node, rows)) follow(write);
      for (const { table, key } of rows) {
        const id = key as QuestionId;
        const question = node.kind === 'cell' && table === 'questions' ? node.state.questions.get(id) : undefined;
        if (question === undefined) continue;
        const name = nameOf(id, question.incarnation);
        if (question.refused !== undefined) refused.add(name);
        if (hasEnded(question.phase) && !ends.has(name)) ends.set(name, world.now);
      }
    },
    ended: () => {
      const isLost = (id: QuestionId): boolean => ledger.lost.questions.has(id);
      for (const [name, { id, others, most, isFull, at }] of registered) {
        const isOver = others >= openMax || isFull;
        if (refused.has(name) && most < openMax && !isFull)
          report('OPEN1', `${id} was refused beside ${most} open of ${openMax}`);
        const endedAt = ends.get(name) ?? Number.POSITIVE_INFINITY;
        if (isOver && !refused.has(name) && !isLost(id) && endedAt > at + SOON_MS)
          report('OPEN1', `${id} is open beside ${others} of ${openMax}`);
      }
    },
  };
};
