// What a question needs right now, as the people and cells around it see it.
import { looksNoFarther, radiusAt, widenings } from '../../matching/stages.ts';
import type { Need } from '../../messages/need.ts';
import type { OfferCopy } from '../../messages/records.ts';
import type { UserId } from '../../protocol/ids.ts';
import type { Policy } from '../../protocol/policy.ts';
import type { CellState } from '../state.ts';
import { wasMade } from '../tables/offers.ts';
import type { Question } from '../tables/questions.ts';
import { madeCount } from './lifecycle.ts';

/** @throws Error in a cell that was never initialised: the step answers `uninitialised` before anything else. */
export function policyOf(state: CellState): Policy {
  return state.mapRow.policy;
}

export function radiusOf(state: CellState, question: Question): number {
  return radiusAt(policyOf(state), question.askedRadiusM, question.stage);
}

/** Whether a try of the question, as it is, looks no farther than the last one. */
export function isRepeat(state: CellState, { askedRadiusM, stage }: Question): boolean {
  return looksNoFarther(policyOf(state), askedRadiusM, stage);
}

/** @param voided users who just refused, left out for this try only. */
export function needOf(state: CellState, question: Question, voided: readonly UserId[] = []): Need {
  const excluded = [...voided];
  for (const offer of question.offers) {
    if (offer.state !== 'void' && !excluded.includes(offer.user)) excluded.push(offer.user);
  }
  return {
    questionId: question.id,
    // Stages that do not widen the circle change nothing, and a crash may forget them.
    version:
      (question.moves ?? 0) + widenings(policyOf(state), question.askedRadiusM, question.stage) + madeCount(question),
    asker: question.asker,
    point: question.point,
    radiusM: radiusOf(state, question),
    ...(question.topic === undefined ? {} : { topic: question.topic }),
    languages: question.languages,
    excluded,
  };
}

/**
 * What other cells are told, and their beacons keep: whoever an attempt is under way to is not excluded, as it may come to nothing
 * and leave them suitable.
 */
export function needElsewhere(state: CellState, question: Question): Need {
  const need = needOf(state, question);
  const excluded = question.offers.filter(wasMade).map(({ user }) => user);
  return { ...need, excluded: [...new Set(excluded)] };
}

export function copyOf(question: Question): OfferCopy {
  return {
    questionId: question.id,
    text: question.text,
    point: question.point,
    ...(question.topic === undefined ? {} : { topic: question.topic }),
  };
}
