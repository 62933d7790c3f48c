// Questions of this cell's home keys: asked, read, moved, cancelled, dropped a day after their end.

import type { Point } from '../../geo/point.ts';
import { plusMs } from '../../lib/brand.ts';
import type { NewQuestion } from '../../messages/records.ts';
import { adjusted, saying } from '../../protocol/adjusted.ts';
import type { UserId } from '../../protocol/ids.ts';
import { type Problem, problem } from '../../protocol/problems.ts';
import { refuseOneMore } from '../../record/admission.ts';
import { record } from '../journal.ts';
import type { CellState } from '../state.ts';
import type { Question } from '../tables/questions.ts';
import { hasEnded } from '../tables/questions.ts';
import { custodyOf } from '../users/custody.ts';
import type { Step } from '../workspace.ts';
import { isShort } from './lifecycle.ts';
import { policyOf } from './need.ts';
import { end, topicOf } from './offers.ts';
import { startSearch } from './searches.ts';
import { registerWithAsker } from './streams.ts';

/** Stores the question and tries it at once. The same id with the same body is the same question. */
export function ask(step: Step, sent: NewQuestion): Question | Problem {
  const { state, now } = step;
  const known = state.questions.get(sent.id);
  if (known !== undefined) {
    // Nobody makes the id of somebody else's key.
    if (known.asker !== sent.asker) return problem('unknown_question');
    return known.bodyHash === sent.bodyHash ? known : problem('key_reused');
  }
  const policy = policyOf(state);
  // OPEN1: known at once where the asker's record lies here; otherwise its custodian says so when it hears of the question.
  const asker = custodyOf(state, sent.asker);
  const refused = asker && refuseOneMore(asker.inbox, sent.id, policy.question.openMax);
  if (refused !== undefined) return refused;
  const ttlMs = Math.min(sent.expiresInMs ?? policy.question.ttlDefaultMs, policy.question.ttlMaxMs);
  const question: Question = {
    id: sent.id,
    asker: sent.asker,
    key: sent.key,
    bodyHash: sent.bodyHash,
    point: sent.point,
    text: sent.text,
    topic: sent.topic,
    languages: sent.languages,
    askedRadiusM: sent.radiusM ?? policy.radiusDefaultM,
    answersWanted: sent.answersWanted,
    ...saying([...(sent.adjusted ?? []), ...adjusted('expiresInS', secondsOf(sent.expiresInMs), ttlMs / 1000)]),
    incarnation: now,
    createdAt: now,
    expiresAt: plusMs(now, ttlMs),
    phase: { t: 'open', retryAt: undefined },
    stage: 0,
    nextAttempt: 1,
    offers: [],
    streams: new Map(),
  };
  state.questions.set(question.id, question);
  record(step, { t: 'question.asked', q: question.id, ...topicOf(question) });
  registerWithAsker(step, question);
  startSearch(step, question);
  return question;
}

const secondsOf = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

/** The same ask, by the id under which its question is known here: the secret that makes ids of keys may have changed since. */
export function underKnownId(state: CellState, sent: NewQuestion): NewQuestion {
  if (state.questions.has(sent.id)) return sent;
  const known = sent.formerIds?.find((id) => state.questions.get(id)?.asker === sent.asker);
  return known === undefined ? sent : { ...sent, id: known };
}

/**
 * The question, if `user` may see it; `null` is a service or ops, who may see all. Somebody else's is as if there were none: an
 * id tells nobody where a question was asked, nor that it was.
 */
export function ownQuestion(step: Step, id: Question['id'], user: UserId | null): Question | Problem {
  const question = step.state.questions.get(id);
  if (question === undefined && step.state.lost.has(id)) return problem('question_lost');
  return question === undefined || (user !== null && question.asker !== user) ? problem('unknown_question') : question;
}

/** Its point moves, its owner does not: it is matched where it now is. */
export function move(step: Step, question: Question, point: Point): Problem | undefined {
  if (hasEnded(question.phase)) return problem('question_ended');
  if (question.point.lat === point.lat && question.point.lng === point.lng) return undefined;
  question.point = point;
  question.moves = (question.moves ?? 0) + 1;
  step.questions.add(question.id);
  record(step, { t: 'question.moved', q: question.id, stage: question.stage });
  // Answers to scouts of the old place are not for this one.
  step.state.searches.delete(question.id);
  if (isShort(question)) startSearch(step, question);
  return undefined;
}

export function cancel(step: Step, question: Question): Problem | undefined {
  if (question.phase.t === 'cancelled') return undefined;
  if (hasEnded(question.phase)) return problem('question_ended', `it is ${question.phase.t}`);
  end(step, question, 'cancelled');
  return undefined;
}
