// The questions of a cell: those that go on in memory, those that have ended and owe nobody anything on the disk alone. Whoever asks for
// one of these has it read, for the step in which it is asked for; the others cost their names.
import type { QuestionId } from '../../protocol/ids.ts';
import type { Question } from '../tables/questions.ts';
import { type Ended, hasEnded } from '../tables/questions.ts';
import { isPaid } from './lifecycle.ts';

/** The question as its row has it; `undefined` when there is no such row, or nobody can read it. */
type Read = (id: QuestionId) => Question | undefined;

export type Questions = {
  /** One that has ended is read. Changed, it must be marked as any other. */
  readonly get: (id: QuestionId) => Question | undefined;
  readonly has: (id: QuestionId) => boolean;
  readonly set: (id: QuestionId, question: Question) => void;
  readonly delete: (id: QuestionId) => boolean;
  readonly keys: () => Iterable<QuestionId>;
  /** All of them, to be looked at: what lies on the disk is read, one after the other, and stays there. */
  readonly values: () => Iterable<Question>;
  /** Those in memory: all that go on, and perhaps some that have ended. */
  readonly present: () => Iterable<Question>;
  readonly size: number;
  /** How many are in memory. */
  readonly presentCount: number;
  /** How many lie on the disk alone, by how they ended. */
  readonly shelved: () => ReadonlyMap<Ended['t'], number>;
  /** From now on what has ended and owes nothing leaves memory at the end of each step. */
  readonly readFrom: (read: Read) => void;
  /** At the end of a step: these may have ended, or have been paid, in it. */
  readonly settle: (touched: Iterable<QuestionId>) => void;
};

export function questions(): Questions {
  const inMemory = new Map<QuestionId, Question>();
  const onDisk = new Map<QuestionId, Ended['t']>();
  const counts = new Map<Ended['t'], number>();
  /** Read in this step. */
  const visiting = new Set<QuestionId>();
  let read: Read | undefined;

  const count = (how: Ended['t'], by: number): void => void counts.set(how, (counts.get(how) ?? 0) + by);
  const take = (id: QuestionId): boolean => {
    const how = onDisk.get(id);
    if (how === undefined) return false;
    count(how, -1);
    return onDisk.delete(id);
  };
  const shelve = (id: QuestionId): void => {
    const question = inMemory.get(id);
    if (read === undefined || question === undefined || !hasEnded(question.phase) || !isAtRest(question)) return;
    inMemory.delete(id);
    onDisk.set(id, question.phase.t);
    count(question.phase.t, 1);
  };
  const get = (id: QuestionId): Question | undefined => {
    const known = inMemory.get(id);
    if (known !== undefined || !onDisk.has(id)) return known;
    const question = read?.(id);
    take(id);
    if (question === undefined) return undefined;
    inMemory.set(id, question);
    visiting.add(id);
    return question;
  };
  return {
    get,
    has: (id) => inMemory.has(id) || onDisk.has(id),
    set: (id, question) => {
      take(id);
      inMemory.set(id, question);
    },
    delete: (id) => take(id) || inMemory.delete(id),
    keys: () => [...inMemory.keys(), ...onDisk.keys()],
    values: function* () {
      yield* [...inMemory.values()];
      for (const id of [...onDisk.keys()]) {
        const question = read?.(id);
        if (question !== undefined) yield question;
      }
    },
    present: () => inMemory.values(),
    get size() {
      return inMemory.size + onDisk.size;
    },
    shelved: () => counts,
    get presentCount() {
      return inMemory.size;
    },
    readFrom: (from) => {
      read = from;
      for (const id of [...inMemory.keys()]) shelve(id);
    },
    settle: (touched) => {
      for (const id of touched) shelve(id);
      for (const id of visiting) shelve(id);
      visiting.clear();
    },
  };
}

/** Nothing is owed to anybody, nor on its way to them. */
function isAtRest(question: Question): boolean {
  if (!isPaid(question)) return false;
  for (const { call } of question.streams.values()) if (call !== undefined) return false;
  return true;
}
