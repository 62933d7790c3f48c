// KEEP1: an acknowledged question is on a disk until it has ended and been kept; ends are final. Acknowledged accepts,
// answers and cancels stay what they were (ONE1).
import type { QuestionId } from '../../src/protocol/ids.ts';
import { questionOf } from '../../src/protocol/ids.ts';
import type { QuestionState } from '../../src/protocol/views.ts';
import type { MakeChecker } from './checker.ts';

type Kept = {
  readonly phase: { readonly t: QuestionState };
  readonly offers: readonly { readonly id: string; readonly state: string }[];
};

const ENDED: readonly QuestionState[] = ['answered', 'expired', 'cancelled'];

export const keepChecker: MakeChecker = ({ world, ledger, report }) => {
  const ends = new Map<QuestionId, QuestionState>();
  const find = (id: QuestionId): Kept | undefined => {
    let frozen: Kept | undefined;
    for (const node of world.cells.values()) {
      const rows = [...node.store.load()];
      const found = rows.find((row) => row.table === 'questions' && row.key === id);
      if (found === undefined) continue;
      const kept = JSON.parse(found.value) as Kept;
      const life = rows.find((row) => row.table === 'meta' && row.key === 'life');
      const isFrozen = life !== undefined && (JSON.parse(life.value) as { phase: { t: string } }).phase.t === 'handing';
      if (!isFrozen) return kept;
      frozen = kept;
    }
    return frozen;
  };
  const check = (): void => {
    const isLost = (id: QuestionId): boolean => ledger.lost.questions.has(id);
    for (const id of ledger.asked.keys()) {
      if (!isLost(id) && find(id) === undefined) report('KEEP1', `acknowledged ${id} is on no disk`);
    }
    for (const [offer, user] of ledger.accepted) {
      if (isLost(questionOf(offer))) continue;
      const question = find(questionOf(offer));
      const state = question?.offers.find(({ id }) => id === offer)?.state;
      const ended = question !== undefined && ENDED.includes(question.phase.t);
      if (state !== 'accepted' && state !== 'answered' && !(state === 'expired' && ended)) {
        report('ONE1', `the accept of ${offer} by ${user} was acknowledged, and it is ${state ?? 'gone'}`);
      }
    }
    for (const [offer] of ledger.answered) {
      if (isLost(questionOf(offer))) continue;
      const state = find(questionOf(offer))?.offers.find(({ id }) => id === offer)?.state;
      if (state !== 'answered')
        report('KEEP1', `the answer to ${offer} was acknowledged, and it is ${state ?? 'gone'}`);
    }
    for (const id of ledger.cancelled) {
      if (!isLost(id) && find(id)?.phase.t !== 'cancelled')
        report('KEEP1', `the cancel of ${id} was acknowledged, and it is ${find(id)?.phase.t}`);
    }
  };
  return {
    lost: () => {
      for (const id of ledger.lost.questions) ends.delete(id as QuestionId);
    },
    committed: (node, { rows }) => {
      if (node.kind !== 'cell' || node.state === undefined) return;
      for (const { table, key } of rows) {
        if (table !== 'questions') continue;
        const id = key as QuestionId;
        const question = node.state.questions.get(id);
        const before = ends.get(id);
        if (question === undefined) continue;
        const { t } = question.phase;
        if (before !== undefined && before !== t) report('KEEP1', `${id} had ended as ${before} and is now ${t}`);
        if (!ENDED.includes(t)) continue;
        ends.set(id, t);
        const answers = question.offers.filter(({ state }) => state === 'answered').length;
        if (t === 'expired' && answers > 0) report('KEEP1', `${id} expired with ${answers} answers`);
        if (t === 'answered' && answers === 0) report('KEEP1', `${id} is answered without an answer`);
      }
    },
    ended: check,
  };
};
