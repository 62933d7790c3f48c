// ONCE1: one key of one user is one question: once their record knows of two, all but one are soon cancelled, unless they
// have ended by themselves meanwhile.
import { hasEnded } from '../../src/cell/tables/questions.ts';
import type { QuestionId, UserId } from '../../src/protocol/ids.ts';
import { usersOn } from '../loss.ts';
import { recordWrites } from '../record-writes.ts';
import type { MakeChecker } from './checker.ts';

/** The word that it is a duplicate may be lost for a while. */
const SOON_MS = 100_000;

export const onceChecker: MakeChecker = ({ world, ledger, report }) => {
  const writesOf = recordWrites();
  const knownAt = new Map<QuestionId, number>();
  const byKey = new Map<string, Set<QuestionId>>();
  const ends = new Map<QuestionId, { readonly state: string; readonly at: number }>();
  const register = (user: UserId, key: string, id: QuestionId): void => {
    if (!knownAt.has(id)) knownAt.set(id, world.now);
    const name = `${user} ${key}`;
    byKey.set(name, (byKey.get(name) ?? new Set()).add(id));
  };
  return {
    // Of a record that is lost an older copy is used again, which may not know them.
    lost: (node) => {
      for (const user of usersOn(node))
        for (const name of [...byKey.keys()]) if (name.startsWith(`${user} `)) byKey.delete(name);
    },
    committed: (node, { rows }) => {
      if (node.state === undefined) return;
      for (const { user, inbox } of writesOf(node, rows))
        for (const [id, { question }] of inbox.known) if (question?.key !== undefined) register(user, question.key, id);
      for (const { table, key } of rows) {
        const id = key as QuestionId;
        if (node.kind === 'cell' && table === 'questions') {
          const phase = node.state.questions.get(id)?.phase;
          if (phase !== undefined && hasEnded(phase) && !ends.has(id)) ends.set(id, { state: phase.t, at: world.now });
        }
      }
    },
    ended: () => {
      for (const [name, ids] of byKey) {
        if (ids.size < 2) continue;
        const known = (id: QuestionId): number => knownAt.get(id) ?? 0;
        const [first, ...later] = [...ids].sort((one, other) => known(one) - known(other));
        // Each later one is judged from when the record knew of it: it may have ended by itself before it was told.
        const lasting = later.filter((id) => {
          if (ledger.lost.questions.has(id)) return false;
          const end = ends.get(id);
          return end === undefined || (end.state !== 'cancelled' && end.at - known(id) > SOON_MS);
        });
        if (lasting.length > 0) report('ONCE1', `${name} is ${[first, ...lasting].join(' and ')}`);
      }
    },
  };
};
