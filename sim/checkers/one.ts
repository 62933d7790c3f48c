// ONE1: never more accepted offers than answers wanted. ONE2: no offer beyond a user's capacity, nor two live ones for one
// question. VOID1: a void attempt stays void.
import type { Offer } from '../../src/cell/tables/offers.ts';
import type { Question } from '../../src/cell/tables/questions.ts';
import { type OfferId, type QuestionId, questionOf, type UserId } from '../../src/protocol/ids.ts';
import { usersOn } from '../loss.ts';
import type { MakeChecker } from './checker.ts';

/** Also by an answer that its state does not tell of. */
const WON: readonly Offer['state'][] = ['accepted', 'answered'];
/** A reserve that was answered before a loss is heard of by then. */
const UNDER_WAY_MS = 60_000;

export const oneChecker =
  (capacityOf: (user: UserId) => number): MakeChecker =>
  ({ world, ledger, report }) => {
    const live = new Map<UserId, Map<OfferId, QuestionId>>();
    const voids = new Set<OfferId>();
    /** Whose holds were lost: offers of before count in the question alone. */
    const lostAt = new Map<UserId, number>();
    const forgiven = new Set<OfferId>();
    const isLive = ({ state }: Offer): boolean => state === 'pending' || state === 'accepted';
    const liveOf = (user: UserId): Map<OfferId, QuestionId> => {
      const mine = live.get(user) ?? new Map<OfferId, QuestionId>();
      live.set(user, mine);
      return mine;
    };
    const judge = (question: Question): void => {
      const won = question.offers.filter((offer) => WON.includes(offer.state) || 'answer' in offer);
      if (won.length > question.answersWanted) {
        report('ONE1', `${question.id} wants ${question.answersWanted} and has ${won.length} accepted`);
      }
      for (const offer of question.offers) {
        if (offer.state === 'void') voids.add(offer.id);
        else if (voids.has(offer.id)) report('VOID1', `${offer.id} was void and is ${offer.state}`);
        if (!isLive(offer)) liveOf(offer.user).delete(offer.id);
      }
    };
    const begin = (question: Question, offer: Offer): void => {
      const mine = liveOf(offer.user);
      if (!isLive(offer) || mine.has(offer.id) || forgiven.has(offer.id)) return;
      if (world.now < (lostAt.get(offer.user) ?? Number.NEGATIVE_INFINITY) + UNDER_WAY_MS) {
        forgiven.add(offer.id);
        return;
      }
      if ([...mine.values()].includes(question.id))
        report('ONE2', `${offer.user} has two live offers of ${question.id}`);
      mine.set(offer.id, question.id);
      const most = capacityOf(offer.user);
      if (mine.size > most) report('ONE2', `${offer.user} can take ${most} and has ${[...mine.keys()].join(', ')}`);
    };
    return {
      // Attempts and holds that lay there alone are forgotten: nobody can know of them.
      lost: (node) => {
        const isLost = (id: OfferId): boolean => ledger.lost.questions.has(questionOf(id));
        for (const id of voids) if (isLost(id)) voids.delete(id);
        for (const mine of live.values()) for (const id of mine.keys()) if (isLost(id)) mine.delete(id);
        for (const user of usersOn(node)) {
          lostAt.set(user, world.now);
          for (const id of live.get(user)?.keys() ?? []) forgiven.add(id);
          live.delete(user);
        }
      },
      committed: (node, { rows }) => {
        if (node.kind !== 'cell' || node.state === undefined) return;
        const { questions } = node.state;
        const written = rows.flatMap(({ table, key }) =>
          table === 'questions' ? (questions.get(key as QuestionId) ?? []) : [],
        );
        // A slot that one question frees may go to another in the same step: ends come first.
        for (const question of written) judge(question);
        for (const question of written) for (const offer of question.offers) begin(question, offer);
      },
    };
  };
