// ONE1: never more accepted offers than answers wanted. ONE2: no offer beyond a user's capacity, nor two live ones for one question.
// VOID1: a void attempt stays void.
import type { OfferId, QuestionId, UserId } from '../../protocol/ids.ts';
import type { MakeChecker } from './checker.ts';

export const oneChecker = (capacityOf: (user: UserId) => number): MakeChecker => ({ report }) => {
  const live = new Map<UserId, Map<OfferId, QuestionId>>();
  const voids = new Set<OfferId>();
  return {
    committed: (node, { rows }) => {
      if (node.kind !== 'cell' || node.state === undefined) return;
      for (const { table, key } of rows) {
        const question = table === 'questions' ? node.state.questions.get(key as QuestionId) : undefined;
        if (question === undefined) continue;
        const won = question.offers.filter(({ state, answer }) => state === 'accepted' || state === 'answered' || answer !== undefined).length;
        if (won > question.answersWanted) report('ONE1', `${question.id} wants ${question.answersWanted} and has ${won} accepted`);
        for (const offer of question.offers) {
          const mine = live.get(offer.user) ?? new Map<OfferId, QuestionId>();
          live.set(offer.user, mine);
          if (offer.state === 'void') voids.add(offer.id);
          else if (voids.has(offer.id)) report('VOID1', `${offer.id} was void and is ${offer.state}`);
          if (offer.state !== 'pending' && offer.state !== 'accepted') {
            mine.delete(offer.id);
            continue;
          }
          if (mine.has(offer.id)) continue;
          if ([...mine.values()].includes(question.id)) report('ONE2', `${offer.user} has two live offers of ${question.id}`);
          mine.set(offer.id, question.id);
          if (mine.size > capacityOf(offer.user)) report('ONE2', `${offer.user} can take ${capacityOf(offer.user)} and has ${[...mine.keys()].join(', ')}`);
        }
      }
    },
  };
};
