// Askers whose records lie elsewhere wait for what their custodian says of the question, as long as it answers at once: a refusal is then
// the answer to the ask. A question is stored before, whoever waits.
import type { CellReply } from '../../messages/calls.ts';
import { problem } from '../../protocol/problems.ts';
import { refusalOf } from '../../record/admission.ts';
import type { CellState } from '../state.ts';
import type { Token } from '../tables/claims.ts';
import type { Question } from '../tables/questions.ts';
import { custodyOf } from '../users/custody.ts';
import { viewQuestion } from '../view.ts';
import { reply, type Step } from '../workspace.ts';
import { policyOf } from './need.ts';

/** After the ask was carried out: answers, or waits. */
export function answerAsker(step: Step, question: Question, isNew: boolean, token: Token): void {
  const { askers } = step.state;
  const waiting = askers.get(question.id);
  if (waiting !== undefined) waiting.tokens.push(token);
  else if (isNew && custodyOf(step.state, question.asker) === undefined)
    askers.set(question.id, { tokens: [token], view: viewQuestion(step.state, question) });
  else reply(step, token, answerTo(step.state, question));
}

/** The custodian has spoken, or does not speak soon enough. */
export function settleAsker(step: Step, question: Question): void {
  const waiting = step.state.askers.get(question.id);
  if (waiting === undefined) return;
  step.state.askers.delete(question.id);
  // As it was asked, unless the custodian's word has ended it.
  const isJudged = question.refused !== undefined || question.duplicateOf !== undefined;
  const answer = isJudged ? answerTo(step.state, question) : ({ t: 'question', view: waiting.view } as const);
  for (const token of waiting.tokens) reply(step, token, answer);
}

/** All who wait: nothing is decided here any more. */
export function settleAskers(step: Step): void {
  for (const id of [...step.state.askers.keys()]) {
    const question = step.state.questions.get(id);
    if (question !== undefined) settleAsker(step, question);
  }
}

function answerTo(state: CellState, question: Question): CellReply<'ask'> {
  const { refused } = question;
  if (refused === undefined) return { t: 'question', view: viewQuestion(state, question) };
  return { ...problem(refused), more: refusalOf(refused, policyOf(state).question.openMax) };
}
