// ONCE1: one key of one user is one question: of those that both began, all but one are cancelled, or ended before it was known.
import type { QuestionId } from '../../protocol/ids.ts';
import type { MakeChecker } from './checker.ts';

export const onceChecker: MakeChecker = ({ world, report }) => ({
  ended: () => {
    const byKey = new Map<string, { readonly id: QuestionId; readonly state: string; readonly accepted: number }[]>();
    for (const node of world.cells.values()) {
      for (const row of node.store.load()) {
        if (row.table !== 'questions') continue;
        const question = JSON.parse(row.value) as {
          id: QuestionId;
          asker: string;
          key?: string;
          phase: { t: string };
          offers: { state: string; madeAt?: number }[];
        };
        if (question.key === undefined) continue;
        const name = `${question.asker} ${question.key}`;
        const list = byKey.get(name) ?? [];
        byKey.set(name, list);
        list.push({
          id: question.id,
          state: question.phase.t,
          accepted: question.offers.filter(({ madeAt }) => madeAt !== undefined).length,
        });
      }
    }
    for (const [name, list] of byKey) {
      const expired = list.filter(({ state, accepted }) => state === 'expired' && accepted === 0);
      if (expired.length > 1)
        report('ONCE1', `${name} is ${list.map(({ id, state }) => `${id} ${state}`).join(' and ')}`);
    }
  },
});
