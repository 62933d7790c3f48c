// RULE1: whoever gets a hold satisfied the filters in that very step, judged here from the stored rows alone.

import type { Question } from '../../src/cell/tables/questions.ts';
import { distanceM } from '../../src/geo/distance.ts';
import { namesTopic } from '../../src/matching/topics.ts';
import { type OfferId, type QuestionId, questionOf, type UserId } from '../../src/protocol/ids.ts';
import type { MakeChecker } from './checker.ts';

export const filterChecker: MakeChecker = ({ world, report }) => {
  const known = new Map<QuestionId, Question>();
  const resident = new Set<string>();
  const farthestM = world.map.policy.radiusStepsM[world.map.policy.radiusStepsM.length - 1] ?? 0;
  return {
    committed: (node, { rows }, event) => {
      if (node.kind !== 'cell' || node.state === undefined) return;
      for (const { table, key } of rows) {
        const question = table === 'questions' ? node.state.questions.get(key as QuestionId) : undefined;
        if (question !== undefined) known.set(question.id, question);
      }
      for (const { table, key } of rows) {
        const user = table === 'users' ? node.state.users.get(key as UserId) : undefined;
        if (user === undefined) continue;
        for (const hold of user.holds.values()) {
          const name = `${user.user} ${hold.offerId}`;
          if (resident.has(name)) continue;
          resident.add(name);
          // Holds that came with a record were judged where they were made.
          if (
            event.t === 'reply' &&
            hold.state !== 'reserved' &&
            user.holds.size > 0 &&
            !known.has(questionOf(hold.offerId as OfferId))
          )
            continue;
          const question = known.get(hold.questionId);
          if (question === undefined) continue;
          const why = refusal(question, user.user, user.profile, distanceM(hold.point, user.point), farthestM);
          const restMs = user.coolUntil - node.state.clock;
          if (hold.state === 'reserved' && restMs > 0)
            report('RULE1', `${user.user} holds ${hold.offerId} although they rest for ${restMs} ms more`);
          if (hold.state === 'reserved' && why !== undefined)
            report('RULE1', `${user.user} holds ${hold.offerId} although ${why}`);
        }
      }
    },
  };
};

function refusal(
  question: Question,
  user: UserId,
  profile: { readonly topics: readonly string[]; readonly languages: readonly string[] },
  metres: number,
  farthestM: number,
): string | undefined {
  if (question.asker === user) return 'they asked it';
  if (question.topic !== undefined && profile.topics.length > 0 && !namesTopic(profile.topics, question.topic))
    return `they do not know of ${question.topic}`;
  if (
    question.languages.length > 0 &&
    profile.languages.length > 0 &&
    !question.languages.some((one) => profile.languages.includes(one))
  )
    return 'they speak another language';
  if (metres > farthestM) return `they are ${Math.round(metres)} m away`;
  return undefined;
}
